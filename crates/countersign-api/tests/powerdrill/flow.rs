//! From a dataset to the bytes, and back to nothing.

use serde_json::{Value, json};

use crate::{
    client::{
        Begun, Client, Field, MIB, NOT_FOUND, TEAM, chunked, data, form, named, parameter, refused,
        text_of,
    },
    common::{self, House},
};

/// Checks what `init-multipart-upload` answered for 12 MiB.
fn check_begun(house: &House, begun: &Begun) {
    let sizes: Vec<_> = begun.parts.iter().map(|part| part.length).collect();
    assert_eq!(sizes, [5, 5, 2].map(|mib| mib * MIB as u64));
    let key = &begun.file_object_key;
    assert!(key.starts_with("objects/"), "{key}");
    assert_eq!(key.rsplit_once('.').unwrap().1, "csv");
    for (item, number) in begun.parts.iter().zip(1..) {
        assert_eq!(item.number, number);
        let start = format!("http://localhost:8080/s3/countersign/{key}?");
        assert!(item.url.starts_with(&start), "{}", item.url);
        assert_eq!(parameter(&item.url, "X-Amz-SignedHeaders"), "content-length%3Bhost");
        assert_eq!(parameter(&item.url, "X-Amz-Expires"), "86400");
        assert_eq!(parameter(&item.url, "partNumber"), number.to_string());
        assert_eq!(parameter(&item.url, "uploadId"), begun.upload_id);
        let right = item.length.to_string();
        let found = house.verified("PUT", &item.url, &[("content-length", &right)]);
        assert_eq!(found.as_str(), key);
        // The clients send a type, which nobody is held to.
        let octets = ("content-type", "application/octet-stream");
        house.verified("PUT", &item.url, &[("content-length", &right), octets]);
        let wrong = (item.length - 1).to_string();
        assert!(house.checked("PUT", &item.url, &[("content-length", &wrong)]).is_none());
        assert!(house.checked("PUT", &item.url, &[]).is_none());
        assert!(house.checked("GET", &item.url, &[("content-length", &right)]).is_none());
    }
}

#[tokio::test]
async fn a_file_goes_up_in_parts_and_comes_down_under_its_name() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("Sales").await;
    let bytes = text_of(12 * MIB);
    let begun = ann.begin("Bücher 2026.CSV", bytes.len()).await;
    check_begun(&house, &begun);
    let etags = begun.put(&house, &bytes).await;
    let completed = data(&ann.try_complete(&begun, named(&etags)).await);
    assert_eq!(completed, json!({ "file_object_key": begun.file_object_key }));

    let made = ann.try_source(&dataset, "Bücher 2026.csv", &begun.file_object_key).await;
    let made = data(&made);
    let expected = json!({
        "id": made["id"],
        "dataset_id": dataset,
        "name": "Bücher 2026.csv",
        "type": "FILE",
        "status": "synched",
        "size": bytes.len(),
    });
    assert_eq!(made, expected);
    let id = made["id"].as_str().unwrap();
    assert!(id.starts_with("datasource-") && dataset.starts_with("dataset-"), "{id}, {dataset}");
    let path = format!("/datasets/{dataset}/datasources");
    assert_eq!(data(&ann.get(&format!("{path}/{id}")).await), made);
    let page = json!({ "total_items": 1, "page_size": 10, "page_number": 1, "records": [made] });
    assert_eq!(data(&ann.get(&path).await), page);
    let record = json!({ "id": dataset, "name": "Sales", "description": "" });
    let page = json!({ "total_items": 1, "page_size": 10, "page_number": 1, "records": [record] });
    assert_eq!(data(&ann.get("/datasets").await), page);

    let link = data(&ann.post(&format!("{path}/{id}/presign"), json!({})).await);
    assert_eq!(link["expires_at"], "2026-11-18T11:16:40.000Z");
    let url = link["presigned_url"].as_str().unwrap();
    assert_eq!(parameter(url, "X-Amz-Expires"), "600");
    assert_eq!(parameter(url, "X-Amz-SignedHeaders"), "host");
    let disposition = parameter(url, "response-content-disposition");
    assert!(disposition.starts_with("attachment%3B"), "{url}");
    assert!(disposition.ends_with("UTF-8%27%27B%25C3%25BCcher%25202026.csv"), "{url}");
    let object = house.verified("GET", url, &[]);
    assert!(house.stored(&object).await.unwrap() == bytes);
    assert!(house.checked("PUT", url, &[]).is_none());

    let deleted = ann.delete(&format!("{path}/{id}")).await;
    assert_eq!(deleted.body, json!({ "code": 0, "data": {} }));
    assert!(house.stored(&object).await.is_none());
    refused(&ann.get(&format!("{path}/{id}")).await, NOT_FOUND);
    refused(&ann.post(&format!("{path}/{id}/presign"), json!({})).await, NOT_FOUND);
    refused(&ann.delete(&format!("{path}/{id}")).await, NOT_FOUND);
    assert_eq!(data(&ann.get(&path).await)["total_items"], 0);
    let handle = &begun.file_object_key;
    for name in ["Bücher 2026.csv", "other.csv"] {
        refused(&ann.try_source(&dataset, name, handle).await, NOT_FOUND);
    }
    // Nothing that is still known of it brings it back.
    let again = ann.try_complete(&begun, named(&etags)).await;
    assert_ne!(again.body["code"], 0, "{:?}", again.body);
    for item in &begun.parts {
        assert_eq!(item.put(&house, b"late").await, None);
    }
    assert!(house.stored(&object).await.is_none());
}

