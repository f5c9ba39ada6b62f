//! What a job has brought, and how it differs from what is there.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    client::{Begun, Client, done, faults, refused},
    common::{Answer, House},
    parts::small_brought,
};

const CSV: &[u8] = b"name,people\nA,1\nB,2\n";
const GEOJSON: &[u8] = br#"{"type":"FeatureCollection","features":[
    {"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"a":true}}]}"#;

async fn preview(client: &Client<'_>, job: &Begun) -> Answer {
    let path = match &job.dataset {
        Some(dataset) => format!("/datasets/{dataset}/reupload/{}/preview", job.id),
        None => format!("/ingest/preview/{}", job.id),
    };
    client.call("POST", &path, "").await
}

/// A job of this file that was completed.
async fn completed(
    client: &Client<'_>,
    dataset: Option<&str>,
    name: &str,
    bytes: &'static [u8],
) -> Begun {
    let begun = client.begin(dataset, name, bytes.len()).await;
    begun.put(client.house, bytes).await;
    done(&client.complete(&begun).await, 200);
    begun
}

#[tokio::test]
async fn a_preview_shows_what_is_in_a_file() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for (name, bytes, shown) in [
        (
            "Roads 2026.csv",
            CSV,
            json!({
                "columns": [{ "name": "name", "type": "text" }, { "name": "people", "type": "integer" }],
                "crs": null,
                "geometry_type": null,
                "feature_count": 2,
                "sample_rows": [{ "name": "A", "people": 1 }, { "name": "B", "people": 2 }],
                "layer_name": "Roads 2026",
            }),
        ),
        (
            "a.b.TSV",
            b"d\tf\n2026-11-22\t1.5\n",
            json!({
                "columns": [{ "name": "d", "type": "date" }, { "name": "f", "type": "float" }],
                "crs": null,
                "geometry_type": null,
                "feature_count": 1,
                "sample_rows": [{ "d": "2026-11-22", "f": 1.5 }],
                "layer_name": "a.b",
            }),
        ),
        (
            "a.geojson",
            GEOJSON,
            json!({
                "columns": [{ "name": "a", "type": "boolean" }],
                "crs": 4326,
                "geometry_type": "Point",
                "feature_count": 1,
                "sample_rows": [{ "a": true }],
                "layer_name": "a",
            }),
        ),
        (
            "a.json",
            b"[]",
            json!({
                "columns": [],
                "crs": null,
                "geometry_type": null,
                "feature_count": 0,
                "sample_rows": [],
                "layer_name": "a",
            }),
        ),
    ] {
        let job = completed(&ann, None, name, bytes).await;
        let mut expected = shown;
        expected["job_id"] = job.id.clone().into();
        expected["source_filename"] = name.into();
        expected["layers"] = Value::Null;
        expected["detected_geometry_columns"] = Value::Null;
        let found = done(&preview(&ann, &job).await, 200);
        assert_eq!(found, expected, "{name}");
        // It changes nothing, and neither does what comes late.
        house.store(&job.staging_key(), b"x,y\n").await;
        assert_eq!(done(&preview(&ann, &job).await, 200), expected);
        assert_eq!(ann.job(&job).await["status"], "pending");
        done(&ann.commit(&job).await, 202);
    }
}

