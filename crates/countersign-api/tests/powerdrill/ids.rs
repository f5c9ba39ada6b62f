//! How an id may be spelt.

use serde_json::json;

use crate::{
    client::{Client, NOT_FOUND, data, refused},
    common::House,
};

#[tokio::test]
async fn an_id_has_any_prefix_and_any_case() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let made = ann.source(&dataset, "a.csv", "a").await;
    let (d, s) = (uuid(&dataset), uuid(made["id"].as_str().unwrap()));
    for prefix in ["", "dataset-", "datasource-", "dset-", "ds-", "x-y-z-", "-", "%C3%BC-", "%2F-"]
    {
        for (d, s) in [(d, s), (&*d.to_uppercase(), &*s.to_uppercase())] {
            let path = format!("/datasets/{prefix}{d}/datasources");
            assert_eq!(data(&ann.get(&path).await)["records"], json!([made]));
            let one = format!("{path}/{prefix}{s}");
            // It is answered in its own spelling.
            assert_eq!(data(&ann.get(&one).await), made);
            data(&ann.post(&format!("{one}/presign"), json!({})).await);
            let v1 = format!("/v1/team{one}/presign");
            data(&house.call(&ann.key, "POST", &v1, "").await);
        }
    }
    let upper = format!("/datasets/DATASET-{}/datasources/{}", d.to_uppercase(), s.to_uppercase());
    data(&ann.delete(&upper).await);
}

#[tokio::test]
async fn what_is_no_id_names_nothing() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let made = ann.source(&dataset, "a.csv", "a").await;
    let handle = ann.upload("b.csv", "b").await;
    let (d, s) = (uuid(&dataset), uuid(made["id"].as_str().unwrap()));
    let garbage = |id: &str| {
        let long = format!("{}-{id}", "x".repeat(3_000));
        let simple = id.replace('-', "");
        let mut all =
            ["0", "-1", "%00", "%ff", "%F0%9F%A6%80", "..%2F..", "%2e%2e", "'--", "*", "null"]
                .map(String::from)
                .to_vec();
        all.extend([&id[1..], &id[..35], &simple].map(String::from));
        all.extend([format!("x{id}"), format!("{id}0"), format!("{id}%20"), format!("%20{id}")]);
        all.extend([format!("%7B{id}%7D"), format!("urn:uuid:{id}"), format!("{id}%00")]);
        // A long prefix is one as well, in front of nothing that is known.
        all.extend([long.replace(&id[..4], "0000"), id.replace('-', "%E2%80%90")]);
        all
    };
    for wrong in garbage(d) {
        let path = format!("/datasets/{wrong}/datasources");
        refused(&ann.get(&path).await, NOT_FOUND);
        refused(&ann.try_source(&wrong, "b.csv", &handle).await, NOT_FOUND);
        refused(&ann.get(&format!("{path}/{s}")).await, NOT_FOUND);
        refused(&ann.delete(&format!("{path}/{s}")).await, NOT_FOUND);
    }
    for wrong in garbage(s) {
        let path = format!("/datasets/{d}/datasources/{wrong}");
        refused(&ann.get(&path).await, NOT_FOUND);
        refused(&ann.delete(&path).await, NOT_FOUND);
        refused(&ann.post(&format!("{path}/presign"), json!({})).await, NOT_FOUND);
        let v1 = format!("/v1/team{path}/presign");
        refused(&house.call(&ann.key, "POST", &v1, "").await, (200, 100_001));
    }
    assert_eq!(data(&ann.get(&format!("/datasets/{d}/datasources")).await)["total_items"], 1);
}

#[tokio::test]
async fn a_data_source_is_in_its_own_dataset_alone() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let (one, other) = (ann.dataset("one").await, ann.dataset("other").await);
    let made = ann.source(&one, "a.csv", "a").await;
    let id = made["id"].as_str().unwrap();
    let path = format!("/datasets/{other}/datasources/{id}");
    refused(&ann.get(&path).await, NOT_FOUND);
    refused(&ann.post(&format!("{path}/presign"), json!({})).await, NOT_FOUND);
    refused(&ann.delete(&path).await, NOT_FOUND);
    // Neither is an id of the one kind one of the other.
    refused(&ann.get(&format!("/datasets/{id}/datasources/{one}")).await, NOT_FOUND);
    data(&ann.get(&format!("/datasets/{one}/datasources/{id}")).await);
}

fn uuid(id: &str) -> &str {
    &id[id.len() - 36..]
}
