//! Bytes that are not what they were said to be.

use serde_json::Value;

use crate::{
    client::{Begun, Client, done, refused},
    common::House,
};

const NOT_ITS_FORMAT: &str = "the content is not what the extension says";
const NOT_TEXT: &str = "the content is not UTF-8 text";

/// Bytes that the extension is for, and bytes that it is not for.
const CONTENTS: [(&str, &[u8], &[u8], &str); 20] = [
    ("zip", b"PK\x03\x04rest", b"PK\x03\x05rest", NOT_ITS_FORMAT),
    ("zip", b"PK\x05\x06rest", b" PK\x03\x04rest", NOT_ITS_FORMAT),
    ("zip", b"PK\x07\x08rest", b"PK", NOT_ITS_FORMAT),
    ("xlsx", b"PK\x03\x04rest", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", NOT_ITS_FORMAT),
    ("xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", b"PK\x03\x04rest", NOT_ITS_FORMAT),
    ("gpkg", b"SQLite format 3\0rest", b"SQLite format 3", NOT_ITS_FORMAT),
    ("gpkg", b"SQLite format 3\0", b"sqlite format 3\0rest", NOT_ITS_FORMAT),
    ("tif", b"II*\0rest", b"II\0*rest", NOT_ITS_FORMAT),
    ("tif", b"II+\0rest", b"MM*\0rest", NOT_ITS_FORMAT),
    ("tiff", b"MM\0*rest", b"II*", NOT_ITS_FORMAT),
    ("tiff", b"MM\0+rest", b"a,b\n", NOT_ITS_FORMAT),
    ("parquet", b"PAR1rest", b"PAR2rest", NOT_ITS_FORMAT),
    ("parquet", b"PAR1", b"PAR", NOT_ITS_FORMAT),
    ("csv", b"a,b\n", b"a\0b", NOT_TEXT),
    ("csv", b"\xef\xbb\xbfa", b"\xef\xbb", NOT_TEXT),
    ("csv", "Straße 🦀".as_bytes(), b"Stra\xdfe", NOT_TEXT),
    ("json", b"{}", b"{\0}", NOT_TEXT),
    ("json", b"no json", b"\xed\xa0\x80", NOT_TEXT),
    ("geojson", b"{}", b"\xff\xfe{\0}\0", NOT_TEXT),
    ("geojson", b" ", b"\xc0\x80", NOT_TEXT),
];

/// Checks that the bytes of a job were refused, and that nothing goes on with it.
async fn check_failed(ann: &Client<'_>, begun: &Begun, reason: &str) {
    let job = ann.job(begun).await;
    assert_eq!(job["status"], "failed");
    assert_eq!(job["error_message"], reason);
    assert_eq!(job["can_retry"], false);
    for member in ["progress", "current_step", "started_at", "completed_at"] {
        assert_eq!(job[member], Value::Null, "{member}");
    }
    assert_eq!(begun.stored(ann.house).await, [None, None]);
    let again =
        if begun.dataset.is_some() { "Start the reupload again." } else { "Start a new upload." };
    let again = format!("This job has already failed and cannot be completed. {again}");
    refused(&ann.complete(begun).await, 400, &again);
    refused(&ann.commit(begun).await, 400, "Job already processed");
}

#[tokio::test]
async fn content_is_what_the_extension_says_or_is_refused() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    for (index, (extension, right, wrong, reason)) in CONTENTS.into_iter().enumerate() {
        let target = (index % 2 == 0).then_some(&*dataset);
        let name = format!("a.{extension}");
        let upper = name.to_uppercase();
        for name in [&name, &upper] {
            let begun = ann.begin(target, name, right.len()).await;
            begun.put(&house, right).await;
            done(&ann.complete(&begun).await, 200);
            let begun = ann.begin(target, name, wrong.len()).await;
            begun.put(&house, wrong).await;
            let detail = format!("File refused: {reason}.");
            refused(&ann.complete(&begun).await, 422, &detail);
            check_failed(&ann, &begun, reason).await;
        }
    }
    assert_eq!(ann.datasets().await.len(), 1);
    assert_eq!(ann.datasets().await[0]["current_version"], 0);
}

#[tokio::test]
async fn the_size_is_the_one_that_was_announced_whoever_stored_the_bytes() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    for target in [Some(&*dataset), None] {
        for (bytes, size) in [(&b""[..], 0), (b"a,b", 3), (b"a,b\n\n", 5)] {
            let begun = ann.begin(target, "a.csv", 4).await;
            house.store(&begun.staging_key(), bytes).await;
            let detail = format!(
                "Uploaded file size ({size} bytes) does not match the declared size (4 bytes)."
            );
            refused(&ann.complete(&begun).await, 422, &detail);
            let reason = format!("{size} bytes came, 4 were announced");
            check_failed(&ann, &begun, &reason).await;
        }
    }
}

#[tokio::test]
async fn a_job_that_failed_stays_so_whatever_comes() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let begun = ann.brought(Some(&dataset), b"a\0b").await;
    assert_eq!(ann.complete(&begun).await.status, 422);
    begun.put(&house, b"a,b").await;
    let again = "This job has already failed and cannot be completed. Start the reupload again.";
    refused(&ann.complete(&begun).await, 400, again);
    refused(&ann.commit(&begun).await, 400, "Job already processed");
    assert_eq!(ann.versions(&dataset).await, [] as [Value; 0]);
    // Another job is not held up by it.
    let next = ann.completed(Some(&dataset), b"a,b").await;
    done(&ann.commit(&next).await, 202);
    assert_eq!(ann.datasets().await[0]["current_version"], 1);
}
