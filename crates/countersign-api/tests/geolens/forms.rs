//! Files that come by a form.

use axum::{body::Body, http::Request};
use serde_json::json;

use crate::{
    client::{Begun, Client, NOBODYS, done, faults, refused},
    common::{Answer, House, wait_secs},
    faulty::{Fault, Faulty},
};

const BOUNDARY: &str = "boundary-of-the-form";
const UPLOAD: &str = "/ingest/upload";

/// A field: its head after `form-data`, and what is in it.
type Field<'a> = (&'a str, &'a [u8]);

const RIGHT: Field<'_> = ("name=file; filename=\"Roads 2026.csv\"", b"a,b\n1,2\n");

fn form(fields: &[Field<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (head, bytes) in fields {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n");
        body.extend_from_slice(&[head.as_bytes(), bytes, b"\r\n"].concat());
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

async fn send(client: &Client<'_>, path: &str, body: Vec<u8>) -> Answer {
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let request = Request::post(format!("/api{path}"))
        .header("x-api-key", &client.key)
        .header("content-type", kind);
    client.house.send(request.body(Body::from(body)).unwrap()).await
}

fn begun(answer: &Answer, dataset: Option<&str>) -> Begun {
    let told = done(answer, 201);
    let message = match dataset {
        Some(_) => "File uploaded for re-upload preview",
        None => "File uploaded and ready for preview",
    };
    let id = told["job_id"].as_str().unwrap();
    assert_eq!(told, json!({ "job_id": id, "status": "pending", "message": message }));
    let dataset = dataset.map(Into::into);
    Begun { id: id.into(), dataset, urls: vec![], s3_key: String::new(), upload_id: None }
}

#[tokio::test]
async fn a_file_of_a_form_is_a_job_that_is_completed() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let reupload = format!("/datasets/{dataset}/reupload");
    let mut keys = Vec::new();
    for (path, target) in [(UPLOAD, None), (&*reupload, Some(&*dataset))] {
        let fields = [("name=\"other\"", &b"x"[..]), RIGHT, ("name=kind", b"")];
        let job = begun(&send(&ann, path, form(&fields)).await, target);
        assert_eq!(ann.job(&job).await["source_filename"], "Roads 2026.csv");
        refused(&ann.complete(&job).await, 400, "Upload already completed for this job");
        done(&ann.commit(&job).await, 202);
        let made = ann.job(&job).await["dataset_id"].as_str().unwrap().to_owned();
        assert_eq!(ann.download(&made, &ann.versions(&made).await[0]).await, RIGHT.1);
        keys.push(job.object_key(&house).await);
    }
    assert_eq!(ann.datasets().await.len(), 2);
    // Bytes that have a record stay.
    wait_secs(86_401);
    house.app.sweep_doomed().await;
    for key in keys {
        assert_eq!(house.stored(&key).await.unwrap(), RIGHT.1);
    }
}

#[tokio::test]
async fn a_form_that_is_wrong_leaves_nothing() {
    let (house, storage) = Faulty::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let reupload = format!("/datasets/{dataset}/reupload");
    let not_text = "File refused: the content is not UTF-8 text.";
    for path in [UPLOAD, &reupload] {
        for (fields, fault) in [
            (&[][..], "body.file missing"),
            (&[("name=other", &b"x"[..])], "body.file missing"),
            (&[("name=file", b"x")], "body.file value_error"),
            (&[RIGHT, RIGHT], "body.file value_error"),
            (&[("name=file; filename=\"a/b.csv\"", b"x")], "body.file value_error"),
            (&[("name=kind", b"tiles3d"), RIGHT], "body.kind value_error"),
            (&[RIGHT, ("name=kind", b"pointcloud")], "body.kind value_error"),
        ] {
            let answer = send(&ann, path, form(fields)).await;
            assert_eq!(faults(&answer), [fault], "{fields:?}");
        }
        let of = |name: &'static str, bytes: &'static [u8]| form(&[(name, bytes)]);
        let exe = send(&ann, path, of("name=file; filename=a.exe", b"x")).await;
        assert!(exe.body["detail"].as_str().unwrap().starts_with("File extension '.exe' not"));
        let empty = send(&ann, path, of("name=file; filename=a.csv", b"")).await;
        refused(&empty, 422, "File refused: the file is empty.");
        refused(&send(&ann, path, of("name=file; filename=a.csv", b"a\0b")).await, 422, not_text);
        let whole = form(&[RIGHT]);
        for broken in [b"".to_vec(), b"x".to_vec(), whole[..whole.len() / 2].to_vec()] {
            assert_eq!(send(&ann, path, broken).await.status, 422);
        }
        let no_form = ann.call("POST", path, "{}").await;
        refused(&no_form, 422, "The body is no form with a file.");
        for (calls, fault) in [(0, Fault::Before), (0, Fault::After), (1, Fault::Before)] {
            storage.fail_after(calls, fault);
            assert_eq!(send(&ann, path, form(&[RIGHT])).await.status, 500);
        }
    }
    let nobodys = format!("/datasets/{NOBODYS}/reupload");
    refused(&send(&ann, &nobodys, form(&[RIGHT])).await, 404, "Dataset not found");
    assert_eq!(ann.get(&format!("/jobs/by-dataset/{dataset}")).await.body, json!(null));
    wait_secs(86_401);
    house.app.sweep_doomed().await;
    let usage = done(&ann.get("/auth/me/usage").await, 200);
    assert_eq!(usage["bytes_used"], 0);
}
