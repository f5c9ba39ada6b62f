//! F-06: an upload in parts is completed with every part, as it was announced and as it came; and
//! what is refused can be put right.

use countersign_storage::{ObjectKey, PartNumber, PutRequest, UploadId, bytes_of};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    client::{
        Begun, Client, INVALID, MIB, NOT_FOUND, NOT_UPLOADED, TOO_LARGE, data, named, refused,
        text_of,
    },
    common::{Answer, House},
};

const COMPLETE: &str = "/file/complete-multipart-upload";

/// The lengths of files of two parts and of three.
const TWO: usize = 5 * MIB + 1_000;
const THREE: usize = 10 * MIB + 1_000;

/// An upload whose parts have all come, their tags, and all bytes.
async fn uploaded(ann: &Client<'_>, len: usize) -> (Begun, Vec<String>, Vec<u8>) {
    let bytes = text_of(len);
    let begun = ann.begin("a.csv", bytes.len()).await;
    let etags = begun.put(ann.house, &bytes).await;
    (begun, etags, bytes)
}

async fn stored(house: &House, begun: &Begun) -> Option<Vec<u8>> {
    house.stored(&ObjectKey::new(begun.file_object_key.as_str()).unwrap()).await
}

#[track_caller]
fn assert_completed(answer: &Answer, begun: &Begun) {
    assert_eq!(data(answer), json!({ "file_object_key": begun.file_object_key }));
}

#[tokio::test]
async fn parts_are_named_as_the_documentation_does_and_as_the_clients_do() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for (member, quote, len, order) in [
        ("number", "", TWO, &[0, 1][..]),
        ("part_number", "\"", THREE, &[2, 0, 1]),
        ("number", "\"", 1_000, &[0]),
    ] {
        let (begun, etags, bytes) = uploaded(&ann, len).await;
        let part = |index: &usize| json!({ member: index + 1, "etag": format!("{quote}{}{quote}", etags[*index]), "x": [] });
        let answer = ann.try_complete(&begun, order.iter().map(part).collect()).await;
        assert_completed(&answer, &begun);
        assert!(stored(&house, &begun).await.unwrap() == bytes);
    }
}

/// Lists of parts that are wrong, for one of three.
fn wrong_lists(etags: &[String]) -> Vec<(&'static str, Value)> {
    let part = |number: i64, etag: &str| json!({ "number": number, "etag": etag });
    let [one, two, three] = [(1, 0), (2, 1), (3, 2)].map(|(number, at)| part(number, &etags[at]));
    let of = |parts: &[&Value]| parts.iter().map(|part| (*part).clone()).collect::<Value>();
    let all_but = |number, wrong: Value| {
        let mut all = vec![one.clone(), two.clone(), three.clone()];
        all[number] = wrong;
        Value::Array(all)
    };
    let upper = etags[1].to_uppercase();
    assert_ne!(upper, etags[1]);
    vec![
        ("none", json!([])),
        ("two numbers", all_but(2, json!({ "number": 3, "part_number": 2, "etag": etags[2] }))),
        ("not a list", json!({})),
        ("null", Value::Null),
        ("text", json!("1")),
        ("no objects", json!([1, 2, 3])),
        ("a list of lists", json!([[1, etags[0]]])),
        ("the first is missing", of(&[&two, &three])),
        ("the second is missing", of(&[&one, &three])),
        ("the last is missing", of(&[&one, &two])),
        ("one alone", of(&[&one])),
        ("one is named twice", of(&[&one, &two, &two, &three])),
        ("one is named twice for another", of(&[&one, &two, &two])),
        ("there is none such", of(&[&one, &two, &three, &part(4, &etags[2])])),
        ("there is none such for another", of(&[&one, &two, &part(10_000, &etags[2])])),
        ("0", all_but(0, part(0, &etags[0]))),
        ("-1", all_but(0, part(-1, &etags[0]))),
        ("10,001", all_but(2, part(10_001, &etags[2]))),
        ("65,537", all_but(0, part(65_537, &etags[0]))),
        ("a text for a number", all_but(0, json!({ "number": "1", "etag": etags[0] }))),
        ("a fraction for a number", all_but(0, json!({ "number": 1.0, "etag": etags[0] }))),
        ("no number", all_but(0, json!({ "etag": etags[0] }))),
        ("no tag", all_but(0, json!({ "number": 1 }))),
        ("a tag that is none", all_but(0, part(1, ""))),
        ("quotes alone", all_but(0, part(1, "\"\""))),
        ("half a quote", all_but(0, part(1, &format!("\"{}", etags[0])))),
        ("a weak tag", all_but(0, part(1, &format!("W/\"{}\"", etags[0])))),
        ("a tag of another part", all_but(0, part(1, &etags[1]))),
        ("a tag in upper case", all_but(1, part(2, &upper))),
        ("a tag that is too long", all_but(0, part(1, &"x".repeat(129)))),
        ("swapped tags", all_but(0, part(2, &etags[0]))),
    ]
}

