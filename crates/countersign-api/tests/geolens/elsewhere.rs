//! What the vendor has besides is not here, and says so.

use serde_json::json;

use crate::{
    client::{Client, NOBODYS, done, refused},
    common::House,
};

const NOT_HERE: &str =
    "Not provided here: this server keeps the files of datasets and their versions.";

#[tokio::test]
async fn what_is_no_data_is_said_to_be_not_here() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for path in [
        "/auth/login",
        "/auth/refresh/",
        "/auth/me/",
        "/auth/api-keys/",
        "/auth/oauth/x/login",
        "/admin/stats/",
        "/admin",
        "/maps/",
        "/tiles/tokens/",
        "/tiles/raster/x/1/2/3.pbf",
        "/collections",
        "/collections/x/items/y",
        "/conformance",
        "/search/datasets/",
        "/services/probe/",
        "/settings/all/",
        "/stac/search",
        "/ai/chat/",
        "/ingest/vrt/create",
        "/ingest/discover/",
        "/ingest/commit-fan-out/x",
        "/jobs/cleanup/stale/",
        &format!("/datasets/{NOBODYS}/export"),
        &format!("/datasets/{NOBODYS}/features/1"),
        &format!("/datasets/{NOBODYS}/rows/"),
    ] {
        for method in ["GET", "POST", "PATCH", "DELETE"] {
            refused(&ann.call(method, path, "{}").await, 404, NOT_HERE);
            refused(&house.call("x", method, &format!("/api{path}"), "").await, 404, NOT_HERE);
        }
    }
    // Their names are nobody else's.
    assert_eq!(ann.get("/nothing").await.status, 404);
}

#[tokio::test]
async fn the_configuration_of_uploads_is_what_holds() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let told = done(&ann.get("/ingest/upload/config").await, 200);
    let expected = json!({
        "presigned_uploads": true,
        "presigned_threshold_bytes": 104_857_600,
        "max_file_size_bytes": 524_288_000,
        "allowed_extensions": ".zip,.gpkg,.geojson,.json,.csv,.tsv,.tif,.tiff,.xlsx,.xls,.parquet",
        "remaining_dataset_quota": null,
    });
    assert_eq!(told, expected);
    let threshold = told["presigned_threshold_bytes"].as_u64().unwrap();
    for (size, in_parts) in [(threshold, false), (threshold + 1, true)] {
        let begun = done(&ann.try_begin(None, "a.csv", size).await, 201);
        assert_eq!(begun["upload_id"].is_string(), in_parts);
    }
    let max = told["max_file_size_bytes"].as_u64().unwrap();
    done(&ann.try_begin(None, "a.csv", max).await, 201);
    assert_eq!(ann.try_begin(None, "a.csv", max + 1).await.status, 422);
}
