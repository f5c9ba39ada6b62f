//! What is larger than 100 MiB comes in parts of 10 MiB.

use axum::body::Bytes;
use countersign::Timestamp;
use countersign_catalog::{Catalog, Intake, NewJob, NewUpload, TeamName, UserId};
use countersign_storage::{Attributes, ObjectKey};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    client::{Begun, Client, MIB, done, end_of, named, parameter, refused},
    common::{House, now},
};

/// A job in parts of a smaller file than any that comes so through the dialect: recorded as the
/// dialect would, with parts of `part_size` bytes.
pub(crate) async fn small_job(
    ann: &Client<'_>,
    dataset: Option<&str>,
    name: &str,
    (size, part_size): (usize, usize),
) -> Begun {
    let house = ann.house;
    let id = Uuid::new_v4();
    let (team, user) = (TeamName::new(ann.team).unwrap(), UserId::new(ann.user).unwrap());
    let owner = house.catalog.ensure_user(&team, &user, now()).await.unwrap();
    let key = ObjectKey::new(format!("staging/{id}/{}.csv", Uuid::new_v4())).unwrap();
    let upload_id = house.backend.parts().create(&key, Attributes::new()).await.unwrap();
    let upload = NewUpload {
        id,
        owner,
        intake: Intake::Multipart {
            upload_id: upload_id.as_str().into(),
            part_size: part_size as u64,
        },
        object_key: key.as_str().into(),
        content_type: "text/csv".into(),
        declared_size: Some(size as u64),
        not_after: Timestamp::from_unix_secs(now().unix_secs() + 3_600).unwrap(),
    };
    let of = dataset.map(|dataset| Uuid::parse_str(dataset).unwrap());
    let job = NewJob { dataset: of, name: name.into(), upload };
    house.catalog.add_job(&job, now()).await.unwrap();
    Begun {
        id: id.to_string(),
        dataset: dataset.map(Into::into),
        urls: Vec::new(),
        s3_key: key.as_str().into(),
        upload_id: Some(upload_id.as_str().into()),
    }
}

/// A small job of one part, which was put.
pub(crate) async fn small_brought(
    ann: &Client<'_>,
    dataset: Option<&str>,
    bytes: &'static [u8],
) -> (Begun, Vec<String>) {
    let begun = small_job(ann, dataset, "a.csv", (bytes.len(), 5 * 1024 * 1024)).await;
    let etag = begun.put_part(ann.house, 1, bytes).await.unwrap();
    (begun, vec![etag])
}

/// Checks the URLs of the parts: each for its own part, its length and nothing else.
fn check_urls(house: &House, begun: &Begun, lengths: &[u64]) {
    assert_eq!(begun.urls.len(), lengths.len());
    for ((url, length), number) in begun.urls.iter().zip(lengths).zip(1..) {
        let start = format!("http://localhost:8080/s3/countersign/{}?", begun.s3_key);
        assert!(url.starts_with(&start), "{url}");
        assert_eq!(parameter(url, "X-Amz-SignedHeaders"), "content-length%3Bhost");
        assert_eq!(parameter(url, "partNumber"), i32::to_string(&number));
        assert_eq!(parameter(url, "uploadId"), begun.upload_id.as_deref().unwrap());
        assert_eq!(parameter(url, "X-Amz-Expires"), "3600");
        assert_eq!(end_of(url), 1_795_000_000 + 3_600);
        let right = length.to_string();
        house.verified("PUT", url, &[("content-length", &right)]);
        let octets = ("content-type", "application/octet-stream");
        house.verified("PUT", url, &[("content-length", &right), octets]);
        for wrong in [length - 1, length + 1] {
            let wrong = wrong.to_string();
            assert!(house.checked("PUT", url, &[("content-length", &wrong)]).is_none());
        }
        assert!(house.checked("PUT", url, &[]).is_none());
        assert!(house.checked("GET", url, &[("content-length", &right)]).is_none());
    }
}

#[tokio::test]
async fn more_than_100_mib_come_in_parts_of_10_mib() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    for target in [Some(&*dataset), None] {
        for size in [1, 10 * MIB, 100 * MIB - 1, 104_857_600] {
            let begun = done(&ann.try_begin(target, "a.csv", size).await, 201);
            assert_eq!(begun["urls"].as_array().unwrap().len(), 1, "{size}");
            assert_eq!((&begun["upload_id"], &begun["part_size"]), (&Value::Null, &Value::Null));
        }
        for (size, count, last) in [
            (104_857_601, 11, 1),
            (110 * MIB - 1, 11, 10 * MIB - 1),
            (110 * MIB, 11, 10 * MIB),
            (110 * MIB + 1, 12, 1),
            (524_288_000, 50, 10 * MIB),
        ] {
            let answer = done(&ann.try_begin(target, "Plans.CSV", size).await, 201);
            let members: Vec<_> = answer.as_object().unwrap().keys().collect();
            assert_eq!(members, ["job_id", "part_size", "s3_key", "upload_id", "urls"]);
            assert_eq!(answer["part_size"], 10_485_760);
            let begun = Begun::new(&answer, target);
            let name = begun.s3_key.strip_prefix(&format!("staging/{}/", begun.id)).unwrap();
            assert_eq!(name.strip_suffix(".csv").unwrap().len(), 36, "{name}");
            let mut lengths = vec![10_485_760; count];
            lengths[count - 1] = last;
            check_urls(&house, &begun, &lengths);
            assert_eq!(ann.job(&begun).await["status"], "pending");
        }
    }
}

