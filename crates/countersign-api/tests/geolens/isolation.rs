//! C-02: what is another team's looks to the byte as if it were not there, wherever an id can stand.

use axum::{
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{
    client::{Client, NOBODYS, done, named},
    common::House,
    parts::small_brought,
};

/// A dataset, and a job in every state: for it, and for a new one.
struct Names {
    dataset: String,
    jobs: Vec<String>,
    /// A list of parts that would complete those that are in parts.
    parts: Value,
}

impl Names {
    /// What this client has.
    async fn of(client: &Client<'_>) -> Self {
        let dataset = client.dataset("d").await;
        let mut jobs = Vec::new();
        let mut parts = json!([]);
        for target in [Some(&*dataset), None] {
            jobs.push(client.begin(target, "a.csv", 4).await);
            jobs.push(client.brought(target, b"a,b\n").await);
            jobs.push(client.completed(target, b"a,b\n").await);
            let committed = client.completed(target, b"a,b\n").await;
            done(&client.commit(&committed).await, 202);
            jobs.push(committed);
            let failed = client.brought(target, b"a\0b\n").await;
            assert_eq!(client.complete(&failed).await.status, 422);
            jobs.push(failed);
            let (in_parts, etags) = small_brought(client, target, b"a,b\n").await;
            jobs.push(in_parts);
            parts = named(&etags);
        }
        Self { dataset, jobs: jobs.into_iter().map(|job| job.id).collect(), parts }
    }
}

/// Every request that the dialect has which names something.
fn requests(dataset: &str, job: &str, parts: &Value) -> Vec<(&'static str, String, String)> {
    let begin = format!("/api/datasets/{dataset}/reupload/presigned");
    let file = json!({ "filename": "a.csv", "file_size": 1 }).to_string();
    let parts = json!({ "parts": parts }).to_string();
    let title = json!({ "title": "d" }).to_string();
    let requests = [
        ("GET", format!("/api/datasets/{dataset}"), String::new()),
        ("POST", begin.clone(), file),
        ("POST", format!("{begin}/{job}/complete"), String::new()),
        ("POST", format!("{begin}/{job}/complete"), parts.clone()),
        ("POST", format!("/api/datasets/{dataset}/reupload/{job}/commit"), String::new()),
        ("POST", format!("/api/ingest/upload/presigned/{job}/complete"), String::new()),
        ("POST", format!("/api/ingest/upload/presigned/{job}/complete"), parts),
        ("POST", format!("/api/ingest/commit/{job}"), title),
        ("GET", format!("/api/jobs/{job}"), String::new()),
        ("PATCH", format!("/api/datasets/{dataset}"), json!({ "title": "x" }).to_string()),
        ("DELETE", format!("/api/datasets/{dataset}"), json!({ "confirm_title": "d" }).to_string()),
        ("GET", format!("/api/datasets/{dataset}/versions"), String::new()),
        ("GET", format!("/api/datasets/{dataset}/download/cog"), String::new()),
        ("POST", format!("/api/datasets/{dataset}/reupload"), String::new()),
        ("POST", format!("/api/datasets/{dataset}/reupload/{job}/preview"), String::new()),
        ("POST", format!("/api/ingest/preview/{job}"), String::new()),
        ("GET", format!("/api/jobs/by-dataset/{dataset}"), String::new()),
        ("POST", format!("/api/jobs/{job}/retry"), String::new()),
        ("POST", format!("/api/auth/download-token/{dataset}"), String::new()),
    ];
    let spelt = |(method, path, body): (&'static str, String, String)| {
        let upper = path.replace(job, &job.to_uppercase());
        [
            (method, format!("{path}/"), body.clone()),
            (method, upper, body.clone()),
            (method, path, body),
        ]
    };
    requests.into_iter().flat_map(spelt).collect()
}

/// An answer to the byte.
async fn ask(
    client: &Client<'_>,
    (method, path, body): &(&str, String, String),
) -> (StatusCode, HeaderMap, Vec<u8>) {
    let request = Request::builder().method(*method).uri(path).header("x-api-key", &client.key);
    let request = request.body(Body::from(body.clone())).unwrap();
    let response = client.house.router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    (parts.status, parts.headers, body.to_vec())
}

/// What somebody sees of their own.
async fn state(client: &Client<'_>, names: &Names) -> Vec<Value> {
    let mut seen = client.datasets().await;
    for job in &names.jobs {
        seen.push(done(&client.get(&format!("/jobs/{job}")).await, 200));
    }
    seen.extend(client.versions(&names.dataset).await);
    seen
}

#[tokio::test]
async fn what_is_another_teams_looks_as_if_it_were_not_there() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let eve = Client::new(&house, "evil", "eve").await;
    let (theirs, own) = (Names::of(&ann).await, Names::of(&eve).await);
    let before = (state(&ann, &theirs).await, state(&eve, &own).await);
    let mut cases = 0;
    let foreign_jobs =
        theirs.jobs.iter().flat_map(|job| [(&own.dataset, job), (&theirs.dataset, job)]);
    let own_jobs = own.jobs.iter().map(|job| (&theirs.dataset, job));
    for (dataset, job) in foreign_jobs.chain(own_jobs) {
        let nobodys = |name: &String, own: &[&String]| {
            if own.contains(&name) { name.clone() } else { NOBODYS.into() }
        };
        let own_jobs: Vec<_> = own.jobs.iter().collect();
        let (no_dataset, no_job) = (nobodys(dataset, &[&own.dataset]), nobodys(job, &own_jobs));
        let foreign = requests(dataset, job, &theirs.parts);
        let unknown = requests(&no_dataset, &no_job, &theirs.parts);
        for (foreign, unknown) in foreign.iter().zip(&unknown) {
            let names_foreign = |path: &str| {
                let path = path.to_lowercase();
                path.contains(&theirs.dataset) || theirs.jobs.iter().any(|job| path.contains(job))
            };
            if !names_foreign(&foreign.1) {
                continue;
            }
            let (found, absent) = (ask(&eve, foreign).await, ask(&eve, unknown).await);
            assert_eq!(found, absent, "{foreign:?}");
            assert_eq!(found.0, 404, "{foreign:?}");
            cases += 1;
        }
    }
    assert!(cases > 1_500, "{cases}");
    assert_eq!((state(&ann, &theirs).await, state(&eve, &own).await), before);
}
