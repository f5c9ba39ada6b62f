//! A dataset gets its next version by one PUT.

use serde_json::{Value, json};

use crate::{
    client::{Begun, Client, NOBODYS, done, end_of, parameter, refused},
    common::{House, now, wait_secs},
};

/// Checks that the one URL is for the bytes that were announced, and for nothing else.
fn check_url(house: &House, url: &str, s3_key: &str) {
    let start = format!("http://localhost:8080/s3/countersign/{s3_key}?");
    assert!(url.starts_with(&start), "{url}");
    assert_eq!(parameter(url, "X-Amz-SignedHeaders"), "content-length%3Bcontent-type%3Bhost");
    assert_eq!(parameter(url, "X-Amz-Expires"), "3600");
    assert_eq!(end_of(url), 1_795_000_000 + 3_600);
    let (right, length) = (("content-type", "text/csv"), ("content-length", "4"));
    let found = house.verified("PUT", url, &[right, length]);
    assert_eq!(found.as_str(), s3_key);
    for (method, headers) in [
        ("PUT", &[][..]),
        ("PUT", &[right]),
        ("PUT", &[length]),
        ("PUT", &[right, ("content-length", "3")]),
        ("PUT", &[right, ("content-length", "5")]),
        ("PUT", &[right, ("content-length", "04")]),
        ("PUT", &[("content-type", "text/plain"), length]),
        ("PUT", &[("content-type", "text/csv; charset=utf-8"), length]),
        ("PUT", &[("content-type", "TEXT/CSV"), length]),
        ("GET", &[right, length]),
        ("POST", &[right, length]),
        ("DELETE", &[right, length]),
    ] {
        assert!(house.checked(method, url, headers).is_none(), "{method} {headers:?}");
    }
}

fn is_uuid(text: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-');
    text.len() == 36 && text.bytes().all(is_digit)
}

#[tokio::test]
async fn what_is_begun_says_what_it_has_to_and_no_more() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let mut seen = std::collections::HashSet::new();
    for path in [
        format!("/datasets/{dataset}/reupload/presigned"),
        format!("/datasets/{dataset}/reupload/presigned/"),
        format!("/datasets/{}/reupload/presigned", dataset.to_uppercase()),
        "/ingest/upload/presigned".into(),
        "/ingest/upload/presigned/".into(),
    ] {
        let body = json!({
            "filename": "Secret plans.CSV", "file_size": 4, "content_type": "text/csv", "x": 1,
        });
        let begun = done(&ann.post(&path, &body).await, 201);
        let (id, s3_key) = (begun["job_id"].as_str().unwrap(), begun["s3_key"].as_str().unwrap());
        let url = begun["urls"][0].as_str().unwrap();
        let expected = json!({
            "job_id": id, "urls": [url], "s3_key": s3_key, "upload_id": null, "part_size": null,
        });
        assert_eq!(begun, expected);
        assert!(is_uuid(id), "{id}");
        // Nothing of it is the client's own text, or can be guessed from the job.
        let name = s3_key.strip_prefix(&format!("staging/{id}/")).unwrap();
        let name = name.strip_suffix(".csv").unwrap();
        assert!(is_uuid(name) && name != id, "{s3_key}");
        assert!(!url.contains("ecret") && !url.contains("plans"), "{url}");
        assert!(seen.insert(id.to_owned()) && seen.insert(name.to_owned()));
        check_url(&house, url, s3_key);
    }
}

#[tokio::test]
async fn a_type_that_is_not_said_is_one_of_octets() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    for member in ["", ",\"content_type\":null"] {
        let body = format!("{{\"filename\":\"a.csv\",\"file_size\":4{member}}}");
        let path = format!("/datasets/{dataset}/reupload/presigned");
        let begun = Begun::new(&done(&ann.call("POST", &path, &body).await, 201), Some(&dataset));
        house.put(&begun.urls[0], "application/octet-stream", b"a,b\n").await;
        let wrong = [("content-type", "text/csv"), ("content-length", "4")];
        assert!(house.checked("PUT", &begun.urls[0], &wrong).is_none());
        done(&ann.complete(&begun).await, 200);
    }
}

/// What is said of a job, with these values for what changes.
fn shown(begun: &Begun, changing: &Value) -> Value {
    let mut shown = json!({
        "id": begun.id,
        "status": "pending",
        "dataset_id": begun.dataset,
        "source_filename": "a.csv",
        "error_message": null,
        "can_retry": false,
        "retry_reason": null,
        "warning_message": null,
        "warnings": [],
        "progress": null,
        "current_step": null,
        "rows_processed": null,
        "rows_failed": null,
        "started_at": null,
        "completed_at": null,
        "created_at": "2026-11-18T11:06:40Z",
    });
    for (member, value) in changing.as_object().unwrap() {
        shown[member] = value.clone();
    }
    shown
}

