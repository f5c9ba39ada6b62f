//! C-03: the key of a job is no handle of a file.

use serde_json::{Value, json};

use crate::{
    client::{Begun, Client, done, named, refused},
    common::House,
    parts::small_brought,
};

/// Asks Powerdrill for a data source of what is at a key; the code of its answer.
async fn wish(ann: &Client<'_>, path: &str, (name, key): (&str, &str)) -> Value {
    let body = json!({
        "name": name, "type": "FILE", "file_object_key": key, "user_id": ann.user,
    });
    let path = format!("/api/v2/team{path}");
    let answer = ann.house.call(&ann.key, "POST", &path, &body.to_string()).await;
    answer.body["code"].clone()
}

/// The keys that can be known of a job: where its URLs write to, and where a download reads.
async fn keys(house: &House, begun: &Begun) -> [String; 2] {
    let object_key = begun.object_key(house).await;
    [begun.s3_key.clone(), object_key.as_str().to_owned()]
}

#[tokio::test]
async fn no_data_source_is_made_of_a_job() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let mut jobs = Vec::new();
    for target in [Some(&*dataset), None] {
        jobs.push(ann.begin(target, "a.csv", 4).await);
        jobs.push(ann.brought(target, b"a,b\n").await);
        jobs.push(ann.completed(target, b"a,b\n").await);
        let failed = ann.brought(target, b"a\0b\n").await;
        assert_eq!(ann.complete(&failed).await.status, 422);
        jobs.push(failed);
        let (in_parts, etags) = small_brought(&ann, target, b"a,b\n").await;
        jobs.push(in_parts.clone());
        let (completed, _) = small_brought(&ann, target, b"a,b\n").await;
        done(&ann.complete_with(&completed, named(&etags)).await, 200);
        jobs.push(completed);
    }
    let sources = format!("/datasets/dataset-{dataset}/datasources");
    for begun in &jobs {
        for key in keys(&house, begun).await {
            for path in [&*sources, "/datasources"] {
                let code = wish(&ann, path, ("a.csv", &key)).await;
                assert_eq!(code, 300_003, "{key}");
            }
        }
    }
    assert_eq!(ann.versions(&dataset).await, [] as [Value; 0]);
    assert_eq!(ann.datasets().await.len(), 1);
    done(&ann.commit(&jobs[2]).await, 202);
}

#[tokio::test]
async fn a_version_is_no_file_that_becomes_a_data_source() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let other = ann.dataset("other").await;
    let single = ann.completed(Some(&dataset), b"a,b\n").await;
    let (in_parts, etags) = small_brought(&ann, Some(&dataset), b"a,b\n").await;
    done(&ann.complete_with(&in_parts, named(&etags)).await, 200);
    for begun in [&single, &in_parts] {
        done(&ann.commit(begun).await, 202);
        for key in keys(&house, begun).await {
            for (dataset, name) in [(&other, "a.csv"), (&dataset, "b.csv"), (&dataset, "a.csv")] {
                let path = format!("/datasets/dataset-{dataset}/datasources");
                let code = wish(&ann, &path, (name, &key)).await;
                assert_eq!(code, 300_003, "{key}");
            }
        }
    }
    assert_eq!(ann.versions(&dataset).await.len(), 2);
    assert_eq!(ann.versions(&other).await, [] as [Value; 0]);
}

/// A job is completed where its bytes are looked at. Powerdrill looks at them later, when it makes a
/// data source of them, which nobody does of a job's.
#[tokio::test]
async fn a_job_in_parts_is_not_completed_as_an_upload_of_powerdrill() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let (begun, etags) = small_brought(&ann, None, b"a\0b\n").await;
    let part = json!([{ "number": 1, "etag": etags[0] }]);
    let body = json!({
        "file_object_key": begun.s3_key,
        "upload_id": begun.upload_id,
        "part_etags": part,
        "user_id": "ann",
    });
    let path = "/api/v2/team/file/complete-multipart-upload";
    let answer = house.call(&ann.key, "POST", path, &body.to_string()).await;
    assert_eq!(answer.body["code"], 300_003, "{:?}", answer.body);
    refused(&ann.commit(&begun).await, 400, "Upload not completed for this job");
    let refusal = ann.complete_with(&begun, named(&etags)).await;
    refused(&refusal, 422, "File refused: the content is not UTF-8 text.");
}
