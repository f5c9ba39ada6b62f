//! A client of the dialect, and what it takes for an answer.

use axum::body::Bytes;
use countersign::Timestamp;
use countersign_catalog::{Catalog, UploadRef};
use countersign_storage::{ObjectKey, PartNumber, PutRequest, UploadId, bytes_of};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::common::{Answer, House};

pub(crate) const MIB: u64 = 1024 * 1024;

/// What nobody has.
pub(crate) const NOBODYS: &str = "00000000-0000-4000-8000-000000000000";

/// Somebody with a key.
pub(crate) struct Client<'h> {
    pub(crate) house: &'h House,
    pub(crate) key: String,
    pub(crate) team: &'static str,
    pub(crate) user: &'static str,
}

/// A job, as it was answered.
#[derive(Debug, Clone)]
pub(crate) struct Begun {
    pub(crate) id: String,
    /// Without one, it is to make a dataset.
    pub(crate) dataset: Option<String>,
    pub(crate) urls: Vec<String>,
    pub(crate) s3_key: String,
    pub(crate) upload_id: Option<String>,
}

impl<'h> Client<'h> {
    pub(crate) async fn new(house: &'h House, team: &'static str, user: &'static str) -> Self {
        Self { house, key: house.key(team, user).await, team, user }
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: &str) -> Answer {
        self.house.call(&self.key, method, &format!("/api{path}"), body).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, &body.to_string()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, "").await
    }

    /// Asks in the dialect of Powerdrill; what it has to say, if that is no error.
    pub(crate) async fn powerdrill(&self, method: &str, path: &str, mut body: Value) -> Value {
        body["user_id"] = self.user.into();
        let path = format!("/api/v2/team{path}?user_id={}&page_size=100", self.user);
        let answer = self.house.call(&self.key, method, &path, &body.to_string()).await;
        assert_eq!(answer.body["code"], 0, "{method} {path}: {:?}", answer.body);
        answer.body["data"].clone()
    }

    /// The id of a new dataset.
    pub(crate) async fn dataset(&self, title: &str) -> String {
        let columns = json!([{ "name": "a", "type": "text" }]);
        let body = json!({ "title": title, "columns": columns });
        let made = self.post("/datasets/create/", &body).await;
        done(&made, 201)["id"].as_str().unwrap().into()
    }

    /// The datasets of the team, newest first.
    pub(crate) async fn datasets(&self) -> Vec<Value> {
        let listed = done(&self.get("/datasets/?limit=200").await, 200);
        assert_eq!(listed["total"], listed["datasets"].as_array().unwrap().len());
        listed["datasets"].as_array().unwrap().clone()
    }

    /// A dataset, as it is shown alone.
    pub(crate) async fn read(&self, dataset: &str) -> Value {
        done(&self.get(&format!("/datasets/{dataset}")).await, 200)
    }

    /// Announces a file of type `text/csv`.
    pub(crate) async fn try_begin(&self, dataset: Option<&str>, name: &str, size: u64) -> Answer {
        let body = json!({ "filename": name, "file_size": size, "content_type": "text/csv" });
        self.post(&begin_path(dataset), &body).await
    }

    pub(crate) async fn begin(&self, dataset: Option<&str>, name: &str, size: usize) -> Begun {
        Begun::new(&done(&self.try_begin(dataset, name, size as u64).await, 201), dataset)
    }

    /// A job whose file was put and not looked at.
    pub(crate) async fn brought(&self, dataset: Option<&str>, bytes: &'static [u8]) -> Begun {
        let begun = self.begin(dataset, "a.csv", bytes.len()).await;
        begun.put(self.house, bytes).await;
        begun
    }

    /// A job whose file was looked at.
    pub(crate) async fn completed(&self, dataset: Option<&str>, bytes: &'static [u8]) -> Begun {
        let begun = self.brought(dataset, bytes).await;
        done(&self.complete(&begun).await, 200);
        begun
    }

    pub(crate) async fn complete(&self, begun: &Begun) -> Answer {
        self.call("POST", &begun.complete_path(), "").await
    }

    pub(crate) async fn complete_with(&self, begun: &Begun, parts: Value) -> Answer {
        self.post(&begun.complete_path(), &json!({ "parts": parts })).await
    }

    /// Commits it; to a dataset of this title, where it is to make one.
    pub(crate) async fn commit_as(&self, begun: &Begun, title: &str) -> Answer {
        self.post(&begun.commit_path(), &json!({ "title": title })).await
    }

    pub(crate) async fn commit(&self, begun: &Begun) -> Answer {
        self.commit_as(begun, "made").await
    }

    /// What is said of a job.
    pub(crate) async fn job(&self, begun: &Begun) -> Value {
        done(&self.get(&format!("/jobs/{}", begun.id)).await, 200)
    }

    /// The versions of a dataset as Powerdrill lists them, newest first.
    pub(crate) async fn versions(&self, dataset: &str) -> Vec<Value> {
        let path = format!("/datasets/dataset-{dataset}/datasources");
        let listed = self.powerdrill("GET", &path, json!({})).await;
        listed["records"].as_array().unwrap().clone()
    }

    /// The bytes of a version, by the URL that Powerdrill gives for it.
    pub(crate) async fn download(&self, dataset: &str, version: &Value) -> Vec<u8> {
        let id = version["id"].as_str().unwrap();
        let path = format!("/datasets/dataset-{dataset}/datasources/{id}/presign");
        let link = self.powerdrill("POST", &path, json!({})).await;
        let key = self.house.verified("GET", link["presigned_url"].as_str().unwrap(), &[]);
        self.house.stored(&key).await.unwrap()
    }
}