#[tokio::test]
async fn a_job_goes_one_way_and_says_where_it_is() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let begun = ann.begin(Some(&dataset), "a.csv", 4).await;
    let id = &begun.id;
    assert_eq!(ann.job(&begun).await, shown(&begun, &json!({})));

    refused(&ann.complete(&begun).await, 400, "File not found in S3 after upload");
    refused(&ann.commit(&begun).await, 400, "Upload not completed for this job");
    assert_eq!(ann.job(&begun).await, shown(&begun, &json!({})));
    begun.put(&house, b"a,b\n").await;
    refused(&ann.commit(&begun).await, 400, "Upload not completed for this job");
    assert_eq!(begun.stored(&house).await, [Some(b"a,b\n".to_vec()), None]);

    let completed = done(&ann.complete(&begun).await, 200);
    let message = "File uploaded for re-upload preview";
    assert_eq!(completed, json!({ "job_id": id, "status": "pending", "message": message }));
    assert_eq!(begun.stored(&house).await, [None, Some(b"a,b\n".to_vec())]);
    refused(&ann.complete(&begun).await, 400, "Upload already completed for this job");
    assert_eq!(ann.job(&begun).await, shown(&begun, &json!({})));
    assert_eq!(ann.datasets().await[0]["current_version"], 0);

    wait_secs(20);
    let committed = done(&ann.commit(&begun).await, 202);
    let message = "Re-upload queued";
    assert_eq!(committed, json!({ "job_id": id, "status": "pending", "message": message }));
    refused(&ann.commit(&begun).await, 400, "Job already processed");
    refused(&ann.complete(&begun).await, 400, "Upload already completed for this job");
    let at = "2026-11-18T11:07:00Z";
    let complete = json!({
        "status": "complete", "progress": 1.0, "current_step": "complete", "started_at": at, "completed_at": at,
    });
    assert_eq!(ann.job(&begun).await, shown(&begun, &complete));
    assert_eq!(ann.datasets().await[0]["current_version"], 1);
    assert_eq!(begun.stored(&house).await, [None, Some(b"a,b\n".to_vec())]);
}

#[tokio::test]
async fn each_job_is_the_next_version_in_the_order_of_the_commits() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let first = ann.completed(Some(&dataset), b"first").await;
    let second = ann.completed(Some(&dataset), b"second").await;
    for (begun, version) in [(&second, 1), (&first, 2)] {
        done(&ann.commit(begun).await, 202);
        assert_eq!(ann.datasets().await[0]["current_version"], version);
    }
    let versions = ann.versions(&dataset).await;
    assert_eq!(versions.len(), 2);
    assert_eq!(ann.download(&dataset, &versions[0]).await, b"first");
    assert_eq!(ann.download(&dataset, &versions[1]).await, b"second");
    assert_eq!(ann.job(&second).await["status"], "complete");
}

#[tokio::test]
async fn each_path_may_end_in_a_slash_and_an_id_may_be_in_upper_case() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    for (slash, is_upper) in [("", false), ("/", false), ("", true), ("/", true)] {
        for target in [Some(&*dataset), None] {
            let begun = ann.brought(target, b"a,b\n").await;
            let spelt = |id: &str| if is_upper { id.to_uppercase() } else { id.into() };
            let spelt = Begun {
                id: spelt(&begun.id),
                dataset: begun.dataset.as_deref().map(spelt),
                ..begun.clone()
            };
            let complete = format!("{}{slash}", spelt.complete_path());
            let completed = done(&ann.call("POST", &complete, "{}").await, 200);
            assert_eq!(completed["job_id"], *begun.id);
            let commit = format!("{}{slash}", spelt.commit_path());
            done(&ann.call("POST", &commit, "{\"title\":\"made\"}").await, 202);
            let job = done(&ann.get(&format!("/jobs/{}{slash}", spelt.id)).await, 200);
            assert_eq!((&job["id"], &job["status"]), (&json!(begun.id), &json!("complete")));
        }
    }
}

#[tokio::test]
async fn what_was_put_in_time_may_be_completed_late() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let begun = ann.begin(Some(&dataset), "a.csv", 4).await;
    let headers = [("content-type", "text/csv"), ("content-length", "4")];
    wait_secs(3_599);
    begun.put(&house, b"a,b\n").await;
    wait_secs(1);
    assert_eq!(now().unix_secs(), end_of(&begun.urls[0]));
    assert!(house.checked("PUT", &begun.urls[0], &headers).is_none());
    wait_secs(10_000);
    house.app.sweep_doomed().await;
    done(&ann.complete(&begun).await, 200);
    wait_secs(10_000);
    done(&ann.commit(&begun).await, 202);
    assert_eq!(ann.download(&dataset, &ann.versions(&dataset).await[0]).await, b"a,b\n");
}

#[tokio::test]
async fn a_dataset_and_a_job_that_are_not_there_are_not_found() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let begun = ann.completed(Some(&dataset), b"a,b\n").await;
    refused(&ann.try_begin(Some(NOBODYS), "a.csv", 1).await, 404, "Dataset not found");
    let nowhere = Begun { dataset: Some(NOBODYS.into()), ..begun.clone() };
    let nobodys = Begun { id: NOBODYS.into(), ..begun.clone() };
    let other = ann.dataset("other").await;
    let elsewhere = Begun { dataset: Some(other), ..begun.clone() };
    for (wrong, detail) in [
        (nowhere, "Dataset not found"),
        (nobodys, "Reupload job not found"),
        (elsewhere, "Reupload job not found"),
        (Begun { dataset: None, ..begun.clone() }, "Job not found"),
        (Begun { dataset: None, id: NOBODYS.into(), ..begun.clone() }, "Job not found"),
    ] {
        refused(&ann.complete(&wrong).await, 404, detail);
        refused(&ann.commit(&wrong).await, 404, detail);
    }
    refused(&ann.get(&format!("/jobs/{NOBODYS}")).await, 404, "Job not found");
    // A job that is to make a dataset is none of one that is there.
    let ingest = ann.completed(None, b"a,b\n").await;
    let wrong = Begun { dataset: Some(dataset), ..ingest.clone() };
    refused(&ann.complete(&wrong).await, 404, "Reupload job not found");
    refused(&ann.commit(&wrong).await, 404, "Reupload job not found");
    done(&ann.commit(&begun).await, 202);
    done(&ann.commit(&ingest).await, 202);
}
