//! C-02: what is another team's looks to the byte as if it were not there, wherever an id can stand.

use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{
    client::{Client, Field, NOT_FOUND, chunked, data, form, refused},
    common::House,
};

/// All that names something in a request.
#[derive(Clone)]
struct Names {
    dataset: String,
    data_source: String,
    user: String,
    handle: String,
    /// A handle of an upload in parts, and its id.
    multipart: String,
    upload_id: String,
}

impl Names {
    /// What this client has.
    async fn of(client: &Client<'_>) -> Self {
        let dataset = client.dataset("d").await;
        let made = client.source(&dataset, "a.csv", "a").await;
        let begun = client.begin("c.csv", 1).await;
        Self {
            dataset,
            data_source: made["id"].as_str().unwrap().into(),
            user: client.user.into(),
            handle: client.upload("b.csv", "b").await,
            multipart: begun.file_object_key,
            upload_id: begun.upload_id,
        }
    }

    /// What nobody has, in the same shapes.
    fn nobodys() -> Self {
        let id = "00000000-0000-4000-8000-000000000000";
        Self {
            dataset: format!("dataset-{id}"),
            data_source: format!("datasource-{id}"),
            user: "nobody".into(),
            handle: format!("objects/{id}.csv"),
            multipart: format!("objects/{id}.csv"),
            upload_id: "0123456789abcdef0123456789abcdef".into(),
        }
    }

    /// These, with those of the bits from others.
    fn mixed(&self, others: &Self, bits: u32) -> Self {
        let [dataset, data_source, user, handle, multipart, upload_id] = [
            (&self.dataset, &others.dataset),
            (&self.data_source, &others.data_source),
            (&self.user, &others.user),
            (&self.handle, &others.handle),
            (&self.multipart, &others.multipart),
            (&self.upload_id, &others.upload_id),
        ]
        .map({
            let mut bit = 1;
            move |(own, other)| {
                let taken = if bits & bit == 0 { own } else { other };
                bit <<= 1;
                taken.clone()
            }
        });
        Self { dataset, data_source, user, handle, multipart, upload_id }
    }

    /// Every request that the dialect has, with all ways to name somebody.
    fn requests(&self) -> Vec<(&'static str, String, Vec<u8>)> {
        let Self { dataset, data_source, user, handle, multipart, upload_id } = self;
        let (v1, v2) = ("/api/v1/team", "/api/v2/team");
        let sources = format!("{v2}/datasets/{dataset}/datasources");
        let one = format!("{sources}/{data_source}");
        let acting = |mut body: Value| {
            body["user_id"] = user.as_str().into();
            body.to_string().into_bytes()
        };
        let wish = json!({ "name": "b.csv", "type": "FILE", "file_object_key": handle });
        let parts = json!([{ "number": 1, "etag": "x" }]);
        let parts =
            json!({ "file_object_key": multipart, "upload_id": upload_id, "part_etags": parts });
        let direct = json!({ "file_object_key": handle, "upload_id": upload_id, "part_etags": [] });
        let size = json!({ "file_name": "a.csv", "file_size": 1 });
        let file = Field::File("file", "a.csv", b"a");
        let upload = format!("{v2}/file/upload-datasource");
        let complete = format!("{v2}/file/complete-multipart-upload");
        let second = vec![
            ("POST", format!("{v2}/datasets"), acting(json!({ "name": "d" }))),
            ("GET", format!("{v2}/datasets?user_id={user}"), vec![]),
            ("POST", sources.clone(), acting(wish.clone())),
            ("GET", format!("{sources}?user_id={user}"), vec![]),
            ("GET", format!("{one}?user_id={user}"), vec![]),
            ("POST", format!("{v2}/datasets/{dataset}"), acting(json!({ "name": "e" }))),
            ("GET", format!("{v2}/datasets/{dataset}/status?user_id={user}"), vec![]),
            ("GET", format!("{v2}/datasets/{dataset}/overview?user_id={user}"), vec![]),
            ("DELETE", format!("{v2}/datasets/{dataset}"), acting(json!({}))),
            ("DELETE", format!("{v2}/datasets/{dataset}?user_id={user}"), vec![]),
            ("DELETE", one.clone(), acting(json!({}))),
            ("DELETE", format!("{one}?user_id={user}"), vec![]),
            ("DELETE", format!("{one}?user_id={user}"), acting(json!({}))),
            ("POST", format!("{one}/presign"), acting(json!({}))),
            ("POST", format!("{v1}/datasets/{dataset}/datasources/{data_source}/presign"), vec![]),
            ("POST", format!("{v2}/datasources"), acting(wish)),
            ("POST", format!("{v2}/file/init-multipart-upload"), acting(size)),
            ("POST", complete.clone(), acting(parts)),
            ("POST", complete, acting(direct)),
            ("POST", upload.clone(), form(&[Field::Text("user_id", user), file])),
            (
                "POST",
                format!("{upload}?user_id={user}"),
                form(&[Field::File("file", "a.csv", b"a")]),
            ),
        ];
        [second, self.requests_of_v1()].concat()
    }