fn begin_path(dataset: Option<&str>) -> String {
    let of_dataset = |dataset| format!("/datasets/{dataset}/reupload/presigned");
    dataset.map_or_else(|| "/ingest/upload/presigned".into(), of_dataset)
}

impl Begun {
    pub(crate) fn new(answer: &Value, dataset: Option<&str>) -> Self {
        let urls = answer["urls"].as_array().unwrap().iter();
        Self {
            id: answer["job_id"].as_str().unwrap().into(),
            dataset: dataset.map(Into::into),
            urls: urls.map(|url| url.as_str().unwrap().into()).collect(),
            s3_key: answer["s3_key"].as_str().unwrap().into(),
            upload_id: answer["upload_id"].as_str().map(Into::into),
        }
    }

    pub(crate) fn complete_path(&self) -> String {
        format!("{}/{}/complete", begin_path(self.dataset.as_deref()), self.id)
    }

    pub(crate) fn commit_path(&self) -> String {
        match &self.dataset {
            Some(dataset) => format!("/datasets/{dataset}/reupload/{}/commit", self.id),
            None => format!("/ingest/commit/{}", self.id),
        }
    }

    /// Does what a PUT through the one URL does.
    pub(crate) async fn put(&self, house: &House, bytes: &'static [u8]) {
        house.put(&self.urls[0], "text/csv", bytes).await;
    }

    /// Where the URLs write to.
    pub(crate) fn staging_key(&self) -> ObjectKey {
        ObjectKey::new(self.s3_key.as_str()).unwrap()
    }

    /// Where the bytes are once they are accepted. Only the catalog knows.
    pub(crate) async fn object_key(&self, house: &House) -> ObjectKey {
        let id = Uuid::parse_str(&self.id).unwrap();
        let upload = house.catalog.upload(UploadRef::Id(id)).await.unwrap().unwrap();
        ObjectKey::new(&*upload.object_key).unwrap()
    }

    /// What is stored at the first key, and at the second.
    pub(crate) async fn stored(&self, house: &House) -> [Option<Vec<u8>>; 2] {
        let object_key = self.object_key(house).await;
        [house.stored(&self.staging_key()).await, house.stored(&object_key).await]
    }

    /// Stores a part, as a PUT through its URL does; the tag, or `None` where there is no such upload.
    pub(crate) async fn put_part(
        &self,
        house: &House,
        number: u16,
        bytes: impl Into<Bytes>,
    ) -> Option<String> {
        let upload = UploadId::new(self.upload_id.as_deref().unwrap()).unwrap();
        let (number, bytes) = (PartNumber::new(number).unwrap(), bytes.into());
        let put = PutRequest::new(bytes.len() as u64);
        let parts = house.backend.parts();
        let put = parts.put_part(&self.staging_key(), &upload, number, bytes_of(bytes), put).await;
        Some(put.ok()?.as_str().into())
    }
}

/// `parts` of these tags, in order.
pub(crate) fn named(etags: &[String]) -> Value {
    let part = |(index, etag)| json!({ "part_number": index + 1, "etag": etag });
    etags.iter().enumerate().map(part).collect()
}

/// A parameter of a URL that needs no decoding.
pub(crate) fn parameter<'u>(url: &'u str, name: &str) -> &'u str {
    let (_, query) = url.split_once('?').unwrap();
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(found, _)| *found == name).unwrap_or_else(|| panic!("no {name} in {url}")).1
}

/// The first second in which a URL no longer holds, by its own words.
pub(crate) fn end_of(url: &str) -> i64 {
    let date = Timestamp::parse(parameter(url, "X-Amz-Date")).unwrap();
    date.unix_secs() + parameter(url, "X-Amz-Expires").parse::<i64>().unwrap()
}

/// The body of an answer that is none of an error.
#[track_caller]
pub(crate) fn done(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{:?}", answer.body);
    assert_eq!(answer.headers["content-type"], "application/json");
    answer.body.clone()
}

/// An error with a text, and nothing else.
#[track_caller]
pub(crate) fn refused(answer: &Answer, status: u16, detail: &str) {
    let title = match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        413 => "Payload Too Large",
        422 => "Validation Error",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        507 => "Insufficient Storage",
        other => panic!("{other}, and {:?}", answer.body),
    };
    let expected =
        json!({ "type": "about:blank", "title": title, "status": status, "detail": detail });
    assert_eq!(answer.body, expected);
    assert_eq!(answer.status, status);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
}

/// What is not valid: each place and kind, as `body.parts.0.etag missing`.
#[track_caller]
pub(crate) fn faults(answer: &Answer) -> Vec<String> {
    let detail = answer.body["detail"].as_array();
    let detail = detail.unwrap_or_else(|| panic!("{}: {:?}", answer.status, answer.body));
    let frame = json!({
        "type": "about:blank", "title": "Validation Error", "status": 422, "detail": detail,
    });
    assert_eq!(answer.body, frame);
    assert_eq!(answer.status, 422);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    let shown = |fault: &Value| {
        let members: Vec<_> = fault.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["input", "loc", "msg", "type"]);
        assert!(fault["msg"].as_str().is_some_and(|message| !message.is_empty()), "{fault}");
        let place = fault["loc"].as_array().unwrap().iter();
        let place: Vec<_> = place.map(|it| it.to_string().replace('"', "")).collect();
        format!("{} {}", place.join("."), fault["type"].as_str().unwrap())
    };
    detail.iter().map(shown).collect()
}