/// Text of 10 MiB.
fn piece() -> Bytes {
    "0123456789abcde\n".repeat(10 * 1024 * 64).into()
}

#[tokio::test]
async fn a_file_of_more_than_100_mib_becomes_a_version() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let answer = done(&ann.try_begin(Some(&dataset), "a.csv", 104_857_601).await, 201);
    let begun = Begun::new(&answer, Some(&dataset));
    let piece = piece();
    let mut etags = Vec::new();
    for number in 1..=11 {
        let bytes = if number == 11 { Bytes::from("\n") } else { piece.clone() };
        etags.push(begun.put_part(&house, number, bytes).await.unwrap());
    }
    let no_parts = "Multipart upload completion requires at least one uploaded part";
    refused(&ann.complete(&begun).await, 400, no_parts);
    // Quoted and not, and from the last to the first.
    let quoted = |(index, etag): (usize, &String)| {
        let etag = if index % 2 == 0 { format!("\"{etag}\"") } else { etag.clone() };
        json!({ "part_number": index + 1, "etag": etag })
    };
    let parts = etags.iter().enumerate().rev().map(quoted).collect();
    let completed = done(&ann.complete_with(&begun, parts).await, 200);
    let message = "File uploaded for re-upload preview";
    assert_eq!(completed, json!({ "job_id": begun.id, "status": "pending", "message": message }));
    done(&ann.commit(&begun).await, 202);

    let version = ann.versions(&dataset).await.remove(0);
    assert_eq!(version["size"], 104_857_601);
    let bytes = ann.download(&dataset, &version).await;
    assert_eq!(bytes.len(), 104_857_601);
    assert!(bytes.chunks(piece.len()).take(10).all(|found| *found == *piece));
    assert_eq!(bytes.last(), Some(&b'\n'));
    // The URLs of the parts are worth nothing any more.
    assert_eq!(begun.put_part(&house, 11, "x").await, None);
    refused(&ann.complete(&begun).await, 400, "Upload already completed for this job");
}

#[tokio::test]
async fn an_upload_in_parts_goes_the_way_of_one_in_one_piece() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    for target in [Some(&*dataset), None] {
        let (begun, etags) = small_brought(&ann, target, b"a,b\n").await;
        refused(&ann.commit(&begun).await, 400, "Upload not completed for this job");
        done(&ann.complete_with(&begun, named(&etags)).await, 200);
        for again in [named(&etags), json!([]), json!([{ "part_number": 9, "etag": "x" }])] {
            let answer = ann.complete_with(&begun, again).await;
            refused(&answer, 400, "Upload already completed for this job");
        }
        done(&ann.commit(&begun).await, 202);
        refused(&ann.commit(&begun).await, 400, "Job already processed");
        let dataset = ann.job(&begun).await["dataset_id"].as_str().unwrap().to_owned();
        let versions = ann.versions(&dataset).await;
        assert_eq!(ann.download(&dataset, &versions[0]).await, b"a,b\n");
    }
}

#[tokio::test]
async fn parts_that_are_named_for_a_file_in_one_piece_say_nothing() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    for parts in [json!([]), Value::Null, json!([{ "part_number": 7, "etag": "x" }])] {
        let begun = ann.brought(Some(&dataset), b"a,b\n").await;
        done(&ann.complete_with(&begun, parts).await, 200);
    }
}

#[tokio::test]
async fn refused_bytes_in_parts_are_gone_and_the_job_has_failed() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let (begun, etags) = small_brought(&ann, None, b"a\0b\n").await;
    let refusal = ann.complete_with(&begun, named(&etags)).await;
    refused(&refusal, 422, "File refused: the content is not UTF-8 text.");
    assert_eq!(begun.stored(&house).await, [None, None]);
    let job = ann.job(&begun).await;
    assert_eq!(job["status"], "failed");
    assert_eq!(job["error_message"], "the content is not UTF-8 text");
    assert_eq!(begun.put_part(&house, 1, "a,b\n").await, None);
    let failed = "This job has already failed and cannot be completed. Start a new upload.";
    refused(&ann.complete_with(&begun, named(&etags)).await, 400, failed);
    refused(&ann.commit(&begun).await, 400, "Job already processed");
}

#[tokio::test]
async fn what_the_storage_has_dropped_is_not_completed() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let (begun, etags) = small_brought(&ann, None, b"a,b\n").await;
    let upload = begun.upload_id.as_deref().unwrap();
    let upload = countersign_storage::UploadId::new(upload).unwrap();
    house.backend.parts().abort(&begun.staging_key(), &upload).await.unwrap();
    let gone = "Upload completion failed — the upload session may have expired. Please try again.";
    refused(&ann.complete_with(&begun, named(&etags)).await, 502, gone);
    refused(&ann.commit(&begun).await, 400, "Upload not completed for this job");
}
