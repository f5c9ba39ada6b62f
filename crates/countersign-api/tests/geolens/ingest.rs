//! A job makes a dataset.

use serde_json::{Value, json};

use crate::{
    client::{Begun, Client, done, faults, refused},
    common::House,
};

#[tokio::test]
async fn a_file_becomes_the_first_version_of_a_new_dataset() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let begun = ann.begin(None, "Roads 2026.csv", 4).await;
    assert_eq!(ann.job(&begun).await["dataset_id"], Value::Null);
    refused(&ann.complete(&begun).await, 400, "File not found in S3 after upload");
    begun.put(&house, b"a,b\n").await;
    refused(&ann.commit(&begun).await, 400, "Upload not completed for this job");
    let completed = done(&ann.complete(&begun).await, 200);
    let message = "File uploaded and ready for preview";
    let expected = json!({ "job_id": begun.id, "status": "pending", "message": message });
    assert_eq!(completed, expected);
    refused(&ann.complete(&begun).await, 400, "Upload already completed for this job");
    assert_eq!(ann.datasets().await, [] as [Value; 0]);

    let wish = json!({
        "title": "Roads", "summary": "All of them.\nIn lines.", "visibility": "internal", "x": 1,
    });
    let committed = done(&ann.post(&begun.commit_path(), &wish).await, 202);
    let message = "Ingestion queued";
    let expected = json!({ "job_id": begun.id, "status": "pending", "message": message });
    assert_eq!(committed, expected);
    let job = ann.job(&begun).await;
    let dataset = job["dataset_id"].as_str().unwrap();
    assert_eq!(
        (&job["status"], &job["source_filename"]),
        (&json!("complete"), &json!("Roads 2026.csv"))
    );
    let expected = json!([{
        "id": dataset,
        "record_id": dataset,
        "table_name": format!("dataset_{}", dataset.replace('-', "")),
        "title": "Roads",
        "summary": "All of them.\nIn lines.",
        "feature_count": null,
        "source_filename": "Roads 2026.csv",
        "current_version": 1,
        "visibility": "internal",
        "created_by": null,
        "created_by_display": "ann",
        "created_at": "2026-11-18T11:06:40Z",
        "updated_at": "2026-11-18T11:06:40Z",
    }]);
    assert_eq!(Value::from(ann.datasets().await), expected);
    assert_eq!(ann.read(dataset).await["column_info"], json!([]));
    assert_eq!(ann.download(dataset, &ann.versions(dataset).await[0]).await, b"a,b\n");
    refused(&ann.post(&begun.commit_path(), &wish).await, 400, "Job already processed");
    assert_eq!(ann.datasets().await.len(), 1);
    // It is a dataset as any other.
    let next = ann.completed(Some(dataset), b"c,d\n").await;
    done(&ann.commit(&next).await, 202);
    assert_eq!(ann.datasets().await[0]["current_version"], 2);
}