#[tokio::test]
async fn what_is_wrong_in_the_list_of_parts_destroys_nothing() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let (begun, etags, bytes) = uploaded(&ann, THREE).await;
    for (what, list) in wrong_lists(&etags) {
        let answer = ann.try_complete(&begun, list).await;
        assert_eq!(answer.body["code"], 300_001, "{what}: {:?}", answer.body);
        refused(&answer, INVALID);
        assert!(stored(&house, &begun).await.is_none(), "{what}");
    }
    let mut without =
        json!({ "file_object_key": begun.file_object_key, "upload_id": begun.upload_id });
    refused(&ann.post(COMPLETE, without.clone()).await, INVALID);
    without["part_etags"] = named(&etags);
    for member in ["file_object_key", "upload_id"] {
        for wrong in [Value::Null, json!(1), json!([])] {
            let mut body = without.clone();
            body[member] = wrong;
            refused(&ann.post(COMPLETE, body).await, INVALID);
        }
    }
    let other = ann.begin("b.csv", bytes.len()).await;
    for id in ["", "x", "ü", &"x".repeat(2_000), &begun.upload_id.to_uppercase(), &other.upload_id]
    {
        let wrong = Begun { upload_id: id.into(), ..begun.clone() };
        refused(&ann.try_complete(&wrong, named(&etags)).await, NOT_FOUND);
    }
    let wrong = Begun { upload_id: begun.upload_id.clone(), ..other };
    refused(&ann.try_complete(&wrong, named(&etags)).await, NOT_FOUND);

    assert_completed(&ann.try_complete(&begun, named(&etags)).await, &begun);
    assert!(stored(&house, &begun).await.unwrap() == bytes);
}

#[tokio::test]
async fn a_part_that_has_not_come_may_come_after_the_refusal() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let bytes = text_of(TWO);
    let begun = ann.begin("a.csv", bytes.len()).await;
    let parts: Vec<_> = bytes.chunks(5 * MIB).collect();
    let mut etags = vec!["x".to_owned(); 2];
    for index in [1, 0] {
        refused(&ann.try_complete(&begun, named(&etags)).await, INVALID);
        etags[index] = begun.parts[index].put(&house, parts[index]).await.unwrap();
    }
    // A part that comes again has the tag of before as long as it is the same.
    let changed = begun.parts[1].put(&house, &[b'x'; 1_000]).await.unwrap();
    refused(&ann.try_complete(&begun, named(&etags)).await, INVALID);
    assert_ne!(changed, etags[1]);
    assert_eq!(begun.parts[1].put(&house, parts[1]).await.unwrap(), etags[1]);
    assert_completed(&ann.try_complete(&begun, named(&etags)).await, &begun);
    assert!(stored(&house, &begun).await.unwrap() == bytes);
}

#[tokio::test]
async fn a_part_of_another_size_is_refused_whoever_stored_it() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let (begun, etags, bytes) = uploaded(&ann, TWO).await;
    let key = ObjectKey::new(begun.file_object_key.as_str()).unwrap();
    let upload = UploadId::new(begun.upload_id.as_str()).unwrap();
    let put = async |number: u16, bytes: &[u8]| {
        let number = PartNumber::new(number).unwrap();
        let (body, put) = (bytes_of(bytes.to_vec()), PutRequest::new(bytes.len() as u64));
        let etag = house.backend.parts().put_part(&key, &upload, number, body, put).await.unwrap();
        etag.as_str().to_owned()
    };
    for (number, len) in [(1, 5 * MIB + 1), (1, 0), (2, 0), (2, 999), (2, 1_001)] {
        let mut etags = etags.clone();
        etags[usize::from(number) - 1] = put(number, &text_of(len)).await;
        refused(&ann.try_complete(&begun, named(&etags)).await, INVALID);
        assert!(stored(&house, &begun).await.is_none());
        let right = bytes.chunks(5 * MIB).nth(usize::from(number) - 1).unwrap();
        put(number, right).await;
    }
    // A part beyond the last is no part of the file, named or not.
    let extra = put(3, b"extra").await;
    let all = [&*etags, &[extra]].concat();
    refused(&ann.try_complete(&begun, named(&all)).await, INVALID);
    assert_completed(&ann.try_complete(&begun, named(&etags)).await, &begun);
    assert!(stored(&house, &begun).await.unwrap() == bytes);
}

