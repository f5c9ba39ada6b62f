//! What becomes of a file: a data source, once, that is what its name says or is invalid.

use countersign_storage::ObjectKey;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    client::{Client, NO_SOURCE, NO_URL, NOT_FOUND, data, refused},
    common::{self, House},
    spy::Spy,
};

/// What is at a handle.
async fn bytes_at(house: &House, handle: &str) -> Option<Vec<u8>> {
    house.stored(&ObjectKey::new(handle).unwrap()).await
}

async fn total(client: &Client<'_>, dataset: &str) -> Value {
    data(&client.get(&format!("/datasets/{dataset}/datasources")).await)["total_items"].take()
}

#[tokio::test]
async fn the_same_wish_again_is_the_same_data_source() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let (dataset, other) = (ann.dataset("d").await, ann.dataset("other").await);
    for bytes in [&b"a,b"[..], b"a\0b"] {
        let before = total(&ann, &dataset).await.as_u64().unwrap();
        let handle = ann.upload("a.csv", bytes).await;
        let made = data(&ann.try_source(&dataset, "a.csv", &handle).await);
        let wish = json!({ "name": "a.csv", "type": "FILE", "file_object_key": handle });
        for _ in 0..2 {
            assert_eq!(data(&ann.try_source(&dataset, "a.csv", &handle).await), made);
            assert_eq!(data(&ann.post("/datasources", wish.clone()).await), made);
            refused(&ann.try_source(&other, "a.csv", &handle).await, NO_SOURCE);
            for name in ["b.csv", "A.csv", "a.pdf"] {
                refused(&ann.try_source(&dataset, name, &handle).await, NO_SOURCE);
                let wish = json!({ "name": name, "type": "FILE", "file_object_key": handle });
                refused(&ann.post("/datasources", wish).await, NO_SOURCE);
            }
        }
        assert_eq!(total(&ann, &dataset).await, before + 1);
    }
    assert_eq!(total(&ann, &other).await, 0);
    assert_eq!(ann.datasets_total().await, 2);
}

#[tokio::test]
async fn the_same_wish_without_a_dataset_makes_one_dataset() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for (bytes, made_so_far) in [("a", 1), ("\0", 2)] {
        let handle = ann.upload("a.csv", bytes).await;
        let wish = json!({ "name": "a.csv", "type": "FILE", "file_object_key": handle });
        let made = data(&ann.post("/datasources", wish.clone()).await);
        assert_eq!(data(&ann.post("/datasources", wish).await), made);
        let dataset = made["dataset_id"].as_str().unwrap();
        assert_eq!(data(&ann.try_source(dataset, "a.csv", &handle).await), made);
        assert_eq!(ann.datasets_total().await, made_so_far);
    }
}

/// 32 times the same wish at once, for content of this kind.
async fn wish_at_once(bytes: &[u8], has_dataset: bool) {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    for _ in 0..4 {
        let handle = ann.upload("a.pdf", bytes).await;
        let wish = json!({ "name": "a.pdf", "type": "FILE", "file_object_key": handle });
        let before = ann.datasets_total().await.as_u64().unwrap();
        let path = format!("/datasets/{dataset}/datasources");
        let path = if has_dataset { &*path } else { "/datasources" };
        let answers = join_all((0..32).map(|_| ann.post(path, wish.clone()))).await;
        let made = data(&answers[0]);
        for answer in &answers {
            assert_eq!(data(answer), made);
        }
        let new = u64::from(!has_dataset);
        assert_eq!(ann.datasets_total().await, before + new);
        let path = format!("/datasets/{}/datasources", made["dataset_id"].as_str().unwrap());
        let page = data(&ann.get(&path).await);
        let found = page["records"].as_array().unwrap().iter().filter(|it| **it == made).count();
        assert_eq!(found, 1);
    }
    assert_eq!(total(&ann, &dataset).await, if has_dataset { 4 } else { 0 });
}

#[tokio::test]
async fn the_same_wish_32_times_at_once_makes_one_data_source() {
    wish_at_once(b"%PDF-1.7", true).await;
}

#[tokio::test]
async fn the_same_wish_32_times_at_once_makes_one_dataset() {
    wish_at_once(b"%PDF-1.7", false).await;
}

#[tokio::test]
async fn the_same_wish_32_times_at_once_makes_one_invalid_data_source() {
    wish_at_once(b"MZ", true).await;
    wish_at_once(b"MZ", false).await;
}

#[tokio::test]
async fn of_many_wishes_for_one_file_one_is_granted() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    for bytes in ["a", "\0"] {
        let handle = ann.upload("a.csv", bytes).await;
        let names: Vec<_> = (0..16).map(|number| format!("{number}.csv")).collect();
        let wishes = names.iter().map(|name| ann.try_source(&dataset, name, &handle));
        let answers = join_all(wishes).await;
        let granted = answers.iter().filter(|answer| answer.body["code"] == 0).count();
        assert_eq!(granted, 1);
        for answer in answers.iter().filter(|answer| answer.body["code"] != 0) {
            refused(answer, NO_SOURCE);
        }
    }
    assert_eq!(total(&ann, &dataset).await, 2);
}