#[tokio::test]
async fn a_commit_that_is_not_valid_is_refused_whole_and_uses_nothing_up() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let begun = ann.completed(None, b"a,b\n").await;
    let long = format!("{{\"title\":\"{}\"}}", "ü".repeat(501));
    let long_summary = format!("{{\"title\":\"t\",\"summary\":\"{}\"}}", "ü".repeat(5_001));
    for (body, expected) in [
        ("{}", &["body.title missing"][..]),
        (r#"{"title":null}"#, &["body.title missing"]),
        (r#"{"title":1}"#, &["body.title string_type"]),
        (r#"{"title":[]}"#, &["body.title string_type"]),
        (r#"{"title":""}"#, &["body.title value_error"]),
        (r#"{"title":" "}"#, &["body.title value_error"]),
        (r#"{"title":"a\u0000"}"#, &["body.title value_error"]),
        (&long, &["body.title string_too_long"]),
        (r#"{"title":"t","summary":1}"#, &["body.summary string_type"]),
        (&long_summary, &["body.summary string_too_long"]),
        (r#"{"title":"t","visibility":"INTERNAL"}"#, &["body.visibility value_error"]),
        (r#"{"title":"t","visibility":""}"#, &["body.visibility value_error"]),
        (r#"{"title":"t","visibility":true}"#, &["body.visibility string_type"]),
        (r#"{"title":"t","srid_override":4326}"#, &["body.srid_override value_error"]),
        (r#"{"title":"t","layer_name":"roads"}"#, &["body.layer_name value_error"]),
        (r#"{"title":"t","x_column":"x"}"#, &["body.x_column value_error"]),
        (r#"{"title":"t","compression":"LZW"}"#, &["body.compression value_error"]),
        (
            r#"{"title":"","summary":{},"visibility":1}"#,
            &["body.title value_error", "body.summary string_type", "body.visibility string_type"],
        ),
        ("", &["body json_invalid"]),
        ("[]", &["body json_invalid"]),
    ] {
        let refusal = ann.call("POST", &begun.commit_path(), body).await;
        assert_eq!(faults(&refusal), expected, "{body}");
    }
    assert_eq!(ann.datasets().await, [] as [Value; 0]);
    assert_eq!(ann.job(&begun).await["status"], "pending");
    let (title, summary) = ("ü".repeat(500), "ü".repeat(5_000));
    let wish = json!({ "title": title, "summary": summary, "token": "any", "layer_name": null });
    done(&ann.post(&begun.commit_path(), &wish).await, 202);
    let made = ann.datasets().await.remove(0);
    assert_eq!((&made["title"], &made["summary"]), (&json!(title), &json!(summary)));
}

#[tokio::test]
async fn a_file_becomes_a_version_as_it_is() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let begun = ann.completed(Some(&dataset), b"a,b\n").await;
    let commit = async |body: &str| ann.call("POST", &begun.commit_path(), body).await;
    for (body, expected) in [
        (r#"{"srid_override":4326}"#, &["body.srid_override value_error"][..]),
        (r#"{"srid_override":false}"#, &["body.srid_override value_error"]),
        (r#"{"layer_name":""}"#, &["body.layer_name value_error"]),
        (
            r#"{"layer_name":"a","srid_override":1}"#,
            &["body.srid_override value_error", "body.layer_name value_error"],
        ),
        ("[]", &["body json_invalid"]),
    ] {
        let refusal = commit(body).await;
        assert_eq!(faults(&refusal), expected, "{body}");
    }
    let refusal = commit(r#"{"layer_name":"a"}"#).await;
    let message = "Value error, it is not supported: a file is taken as it is";
    assert_eq!(refusal.body["detail"][0]["msg"], message);
    assert_eq!(ann.datasets().await[0]["current_version"], 0);
    let ignored = r#"{"token":"secret","srid_override":null,"title":7,"visibility":"public"}"#;
    done(&commit(ignored).await, 202);
    for body in ["", "{}"] {
        let begun = ann.completed(Some(&dataset), b"a,b\n").await;
        done(&ann.call("POST", &begun.commit_path(), body).await, 202);
    }
    assert_eq!(ann.datasets().await[0]["current_version"], 3);
}

#[tokio::test]
async fn a_job_for_a_dataset_that_is_there_makes_no_other() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let begun = ann.completed(Some(&dataset), b"a,b\n").await;
    let as_ingest = Begun { dataset: None, ..begun.clone() };
    refused(&ann.commit(&as_ingest).await, 404, "Job not found");
    refused(&ann.complete(&as_ingest).await, 404, "Job not found");
    done(&ann.commit(&begun).await, 202);
    // Both ways know it now, and neither does anything.
    for wrong in [&begun, &as_ingest] {
        let again = ann.commit(wrong).await;
        assert!(matches!(again.status.as_u16(), 400 | 404), "{:?}", again.body);
    }
    assert_eq!(ann.datasets().await.len(), 1);
    assert_eq!(ann.datasets().await[0]["current_version"], 1);
}

#[tokio::test]
async fn whatever_visibility_is_asked_for_what_holds_is_answered() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let bob = Client::new(&house, "acme", "bob").await;
    let queued = "Ingestion queued";
    let told =
        "Ingestion queued. The dataset is internal: its whole team reads it, and nobody else.";
    for (asked, message) in [
        (json!("private"), told),
        (json!("restricted"), told),
        (json!("public"), told),
        (json!("internal"), queued),
        (Value::Null, queued),
    ] {
        let begun = ann.completed(None, b"a,b\n").await;
        // The vendor's client says `strict_cog`, too.
        let wish = json!({ "title": "t", "visibility": asked, "strict_cog": false });
        let committed = done(&ann.post(&begun.commit_path(), &wish).await, 202);
        assert_eq!(committed["message"], message, "{asked}");
        let made = ann.job(&begun).await["dataset_id"].as_str().unwrap().to_owned();
        assert_eq!(bob.read(&made).await["visibility"], "internal");
    }
    let eve = Client::new(&house, "evil", "eve").await;
    assert_eq!(eve.datasets().await, [] as [Value; 0]);
}