#[tokio::test]
async fn a_preview_is_held_against_the_current_version() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let columns = json!([
        { "name": "NAME", "type": "text" },
        { "name": "people", "type": "float" },
        { "name": "gone", "type": "date" },
    ]);
    let made = ann.post("/datasets/create/", &json!({ "title": "d", "columns": columns })).await;
    let dataset = done(&made, 201)["id"].as_str().unwrap().to_owned();
    let diff = async |job: &Begun| {
        let found = done(&preview(&ann, job).await, 200);
        assert_eq!(found["all_layers"], Value::Null);
        assert_eq!(found["previous_source_layer"], Value::Null);
        found["schema_diff"].clone()
    };
    // Against what was declared.
    let job = completed(&ann, Some(&dataset), "a.csv", CSV).await;
    let expected = json!({
        "columns_added": [],
        "columns_removed": [{ "name": "gone", "type": "date" }],
        "type_changes": [{ "name": "people", "old_type": "float", "new_type": "integer" }],
        "row_count_old": 0,
        "row_count_new": 2,
        "row_count_delta": 2,
    });
    assert_eq!(diff(&job).await, expected);
    done(&ann.commit(&job).await, 202);
    // Against what is there.
    let job = completed(&ann, Some(&dataset), "a.csv", b"people,new\nx,1\n").await;
    let expected = json!({
        "columns_added": [{ "name": "new", "type": "integer" }],
        "columns_removed": [{ "name": "name", "type": "text" }],
        "type_changes": [{ "name": "people", "old_type": "integer", "new_type": "text" }],
        "row_count_old": 2,
        "row_count_new": 1,
        "row_count_delta": -1,
    });
    assert_eq!(diff(&job).await, expected);
    // What is there cannot be read.
    let zip = completed(&ann, Some(&dataset), "a.zip", b"PK\x03\x04").await;
    done(&ann.commit(&zip).await, 202);
    let found = diff(&job).await;
    assert_eq!(found["columns_removed"][1], json!({ "name": "gone", "type": "date" }));
    assert_eq!((&found["row_count_old"], &found["row_count_delta"]), (&json!(null), &json!(null)));
}

#[tokio::test]
async fn only_a_completed_job_has_a_preview() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    for target in [None, Some(&*dataset)] {
        let job = ann.brought(target, CSV).await;
        refused(&preview(&ann, &job).await, 400, "Upload not completed for this job");
        done(&ann.complete(&job).await, 200);
        done(&preview(&ann, &job).await, 200);
        done(&ann.commit(&job).await, 202);
        refused(&preview(&ann, &job).await, 400, "Job already processed");
        let failed = ann.brought(target, b"a\0b").await;
        assert_eq!(ann.complete(&failed).await.status, 422);
        refused(&preview(&ann, &failed).await, 400, "Job already processed");
        let (in_parts, etags) = small_brought(&ann, target, CSV).await;
        done(&ann.complete_with(&in_parts, crate::client::named(&etags)).await, 200);
        assert_eq!(done(&preview(&ann, &in_parts).await, 200)["feature_count"], 2);
    }
    let job = ann.completed(None, CSV).await;
    let with_layer = format!("/ingest/preview/{}?layer_name=a", job.id);
    let refusal = ann.call("POST", &with_layer, "").await;
    assert_eq!(faults(&refusal), ["query.layer_name value_error"]);
    let job = ann.completed(Some(&dataset), CSV).await;
    let path = format!("/datasets/{dataset}/reupload/{}/preview", job.id);
    let refusal = ann.call("POST", &path, r#"{"layer_name":"a","srid_override":4326}"#).await;
    let expected = ["body.srid_override value_error", "body.layer_name value_error"];
    assert_eq!(faults(&refusal), expected);
    done(&ann.call("POST", &path, "{}").await, 200);
}

#[tokio::test]
async fn what_cannot_be_previewed_says_why_and_can_be_committed() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let unsupported = "there is no preview of this format. The job may be committed without one.";
    for (name, bytes, reason) in [
        ("a.zip", &b"PK\x03\x04"[..], unsupported),
        ("a.tif", b"II*\0", unsupported),
        ("a.parquet", b"PAR1", unsupported),
        ("a.csv", b"\n\n", "the file has no header."),
        ("a.csv", b"a,a\n", "the header names column 2 as another one before it."),
        ("a.csv", b"a\n1,2\n", "row 1 has more values than the header has names."),
        ("a.json", b"{", "it is no JSON, at line 1, column 1."),
        ("a.json", b"[1]", "row 1 is no object."),
        ("a.json", b"{}", "it is no list of objects and no GeoJSON."),
        ("a.geojson", b"[]", "it is no list of objects and no GeoJSON."),
    ] {
        let job = completed(&ann, None, name, bytes).await;
        let detail = format!("Unable to preview file: {reason}");
        refused(&preview(&ann, &job).await, 422, &detail);
        done(&ann.commit(&job).await, 202);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_previews_at_once_take_turns() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let job = ann.completed(None, CSV).await;
    let answers = join_all((0..32).map(|_| preview(&ann, &job))).await;
    for answer in answers {
        assert_eq!(done(&answer, 200)["feature_count"], 2);
    }
}
