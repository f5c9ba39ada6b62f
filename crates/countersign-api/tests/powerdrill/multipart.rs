//! What begins an upload in parts.

use serde_json::{Value, json};

use crate::{
    client::{BAD_EXTENSION, Begun, Client, EMPTY, INVALID, MIB, data, refused},
    common::House,
    spy::Spy,
};

const INIT: &str = "/file/init-multipart-upload";

/// The most bytes that 10,000 parts of 5 GiB have.
const SIZE_MAX: u64 = 5 * 1024 * 1024 * 1024 * 10_000;

#[tokio::test]
async fn a_size_that_is_none_is_refused_and_nothing_begins() {
    let (house, spy) = Spy::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let too_large = (SIZE_MAX + 1).to_string();
    for (size, refusal) in [
        ("0", EMPTY),
        ("-0", INVALID),
        ("-1", INVALID),
        ("1.5", INVALID),
        ("1.0", INVALID),
        ("1e3", INVALID),
        ("\"1\"", INVALID),
        ("true", INVALID),
        ("null", INVALID),
        ("[]", INVALID),
        ("{}", INVALID),
        (&*too_large, INVALID),
        ("9223372036854775807", INVALID),
        ("9223372036854775808", INVALID),
        ("18446744073709551616", INVALID),
        ("18446744073709551617", INVALID),
    ] {
        let body = format!("{{\"file_name\":\"a.csv\",\"file_size\":{size},\"user_id\":\"ann\"}}");
        refused(&ann.call("POST", INIT, &body).await, refusal);
    }
    for body in [
        json!({}),
        json!({ "file_name": "a.csv" }),
        json!({ "file_size": 1 }),
        json!({ "file_name": null, "file_size": 1 }),
        json!({ "fileName": "a.csv", "fileSize": 1 }),
    ] {
        refused(&ann.post(INIT, body).await, INVALID);
    }
    let exe = json!({ "file_name": "a.exe", "file_size": 1 });
    refused(&ann.post(INIT, exe).await, BAD_EXTENSION);
    let without_user = "{\"file_name\":\"a.csv\",\"file_size\":1}";
    refused(&ann.call("POST", INIT, without_user).await, INVALID);
    assert_eq!(spy.keys(), []);
}

/// The parts are numbered from one on, equal but the last, and as many bytes as the file. All say
/// the same size, which is the distance between two.
fn check_parts(begun: &Begun, size: u64, (part_size, count): (u64, usize)) {
    assert_eq!(begun.parts.len(), count);
    assert!(begun.parts.iter().map(|part| part.number).eq(1..=count as u64));
    let (last, others) = begun.parts.split_last().unwrap();
    assert!(others.iter().all(|part| part.length == part_size));
    assert!((1..=part_size).contains(&last.length));
    assert_eq!(begun.parts.iter().map(|part| part.length).sum::<u64>(), size);
    assert!(begun.parts.iter().all(|part| part.size == part_size.min(size)));
}

#[tokio::test]
async fn parts_are_as_few_and_as_small_as_can_be() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let mib = MIB as u64;
    for (size, parts) in [
        (1, (5 * mib, 1)),
        (5 * mib, (5 * mib, 1)),
        (5 * mib + 1, (5 * mib, 2)),
        (10 * mib, (5 * mib, 2)),
        (12 * mib, (5 * mib, 3)),
        (50_000 * mib + 1, (6 * mib, 8_334)),
    ] {
        let body = json!({ "file_name": "a.csv", "file_size": size });
        let begun = Begun::new(&data(&ann.post(INIT, body).await), size);
        check_parts(&begun, size, parts);
        for part in [begun.parts.first().unwrap(), begun.parts.last().unwrap()] {
            let length = part.length.to_string();
            let key = house.verified("PUT", &part.url, &[("content-length", &length)]);
            assert_eq!(key.as_str(), begun.file_object_key);
        }
    }
}

#[tokio::test]
async fn each_upload_is_another_one() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let mut seen = std::collections::HashSet::new();
    for _ in 0..100 {
        let begun = ann.begin("a.csv", 1).await;
        assert!(seen.insert(begun.upload_id));
        let name = begun.file_object_key.strip_prefix("objects/").unwrap().to_owned();
        let id = name.strip_suffix(".csv").unwrap();
        assert!(
            id.len() == 36 && id.bytes().all(|it| it.is_ascii_hexdigit() || it == b'-'),
            "{id}"
        );
        assert!(seen.insert(name));
    }
}

#[tokio::test]
async fn what_is_begun_says_what_it_has_to_and_no_more() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let body = json!({ "file_name": "a.csv", "file_size": 1 });
    let begun = data(&ann.post(INIT, body).await);
    let item = &begun["part_items"][0];
    let expected = json!({
        "upload_id": begun["upload_id"],
        "file_object_key": begun["file_object_key"],
        "part_items": [{ "number": 1, "size": 1, "upload_url": item["upload_url"] }],
    });
    assert_eq!(begun, expected);
    assert!([&begun["upload_id"], &item["upload_url"]].into_iter().all(Value::is_string));
}
