//! A dataset is changed, has versions, and is deleted.

use countersign_storage::ObjectKey;
use serde_json::{Value, json};

use crate::{
    client::{Client, NOBODYS, done, faults, parameter, refused},
    common::{House, wait_secs},
    parts::small_brought,
};

#[tokio::test]
async fn a_title_and_a_summary_are_changed_and_the_rest_stays() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let path = format!("/datasets/{dataset}");
    let before = ann.read(&dataset).await;
    wait_secs(5);
    for body in
        ["{}", r#"{"title":null,"summary":null,"visibility":"internal","x":1,"license":null}"#]
    {
        assert_eq!(done(&ann.call("PATCH", &path, body).await, 200), before);
    }
    let changed = done(&ann.call("PATCH", &path, r#"{"title":"new"}"#).await, 200);
    let mut expected = before.clone();
    expected["title"] = "new".into();
    expected["updated_at"] = "2026-11-18T11:06:45Z".into();
    assert_eq!(changed, expected);
    let changed = done(&ann.call("PATCH", &path, r#"{"summary":"text"}"#).await, 200);
    expected["summary"] = "text".into();
    assert_eq!(changed, expected);
    assert_eq!(ann.read(&dataset).await, expected);
    let changed = done(&ann.call("PATCH", &path, r#"{"summary":""}"#).await, 200);
    assert_eq!(changed["summary"], Value::Null);
    // Powerdrill sees the same.
    let listed = ann.powerdrill("GET", "/datasets", json!({})).await;
    assert_eq!(listed["records"][0]["name"], "new");
}

#[tokio::test]
async fn a_change_that_is_not_valid_changes_nothing() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let path = format!("/datasets/{dataset}");
    let before = ann.read(&dataset).await;
    for (body, expected) in [
        (r#"{"title":""}"#, &["body.title value_error"][..]),
        (r#"{"title":1,"summary":2}"#, &["body.title string_type", "body.summary string_type"]),
        (r#"{"title":"x","visibility":"private"}"#, &["body.visibility value_error"]),
        (r#"{"title":"x","visibility":"public"}"#, &["body.visibility value_error"]),
        (r#"{"title":"x","license":"MIT"}"#, &["body.license value_error"]),
        (
            r#"{"owner_id":"x","expected_updated_at":"2026-01-01T00:00:00Z"}"#,
            &["body.owner_id value_error", "body.expected_updated_at value_error"],
        ),
        ("", &["body json_invalid"]),
        ("[]", &["body json_invalid"]),
    ] {
        assert_eq!(faults(&ann.call("PATCH", &path, body).await), expected, "{body}");
    }
    let nobodys = format!("/datasets/{NOBODYS}");
    refused(&ann.call("PATCH", &nobodys, r#"{"title":"x"}"#).await, 404, "Dataset not found");
    assert_eq!(ann.read(&dataset).await, before);
}

#[tokio::test]
async fn versions_are_listed_newest_first() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let path = format!("/datasets/{dataset}/versions/");
    assert_eq!(done(&ann.get(&path).await, 200), json!({ "versions": [], "total": 0 }));
    for _ in 0..3 {
        let begun = ann.completed(Some(&dataset), b"a,b\n").await;
        done(&ann.commit(&begun).await, 202);
    }
    let found = done(&ann.get(&path).await, 200);
    assert_eq!(found["total"], 3);
    let numbers: Vec<_> =
        found["versions"].as_array().unwrap().iter().map(|it| &it["version_number"]).collect();
    assert_eq!(numbers, [3, 2, 1]);
    let newest = &found["versions"][0];
    let id = ann.versions(&dataset).await[0]["id"].as_str().unwrap().to_owned();
    let expected = json!({
        "id": id.strip_prefix("datasource-").unwrap(),
        "dataset_id": dataset,
        "version_number": 3,
        "source_filename": "a.csv",
        "source_format": "CSV",
        "feature_count": null,
        "srid": null,
        "geometry_type": null,
        "file_hash": null,
        "uploaded_by": null,
        "uploaded_at": "2026-11-18T11:06:40Z",
    });
    assert_eq!(newest, &expected);
    let page = done(&ann.get(&format!("{path}?skip=1&limit=1")).await, 200);
    assert_eq!((&page["total"], &page["versions"][0]["version_number"]), (&json!(3), &json!(2)));
    assert_eq!(
        faults(&ann.get(&format!("{path}?limit=201")).await),
        ["query.limit less_than_equal"]
    );
    let gone = format!("/datasets/dataset-{dataset}/datasources/{id}");
    ann.powerdrill("DELETE", &gone, json!({})).await;
    assert_eq!(done(&ann.get(&path).await, 200)["total"], 2);
}

#[tokio::test]
async fn a_dataset_is_deleted_by_its_title_with_all_that_it_has() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let (dataset, other) = (ann.dataset("d ").await, ann.dataset("d ").await);
    let path = format!("/datasets/{dataset}");
    let committed = ann.completed(Some(&dataset), b"a,b\n").await;
    done(&ann.commit(&committed).await, 202);
    let completed = ann.completed(Some(&dataset), b"a,b\n").await;
    let brought = ann.brought(Some(&dataset), b"a,b\n").await;
    let (in_parts, _) = small_brought(&ann, Some(&dataset), b"a,b\n").await;
    let kept = ann.completed(Some(&other), b"a,b\n").await;
    for body in [r#"{"confirm_title":"d"}"#, r#"{"confirm_title":"D "}"#, r#"{"confirm_title":""}"#]
    {
        let detail = "Dataset title does not match confirmation";
        refused(&ann.call("DELETE", &path, body).await, 400, detail);
    }
    for (body, fault) in [
        ("{}", "body.confirm_title missing"),
        (r#"{"confirm_title":1}"#, "body.confirm_title string_type"),
        ("", "body json_invalid"),
    ] {
        assert_eq!(faults(&ann.call("DELETE", &path, body).await), [fault]);
    }
    let keys = [committed.object_key(&house).await, completed.object_key(&house).await];
    let deleted = ann.call("DELETE", &path, r#"{"confirm_title":"d "}"#).await;
    assert_eq!((deleted.status.as_u16(), &deleted.body), (204, &Value::Null));
    for key in &keys {
        assert_eq!(house.stored(key).await, None);
    }
    assert_eq!(brought.stored(&house).await, [None, None]);
    assert_eq!(in_parts.put_part(&house, 1, "a,b\n").await, None, "it is open in the storage");
    for (method, path) in [
        ("GET", path.clone()),
        ("GET", format!("{path}/versions/")),
        ("GET", format!("{path}/download/cog")),
        ("GET", format!("/jobs/by-dataset/{dataset}")),
    ] {
        refused(&ann.call(method, &path, "").await, 404, "Dataset not found");
    }
    let again = ann.call("DELETE", &path, r#"{"confirm_title":"d "}"#).await;
    refused(&again, 404, "Dataset not found");
    for job in [&committed, &completed, &brought, &in_parts] {
        refused(&ann.get(&format!("/jobs/{}", job.id)).await, 404, "Job not found");
        refused(&ann.complete(job).await, 404, "Dataset not found");
        refused(&ann.commit(job).await, 404, "Dataset not found");
    }
    assert_eq!(ann.datasets().await.len(), 1);
    done(&ann.commit(&kept).await, 202);
    // What a late PUT brings is swept.
    brought.put(&house, b"a,b\n").await;
    wait_secs(3_600 + 86_400);
    house.app.sweep_doomed().await;
    assert_eq!(brought.stored(&house).await, [None, None]);
    assert_eq!(house.stored(&kept.object_key(&house).await).await.unwrap(), b"a,b\n");
    let left = ObjectKey::new(parameter_key(&brought.urls[0])).unwrap();
    assert_eq!(left, brought.staging_key());
}

/// The key that a URL is for.
fn parameter_key(url: &str) -> &str {
    assert!(!parameter(url, "X-Amz-Signature").is_empty());
    url.split_once("/countersign/").unwrap().1.split_once('?').unwrap().0
}

#[tokio::test]
async fn usage_counts_what_the_team_has_and_the_user_made() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let bob = Client::new(&house, "acme", "bob").await;
    let usage = async |client: &Client<'_>| {
        let found = done(&client.get("/auth/me/usage/").await, 200);
        assert_eq!(found, done(&client.get("/auth/me/usage").await, 200));
        assert_eq!((&found["storage_cap"], &found["count_cap"]), (&json!(0), &json!(0)));
        (found["bytes_used"].as_u64().unwrap(), found["dataset_count"].as_u64().unwrap())
    };
    assert_eq!(usage(&ann).await, (0, 0));
    let dataset = ann.dataset("d").await;
    let begun = ann.brought(Some(&dataset), b"a,b\n").await;
    assert_eq!(usage(&ann).await, (0, 1));
    done(&ann.complete(&begun).await, 200);
    done(&ann.commit(&begun).await, 202);
    assert_eq!((usage(&ann).await, usage(&bob).await), ((4, 1), (4, 0)));
    let path = format!("/datasets/{dataset}");
    assert_eq!(ann.call("DELETE", &path, r#"{"confirm_title":"d"}"#).await.status, 204);
    assert_eq!(usage(&ann).await, (0, 0));
}

#[tokio::test]
async fn the_newest_job_of_a_dataset_is_answered_or_null() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let path = format!("/jobs/by-dataset/{dataset}");
    assert_eq!(done(&ann.get(&path).await, 200), Value::Null);
    for _ in 0..3 {
        let begun = ann.begin(Some(&dataset), "a.csv", 4).await;
        assert_eq!(done(&ann.get(&path).await, 200), ann.job(&begun).await);
    }
    refused(&ann.get(&format!("/jobs/by-dataset/{NOBODYS}")).await, 404, "Dataset not found");
}

#[tokio::test]
async fn no_job_is_done_again_and_says_why() {
    const GONE: &str =
        "This job cannot be retried: its file was refused, and is gone. Start a new upload.";
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let retry = async |id: &str| ann.call("POST", &format!("/jobs/{id}/retry"), "").await;
    let begun = ann.brought(None, b"a\0b\n").await;
    refused(&retry(&begun.id).await, 400, "Only failed jobs can be retried");
    assert_eq!(ann.job(&begun).await["retry_reason"], Value::Null);
    assert_eq!(ann.complete(&begun).await.status, 422);
    refused(&retry(&begun.id).await, 400, GONE);
    let job = ann.job(&begun).await;
    assert_eq!((&job["can_retry"], &job["retry_reason"]), (&json!(false), &json!(GONE)));
    let done_with = ann.completed(None, b"a,b\n").await;
    refused(&retry(&done_with.id).await, 400, "Only failed jobs can be retried");
    done(&ann.commit(&done_with).await, 202);
    refused(&retry(&done_with.id).await, 400, "Only failed jobs can be retried");
    refused(&retry(NOBODYS).await, 404, "Job not found");
}