/// Does all there is to do below one path.
async fn walk(client: &Client<'_>, mount: &str) {
    let ask = async |method: &str, path: &str, body: Value| {
        let path = format!("{mount}{path}");
        data(&client.house.call(&client.key, method, &path, &body.to_string()).await)
    };
    let user = client.user;
    let dataset = ask("POST", "/datasets", json!({ "name": "d", "user_id": user })).await;
    let dataset = dataset["id"].as_str().unwrap();
    let size = json!({ "file_name": "a.csv", "file_size": 3, "user_id": user });
    let begun = Begun::new(&ask("POST", "/file/init-multipart-upload", size).await, 3);
    let etags = begun.put(client.house, b"a,b").await;
    let parts = json!({
        "file_object_key": begun.file_object_key,
        "upload_id": begun.upload_id,
        "part_etags": named(&etags),
        "user_id": user,
    });
    let handle = ask("POST", "/file/complete-multipart-upload", parts).await;
    let mut wish = json!({ "name": "a.csv", "type": "FILE", "user_id": user });
    wish["file_object_key"] = handle["file_object_key"].clone();
    let path = format!("/datasets/{dataset}/datasources");
    let made = ask("POST", &path, wish.clone()).await;
    assert_eq!(ask("POST", "/datasources", wish).await, made);
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    assert_eq!(ask("GET", &format!("{one}?user_id={user}"), json!({})).await, made);
    assert_eq!(ask("GET", &format!("{path}?user_id={user}"), json!({})).await["total_items"], 1);
    let list = ask("GET", &format!("/datasets?user_id={user}&page_size=1"), json!({})).await;
    assert_eq!(list["records"][0]["id"], dataset);
    ask("POST", &format!("{one}/presign"), json!({ "user_id": user })).await;
    assert_eq!(ask("DELETE", &one, json!({ "user_id": user })).await, json!({}));
}

#[tokio::test]
async fn every_path_is_there_under_each_of_its_roots() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for mount in [TEAM, "/v2/team", "/app/api/v2/team"] {
        walk(&ann, mount).await;
        let form = form(&[Field::Text("user_id", "ann"), Field::File("file", "a.csv", b"a")]);
        let request = axum::http::Request::post(format!("{mount}/file/upload-datasource"))
            .header("x-pd-api-key", &ann.key)
            .header("content-type", "multipart/form-data; boundary=\"X-BOUNDARY\"");
        data(&house.send(request.body(chunked(form)).unwrap()).await);
    }
}

#[tokio::test]
async fn a_data_source_without_a_dataset_gets_one_of_its_name() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let handle = ann.upload("a.csv", "a,b\n").await;
    let wish = json!({ "name": "Q1.csv", "type": "FILE", "file_object_key": handle });
    let made = data(&ann.post("/datasources", wish).await);
    let datasets = data(&ann.get("/datasets").await);
    let dataset = &made["dataset_id"];
    let record = json!({ "id": dataset, "name": "Q1.csv", "description": "" });
    assert_eq!(datasets["records"], json!([record]));
    let path = format!("/datasets/{}/datasources", dataset.as_str().unwrap());
    assert_eq!(data(&ann.get(&path).await)["records"], json!([made]));
}

#[tokio::test]
async fn what_is_kept_outlives_every_sweep() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let handles = [ann.upload("a.csv", "a").await, ann.upload_in_parts("b.csv", b"b").await];
    for _ in 0..3 {
        common::wait_secs(86_400);
        house.app.sweep_doomed().await;
    }
    for (handle, bytes) in handles.iter().zip([b"a", b"b"]) {
        data(&ann.try_source(&dataset, "x.csv", handle).await);
        common::wait_secs(86_400);
        house.app.sweep_doomed().await;
        let key = countersign_storage::ObjectKey::new(handle.as_str()).unwrap();
        assert_eq!(house.stored(&key).await.unwrap(), bytes);
    }
}