#[tokio::test]
async fn a_wish_and_a_deletion_at_once_leave_no_error_of_ours() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    for _ in 0..8 {
        let handle = ann.upload("a.csv", "a").await;
        let made = data(&ann.try_source(&dataset, "a.csv", &handle).await);
        let one = format!("/datasets/{dataset}/datasources/{}", made["id"].as_str().unwrap());
        let wishes = join_all((0..8).map(|_| ann.try_source(&dataset, "a.csv", &handle)));
        let deletions = join_all((0..2).map(|_| ann.delete(&one)));
        let (wishes, deletions) = futures_util::future::join(wishes, deletions).await;
        for answer in &wishes {
            if answer.body["code"] == 0 {
                assert_eq!(data(answer), made);
            } else {
                assert!(matches!(answer.body["code"].as_u64(), Some(300_003 | 300_011)));
            }
        }
        let deleted = deletions.iter().filter(|answer| answer.body["code"] == 0).count();
        assert_eq!(deleted, 1);
        assert_eq!(bytes_at(&house, &handle).await, None);
    }
    assert_eq!(total(&ann, &dataset).await, 0);
}

#[tokio::test]
async fn who_is_overtaken_gets_what_the_faster_one_made() {
    for bytes in [&b"a,b"[..], b"a\0b"] {
        let (house, spy) = Spy::house().await;
        let ann = Client::new(&house, "acme", "ann").await;
        let dataset = ann.dataset("d").await;
        let handle = ann.upload("a.csv", bytes).await;
        let wish = ann.try_source(&dataset, "a.csv", &handle);
        let slow = spy.overtake(wish, async {
            data(&ann.try_source(&dataset, "a.csv", &handle).await);
        });
        let made = data(&slow.await);
        assert_eq!(data(&ann.try_source(&dataset, "a.csv", &handle).await), made);
        assert_eq!(total(&ann, &dataset).await, 1);
    }
}

#[tokio::test]
async fn who_is_overtaken_by_a_deletion_finds_no_file() {
    let (house, spy) = Spy::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let handle = ann.upload("a.csv", "a").await;
    let wish = ann.try_source(&dataset, "a.csv", &handle);
    let slow = spy.overtake(wish, async {
        let made = data(&ann.try_source(&dataset, "a.csv", &handle).await);
        let one = format!("/datasets/{dataset}/datasources/{}", made["id"].as_str().unwrap());
        data(&ann.delete(&one).await);
    });
    refused(&slow.await, NOT_FOUND);
    assert_eq!(total(&ann, &dataset).await, 0);
}

#[tokio::test]
async fn bytes_that_are_lost_are_our_fault() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let handle = ann.upload("a.csv", "a").await;
    house.backend.objects().delete(&ObjectKey::new(&*handle).unwrap()).await.unwrap();
    let dataset = ann.dataset("d").await;
    refused(&ann.try_source(&dataset, "a.csv", &handle).await, (500, 9_999));
    assert_eq!(total(&ann, &dataset).await, 0);
}

