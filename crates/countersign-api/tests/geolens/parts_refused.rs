//! F-06: what is wrong in a list of parts is said where it is, and destroys nothing.

use serde_json::{Value, json};

use crate::{
    client::{Begun, Client, done, faults, named, refused},
    common::House,
    parts::small_job,
};

const MIB: usize = 1024 * 1024;

/// The length of a file of three parts, and of its parts.
const THREE: (usize, usize) = (10 * MIB + 1_000, 5 * MIB);

/// Text of so many bytes, and of parts that differ.
fn text() -> Vec<u8> {
    let lines = (0..).flat_map(|line: usize| format!("{line:015}\n").into_bytes());
    lines.take(THREE.0).collect()
}

/// A job of three parts that were put, their tags, and all bytes.
async fn brought(ann: &Client<'_>) -> (Begun, Vec<String>, Vec<u8>) {
    let bytes = text();
    let begun = small_job(ann, None, "a.csv", THREE).await;
    let mut etags = Vec::new();
    for (part, number) in bytes.chunks(THREE.1).zip(1..) {
        etags.push(begun.put_part(ann.house, number, part.to_vec()).await.unwrap());
    }
    (begun, etags, bytes)
}

/// Lists that are wrong as such: each with the place and the kind of the fault.
fn no_lists(etags: &[String]) -> Vec<(Value, String)> {
    let part = |number: Value, etag: &str| json!({ "part_number": number, "etag": etag });
    let second = |wrong: Value| json!([part(1.into(), &etags[0]), wrong]);
    let fault = |field: &str, kind: &str| format!("body.parts.1.{field} {kind}");
    let mut lists = Vec::new();
    for wrong in [json!({}), json!("1"), json!(1), json!(true), json!([1]), json!([[1, "x"]])] {
        lists.push((wrong, "body.parts list_type".to_owned()));
    }
    for (number, kind) in [
        (Value::Null, "missing"),
        (json!("2"), "int_parsing"),
        (json!(2.0), "int_parsing"),
        (json!(true), "int_parsing"),
        (json!(0), "greater_than_equal"),
        (json!(-1), "greater_than_equal"),
        (json!(10_001), "less_than_equal"),
        (json!(65_538), "less_than_equal"),
        (json!(u64::MAX), "less_than_equal"),
    ] {
        lists.push((second(part(number, &etags[1])), fault("part_number", kind)));
    }
    let number = |etag: Value| json!({ "part_number": 2, "etag": etag });
    for (etag, kind) in [
        (Value::Null, "missing"),
        (json!(1), "string_type"),
        (json!([]), "string_type"),
        (json!(""), "value_error"),
        (json!("\"\""), "value_error"),
        (json!(format!("\"{}", etags[1])), "value_error"),
        (json!(format!("W/\"{}\"", etags[1])), "value_error"),
        (json!("a b"), "value_error"),
        (json!("x".repeat(129)), "value_error"),
    ] {
        lists.push((second(number(etag)), fault("etag", kind)));
    }
    lists.push((second(json!({ "etag": etags[1] })), fault("part_number", "missing")));
    lists.push((second(json!({ "number": 2, "etag": etags[1] })), fault("part_number", "missing")));
    lists.push((second(json!({ "part_number": 2 })), fault("etag", "missing")));
    lists
}

const NOT_ALL: &str = "not every part is named";
const NOT_ONCE: &str = "each part is named once, and none that there is not";
const OTHER_ETAG: &str = "a part has another etag";

/// Lists that are none of these parts, and what is said of them.
fn wrong_lists(etags: &[String]) -> Vec<(Value, &'static str)> {
    let part = |number: u16, etag: &str| json!({ "part_number": number, "etag": etag });
    let [one, two, three] = [(1, 0), (2, 1), (3, 2)].map(|(number, at)| part(number, &etags[at]));
    let upper = etags[1].to_uppercase();
    assert_ne!(upper, etags[1]);
    vec![
        (json!([two, three]), NOT_ONCE),
        (json!([one, three]), NOT_ONCE),
        (json!([one, two]), NOT_ALL),
        (json!([one]), NOT_ALL),
        (json!([three]), NOT_ONCE),
        (json!([one, two, two, three]), NOT_ONCE),
        (json!([one, two, two]), NOT_ONCE),
        (json!([one, one, one]), NOT_ONCE),
        (json!([one, two, three, three]), NOT_ONCE),
        (json!([one, two, three, part(4, &etags[2])]), NOT_ONCE),
        (json!([one, two, part(10_000, &etags[2])]), NOT_ONCE),
        (json!([part(1, &etags[1]), two, three]), OTHER_ETAG),
        (json!([part(1, &etags[1]), part(2, &etags[0]), three]), OTHER_ETAG),
        (json!([one, part(2, &upper), three]), OTHER_ETAG),
        (json!([one, two, part(3, "x")]), OTHER_ETAG),
    ]
}