#[tokio::test]
async fn completing_again_says_the_same_and_changes_nothing() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let (begun, etags, bytes) = uploaded(&ann, TWO).await;
    let answers = join_all((0..8).map(|_| ann.try_complete(&begun, named(&etags)))).await;
    for answer in &answers {
        assert_completed(answer, &begun);
    }
    for item in &begun.parts {
        let length = usize::try_from(item.length).unwrap();
        assert_eq!(item.put(&house, &vec![b'x'; length]).await, None);
    }
    assert_completed(&ann.try_complete(&begun, named(&etags)).await, &begun);
    assert!(stored(&house, &begun).await.unwrap() == bytes);
    let wrong = Begun { upload_id: "x".into(), ..begun.clone() };
    refused(&ann.try_complete(&wrong, named(&etags)).await, NOT_FOUND);
    // Also once it is a data source.
    let dataset = ann.dataset("d").await;
    data(&ann.try_source(&dataset, "a.csv", &begun.file_object_key).await);
    assert_completed(&ann.try_complete(&begun, named(&etags)).await, &begun);
    assert!(stored(&house, &begun).await.unwrap() == bytes);
}

#[tokio::test]
async fn what_was_assembled_and_not_recorded_is_completed_by_the_next_call() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let (begun, etags, bytes) = uploaded(&ann, TWO).await;
    let key = ObjectKey::new(begun.file_object_key.as_str()).unwrap();
    let upload = UploadId::new(begun.upload_id.as_str()).unwrap();
    let parts = begun.completed(&etags);
    house.backend.parts().complete(&key, &upload, &parts).await.unwrap();

    let dataset = ann.dataset("d").await;
    refused(&ann.try_source(&dataset, "a.csv", &begun.file_object_key).await, NOT_FOUND);
    assert_completed(&ann.try_complete(&begun, named(&etags)).await, &begun);
    let made = data(&ann.try_source(&dataset, "a.csv", &begun.file_object_key).await);
    assert_eq!(made["size"], bytes.len());
    assert!(stored(&house, &begun).await.unwrap() == bytes);
}

#[tokio::test]
async fn what_the_storage_has_dropped_is_not_completed() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let (begun, etags, _) = uploaded(&ann, TWO).await;
    let key = ObjectKey::new(begun.file_object_key.as_str()).unwrap();
    let upload = UploadId::new(begun.upload_id.as_str()).unwrap();
    house.backend.parts().abort(&key, &upload).await.unwrap();
    refused(&ann.try_complete(&begun, named(&etags)).await, NOT_UPLOADED);
    let dataset = ann.dataset("d").await;
    refused(&ann.try_source(&dataset, "a.csv", &begun.file_object_key).await, NOT_FOUND);
}

#[tokio::test]
async fn a_file_that_came_in_one_piece_is_not_completed() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let handle = ann.upload("a.csv", "a").await;
    for id in ["", "x", &"0".repeat(32)] {
        let body = json!({ "file_object_key": handle, "upload_id": id, "part_etags": [] });
        refused(&ann.post(COMPLETE, body).await, NOT_FOUND);
    }
    let key = ObjectKey::new(handle).unwrap();
    assert_eq!(house.stored(&key).await.unwrap(), b"a");
}

#[tokio::test]
async fn a_list_of_parts_may_have_2_mib() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let begun = ann.begin("a.csv", 1).await;
    let etags = begun.put(&house, b"a").await;
    let body = |len: usize| {
        let body = json!({
            "file_object_key": begun.file_object_key,
            "upload_id": begun.upload_id,
            "part_etags": named(&etags),
            "user_id": "ann",
            "x": "",
        });
        let (start, end) = (body.to_string().replace("\"x\":\"\"}", "\"x\":\""), "\"}");
        format!("{start}{}{end}", "x".repeat(len - start.len() - end.len()))
    };
    refused(&ann.call("POST", COMPLETE, &body(2 * MIB + 1)).await, TOO_LARGE);
    assert!(stored(&house, &begun).await.is_none());
    for len in [3 * MIB / 2, 2 * MIB] {
        assert_completed(&ann.call("POST", COMPLETE, &body(len)).await, &begun);
    }
}

#[tokio::test]
async fn ten_thousand_parts_are_read_and_looked_at() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let begun = ann.begin("a.csv", 10_000 * 5 * 1024 * MIB).await;
    assert_eq!(begun.parts.len(), 10_000);
    assert!(begun.parts.iter().all(|part| part.size == 5 * 1024 * MIB as u64));
    let etag = format!("\"{}-1\"", "0123456789abcdef".repeat(2));
    let part = |number: u64| json!({ "part_number": number, "number": number, "etag": etag });
    let parts: Value = (1..=10_000).map(part).collect();
    assert!(parts.to_string().len() > 620_000);
    let answer = ann.try_complete(&begun, parts).await;
    refused(&answer, INVALID);
    assert!(answer.body["msg"].as_str().unwrap().contains("was not uploaded"), "{:?}", answer.body);
    let parts: Value = (0..=10_000).map(|number| part(number.max(1))).collect();
    refused(&ann.try_complete(&begun, parts).await, INVALID);
}