/// Names, bytes, and whether the bytes are what the names say.
const CONTENTS: [(&str, &[u8], bool); 30] = [
    ("a.pdf", b"%PDF-1.7\n", true),
    ("a.PDF", b"\xef\xbb\xbf%PDF-1.4", true),
    ("a.pdf", b"MZ\x90\0", false),
    ("a.pdf", b"%PD", false),
    ("a.xlsx", b"PK\x03\x04rest", true),
    ("a.docx", b"PK\x05\x06rest", true),
    ("a.pptx", b"PK\x03\x04", true),
    ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", false),
    ("a.docx", b" PK\x03\x04", false),
    ("a.pptx", b"PK", false),
    ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", true),
    ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", true),
    ("a.ppt", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", true),
    ("a.xls", b"PK\x03\x04", false),
    ("a.doc", b"text", false),
    ("a.ppt", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a", false),
    ("a.csv", b"a,b\n1,2\n", true),
    ("a.csv", b"\xef\xbb\xbfa,b", true),
    ("a.csv", b"PK\x03\x04", true),
    ("a.csv", b"a\0b", false),
    ("a.tsv", b"\0", false),
    ("a.txt", b"\xff\xfea\0", false),
    ("a.txt", "Bücher 🦀".as_bytes(), true),
    ("a.md", b"a\xffb", false),
    ("a.mdx", b"cut \xf0\x9f\xa6", false),
    ("a.json", b"\xed\xa0\x80", false),
    ("a.json", b"{not json", true),
    ("a.json", b"\xc0\xaf", false),
    ("a.txt", b"\n", true),
    ("a.md", b"<script>alert(1)</script>", true),
];

#[tokio::test]
async fn bytes_that_are_not_what_the_name_says_make_it_invalid() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    for (index, (name, bytes, is_right)) in CONTENTS.into_iter().enumerate() {
        let handle = if index % 2 == 0 {
            ann.upload("upload.txt", bytes).await
        } else {
            ann.upload_in_parts("upload.txt", bytes).await
        };
        let made = data(&ann.try_source(&dataset, name, &handle).await);
        let one = format!("/datasets/{dataset}/datasources/{}", made["id"].as_str().unwrap());
        assert_eq!(data(&ann.get(&one).await), made);
        let link = ann.post(&format!("{one}/presign"), json!({})).await;
        let v1 = house.call(&ann.key, "POST", &format!("/v1/team{one}/presign"), "").await;
        if is_right {
            assert_eq!((&made["status"], &made["size"]), (&json!("synched"), &json!(bytes.len())));
            let url = data(&link)["presigned_url"].take();
            let object = house.verified("GET", url.as_str().unwrap(), &[]);
            assert_eq!(house.stored(&object).await.unwrap(), bytes);
            data(&v1);
        } else {
            assert_eq!(made["status"], "invalid", "{name} {bytes:?}");
            assert_eq!(made["size"], Value::Null);
            assert_eq!(bytes_at(&house, &handle).await, None);
            refused(&link, NO_URL);
            refused(&v1, (200, 100_001));
            // Deleting it is as deleting any other.
            assert_eq!(data(&ann.delete(&one).await), json!({}));
            refused(&ann.get(&one).await, NOT_FOUND);
        }
    }
    common::wait_secs(2 * 86_400);
    house.app.sweep_doomed().await;
    assert_eq!(total(&ann, &dataset).await, CONTENTS.iter().filter(|case| case.2).count());
}

#[tokio::test]
async fn text_may_break_off_nowhere_in_a_large_file() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let right = "ü".repeat(3 * 1024 * 1024);
    let mut wrong = right.clone().into_bytes();
    wrong[6 * 1024 * 1024 - 1] = b'x';
    for (bytes, status) in [(right.as_bytes(), "synched"), (&wrong, "invalid")] {
        let handle = ann.upload_in_parts("a.txt", bytes).await;
        let made = data(&ann.try_source(&dataset, "a.txt", &handle).await);
        assert_eq!(made["status"], status);
    }
}

#[tokio::test]
async fn a_file_that_is_not_complete_is_none() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let begun = ann.begin("a.csv", 1).await;
    refused(&ann.try_source(&dataset, "a.csv", &begun.file_object_key).await, NOT_FOUND);
    let etags = begun.put(&house, b"a").await;
    refused(&ann.try_source(&dataset, "a.csv", &begun.file_object_key).await, NOT_FOUND);
    let wish = json!({ "name": "a.csv", "type": "FILE", "file_object_key": begun.file_object_key });
    refused(&ann.post("/datasources", wish).await, NOT_FOUND);
    assert_eq!(ann.datasets_total().await, 1);
    data(&ann.try_complete(&begun, crate::client::named(&etags)).await);
    data(&ann.try_source(&dataset, "a.csv", &begun.file_object_key).await);
}

#[tokio::test]
async fn a_file_of_another_dialect_does_not_become_a_data_source() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let body = json!({ "filename": "a.csv", "content_type": "text/csv" }).to_string();
    let begun = house.call(&ann.key, "POST", "/api/v1/files/upload", &body).await.body;
    house.put(begun["upload_url"].as_str().unwrap(), "text/csv", b"a,b\n").await;
    house.call(&ann.key, "GET", "/api/v1/files/1/confirm", "").await;
    let link = house.call(&ann.key, "GET", "/api/v1/files/1/download", "").await.body;
    let object = house.verified("GET", link["download_url"].as_str().unwrap(), &[]);

    // Neither with bytes that its name fits, nor with such that would be refused, and deleted.
    for name in ["a.csv", "a.pdf"] {
        refused(&ann.try_source(&dataset, name, object.as_str()).await, NOT_FOUND);
        let wish = json!({ "name": name, "type": "FILE", "file_object_key": object.as_str() });
        refused(&ann.post("/datasources", wish).await, NOT_FOUND);
    }
    let parts = json!({ "file_object_key": object.as_str(), "upload_id": "x", "part_etags": [] });
    refused(&ann.post("/file/complete-multipart-upload", parts).await, NOT_FOUND);
    assert_eq!(total(&ann, &dataset).await, 0);
    assert_eq!(ann.datasets_total().await, 1);
    assert_eq!(house.stored(&object).await.unwrap(), b"a,b\n");
}