    fn requests_of_v1(&self) -> Vec<(&'static str, String, Vec<u8>)> {
        let Self { dataset, data_source, user, handle, .. } = self;
        let v1 = "/api/v1/team";
        let of_it = format!("{v1}/datasets/{dataset}");
        let sources = format!("{of_it}/datasources");
        let one = format!("{sources}/{data_source}");
        let acting = |mut body: Value| {
            body["userId"] = user.as_str().into();
            body.to_string().into_bytes()
        };
        let name = || json!({ "name": "e" }).to_string().into_bytes();
        let wish = json!({ "fileName": "b.csv", "type": "FILE", "fileKey": handle });
        let file = || form(&[Field::File("file", "a.csv", b"a")]);
        let of_user = format!("?userId={user}");
        let mut all = vec![
            ("POST", format!("{v1}/datasets"), acting(json!({ "name": "d" }))),
            ("POST", format!("{v1}/datasets{of_user}"), name()),
            ("POST", of_it.clone(), acting(json!({ "name": "e" }))),
            ("POST", format!("{of_it}{of_user}"), name()),
            ("DELETE", of_it.clone(), acting(json!({}))),
            ("DELETE", format!("{of_it}{of_user}"), vec![]),
            ("GET", format!("{of_it}/status"), vec![]),
            ("GET", format!("{of_it}/overview"), vec![]),
            ("POST", sources.clone(), acting(wish.clone())),
            ("POST", format!("{sources}{of_user}"), wish.to_string().into_bytes()),
            ("GET", sources.clone(), vec![]),
            ("GET", one.clone(), vec![]),
            ("DELETE", one.clone(), acting(json!({}))),
            ("DELETE", format!("{one}{of_user}"), vec![]),
            ("POST", format!("{v1}/datasources"), acting(wish.clone())),
            ("POST", format!("{v1}/datasources{of_user}"), wish.to_string().into_bytes()),
        ];
        for base in [v1, "/v1"] {
            for spelling in ["upload-datasource", "upload_datasource"] {
                let path = format!("{base}/file/{spelling}");
                all.push(("POST", format!("{path}{of_user}"), file()));
                let named =
                    form(&[Field::Text("userId", user), Field::File("file", "a.csv", b"a")]);
                all.push(("POST", path, named));
            }
        }
        all
    }
}

/// An answer to the byte, but for its own name.
async fn ask(
    client: &Client<'_>,
    (method, path, body): (&str, &str, Vec<u8>),
) -> (StatusCode, HeaderMap, Vec<u8>) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("x-pd-api-key", &client.key)
        .header("content-type", "multipart/form-data; boundary=X-BOUNDARY")
        .body(chunked(body))
        .unwrap();
    let response = client.house.router.clone().oneshot(request).await.unwrap();
    let (mut parts, body) = response.into_parts();
    parts.headers.remove("x-pd-trace-id").unwrap();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    (parts.status, parts.headers, body.to_vec())
}

#[tokio::test]
async fn what_is_another_teams_looks_as_if_it_were_not_there() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let eve = Client::new(&house, "evil", "eve").await;
    let (theirs, own, nobodys) = (Names::of(&ann).await, Names::of(&eve).await, Names::nobodys());
    let before = (state(&ann, &theirs).await, state(&eve, &own).await);
    let own_requests = own.requests();
    let mut cases = 0;
    for bits in 1..64 {
        let foreign = own.mixed(&theirs, bits).requests();
        let unknown = own.mixed(&nobodys, bits).requests();
        for ((foreign, unknown), own) in foreign.into_iter().zip(unknown).zip(&own_requests) {
            if foreign == *own {
                continue;
            }
            let said = format!("{} {}", foreign.0, foreign.1);
            let found = ask(&eve, (foreign.0, &foreign.1, foreign.2)).await;
            let absent = ask(&eve, (unknown.0, &unknown.1, unknown.2)).await;
            assert_eq!(found, absent, "{said} {bits:b}");
            let body: Value = serde_json::from_slice(&found.2).unwrap();
            assert!(matches!(body["code"].as_u64(), Some(300_003 | 100_001)), "{said} {body}");
            cases += 1;
        }
    }
    assert!(cases > 1_800, "{cases}");
    assert_eq!((state(&ann, &theirs).await, state(&eve, &own).await), before);
}

/// What somebody sees of their own.
async fn state(client: &Client<'_>, names: &Names) -> (Value, Value) {
    let sources = client.get(&format!("/datasets/{}/datasources", names.dataset)).await;
    (data(&client.get("/datasets").await), data(&sources))
}

#[tokio::test]
async fn no_forged_handle_is_one() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let eve = Client::new(&house, "evil", "eve").await;
    let handle = ann.upload("a.csv", "a").await;
    let bare = handle.strip_prefix("objects/").unwrap();
    let mut forged = vec![handle.clone()];
    for prefix in ["/", "./", "../", "s3://countersign/", "http://localhost:8080/s3/countersign/"] {
        forged.push(format!("{prefix}{handle}"));
    }
    for text in
        ["", "/", "..", "objects/", "objects//", "/etc/passwd", "file:///etc/passwd", "%", "*"]
    {
        forged.push(text.into());
        forged.push(format!("{text}{bare}"));
    }
    forged.push("x".repeat(10_000));
    for end in 0..handle.len() {
        forged.push(handle[..end].into());
        for bit in 0..7 {
            let mut bytes = handle.clone().into_bytes();
            bytes[end] ^= 1 << bit;
            forged.push(String::from_utf8(bytes).unwrap());
        }
    }
    let dataset = eve.dataset("d").await;
    for forged in &forged {
        let answer = eve.try_source(&dataset, "a.csv", forged).await;
        refused(&answer, NOT_FOUND);
        assert_eq!(answer.body["msg"], "file_object_key not found", "{forged}");
    }
    // Of her own only the one that is told is it.
    let dataset = ann.dataset("d").await;
    for forged in forged.iter().filter(|forged| **forged != handle) {
        refused(&ann.try_source(&dataset, "a.csv", forged).await, NOT_FOUND);
    }
    data(&ann.try_source(&dataset, "a.csv", &handle).await);
}