#[tokio::test]
async fn what_is_wrong_in_the_list_of_parts_destroys_nothing() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let (begun, etags, bytes) = brought(&ann).await;
    let before = ann.job(&begun).await;
    for (list, expected) in no_lists(&etags) {
        let said = list.to_string();
        assert_eq!(faults(&ann.complete_with(&begun, list).await), [expected], "{said}");
    }
    for (list, rule) in wrong_lists(&etags) {
        let said = list.to_string();
        let refusal = ann.complete_with(&begun, list).await;
        assert_eq!(faults(&refusal), ["body.parts value_error"], "{said}");
        let message = &refusal.body["detail"][0]["msg"];
        assert_eq!(*message, format!("Value error, {rule}"), "{said}");
        assert_eq!(house.stored(&begun.staging_key()).await, None, "{said}");
    }
    let no_parts = "Multipart upload completion requires at least one uploaded part";
    for body in ["", "{}", "{\"parts\":[]}", "{\"parts\":null}", "{\"part_etags\":[1]}"] {
        refused(&ann.call("POST", &begun.complete_path(), body).await, 400, no_parts);
    }
    for body in ["[]", "null", "x", "{\"parts\":[}"] {
        let refusal = ann.call("POST", &begun.complete_path(), body).await;
        assert_eq!(faults(&refusal), ["body json_invalid"], "{body}");
    }
    assert_eq!(ann.job(&begun).await, before);
    done(&ann.complete_with(&begun, named(&etags)).await, 200);
    assert!(house.stored(&begun.staging_key()).await.unwrap() == bytes);
}

#[tokio::test]
async fn a_part_that_has_not_come_or_is_another_one_may_be_put_right() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let bytes = text();
    let parts: Vec<_> = bytes.chunks(THREE.1).map(<[u8]>::to_vec).collect();
    let begun = small_job(&ann, None, "a.csv", THREE).await;
    let mut etags = vec!["x".to_owned(); 3];
    let refuse = async |etags: &[String], rule: &str| {
        let refusal = ann.complete_with(&begun, named(etags)).await;
        assert_eq!(faults(&refusal), ["body.parts value_error"]);
        assert_eq!(refusal.body["detail"][0]["msg"], format!("Value error, {rule}"));
    };
    for (number, index) in [(2, 1), (3, 2), (1, 0)] {
        refuse(&etags, "a part was not uploaded").await;
        etags[index] = begun.put_part(&house, number, parts[index].clone()).await.unwrap();
    }
    for (number, len) in [(1, THREE.1 - 1), (2, THREE.1 + 1), (3, 999), (3, 1_001), (3, 0)] {
        let index = usize::from(number) - 1;
        let mut wrong = etags.clone();
        wrong[index] = begun.put_part(&house, number, vec![b'x'; len]).await.unwrap();
        refuse(&wrong, "a part has another size").await;
        refuse(&etags, OTHER_ETAG).await;
        let again = begun.put_part(&house, number, parts[index].clone()).await.unwrap();
        assert_eq!(again, etags[index]);
    }
    // A part beyond the last is no part of the file, named or not.
    let extra = begun.put_part(&house, 4, "extra").await.unwrap();
    refuse(&[&*etags, &[extra]].concat(), NOT_ONCE).await;
    done(&ann.complete_with(&begun, named(&etags)).await, 200);
    assert!(house.stored(&begun.staging_key()).await.unwrap() == bytes);
}

#[tokio::test]
async fn the_parts_of_the_largest_file_are_looked_at_all_of_them() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let begun = Begun::new(&done(&ann.try_begin(None, "a.csv", 524_288_000).await, 201), None);
    let tags =
        |count: usize| named(&vec![format!("\"{}-1\"", "0123456789abcdef".repeat(2)); count]);
    for (count, rule) in [(50, "a part was not uploaded"), (49, "a part was not uploaded")] {
        let refusal = ann.complete_with(&begun, tags(count)).await;
        let message = &refusal.body["detail"][0]["msg"];
        assert_eq!(*message, format!("Value error, {rule}"), "{count}");
    }
    let refusal = ann.complete_with(&begun, tags(500)).await;
    assert_eq!(faults(&refusal), ["body.parts value_error"]);
    // More than any file has is not read.
    assert_eq!(ann.complete_with(&begun, tags(2_000)).await.status, 413);
}
