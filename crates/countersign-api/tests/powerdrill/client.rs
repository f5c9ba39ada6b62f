//! A client of the dialect, and what it takes for an answer.

use axum::{
    body::{Body, Bytes},
    http::Request,
};
use countersign_storage::{CompletedPart, ETag, PartNumber, PutRequest, UploadId, bytes_of};
use futures_util::stream;
use serde_json::{Value, json};

use crate::common::{Answer, House};

/// Where the second generation is.
pub(crate) const TEAM: &str = "/api/v2/team";

/// Where the first is.
pub(crate) const V1: &str = "/api/v1/team";

pub(crate) const MIB: usize = 1024 * 1024;

const BOUNDARY: &str = "X-BOUNDARY";

/// Somebody with a key.
pub(crate) struct Client<'h> {
    pub(crate) house: &'h House,
    pub(crate) key: String,
    pub(crate) user: &'static str,
}

/// What `init-multipart-upload` answered.
#[derive(Debug, Clone)]
pub(crate) struct Begun {
    pub(crate) upload_id: String,
    pub(crate) file_object_key: String,
    pub(crate) parts: Vec<Item>,
}

#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) number: u64,
    pub(crate) size: u64,
    /// What the URL is bound to.
    pub(crate) length: u64,
    pub(crate) url: String,
}

impl<'h> Client<'h> {
    pub(crate) async fn new(house: &'h House, team: &str, user: &'static str) -> Self {
        Self { house, key: house.key(team, user).await, user }
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: &str) -> Answer {
        self.house.call(&self.key, method, &format!("{TEAM}{path}"), body).await
    }

    /// Asks as itself, where the body names nobody else.
    pub(crate) async fn post(&self, path: &str, mut body: Value) -> Answer {
        body.as_object_mut().unwrap().entry("user_id").or_insert_with(|| self.user.into());
        self.call("POST", path, &body.to_string()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let and = if path.contains('?') { '&' } else { '?' };
        self.call("GET", &format!("{path}{and}user_id={}", self.user), "").await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, &json!({ "user_id": self.user }).to_string()).await
    }

    /// Asks in the first generation.
    pub(crate) async fn v1(&self, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.house.call(&self.key, method, &format!("{V1}{path}"), &body).await
    }

    /// As [`v1`](Self::v1), and names itself in the query.
    pub(crate) async fn v1_as_self(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.v1(method, &format!("{path}?userId={}", self.user), body).await
    }

    /// The id of a new dataset.
    pub(crate) async fn dataset(&self, name: &str) -> String {
        let made = data(&self.post("/datasets", json!({ "name": name })).await);
        made["id"].as_str().unwrap().into()
    }

    /// How many datasets the team has.
    pub(crate) async fn datasets_total(&self) -> Value {
        data(&self.get("/datasets").await)["total_items"].take()
    }

    pub(crate) async fn try_source(&self, dataset: &str, name: &str, handle: &str) -> Answer {
        let body = json!({ "name": name, "type": "FILE", "file_object_key": handle });
        self.post(&format!("/datasets/{dataset}/datasources"), body).await
    }

    /// A new data source of these bytes, as it is shown.
    pub(crate) async fn source(&self, dataset: &str, name: &str, bytes: impl AsRef<[u8]>) -> Value {
        let handle = self.upload(name, bytes).await;
        data(&self.try_source(dataset, name, &handle).await)
    }

    /// Uploads a file through the server; its handle.
    pub(crate) async fn upload(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let form =
            form(&[Field::File("file", name, bytes.as_ref()), Field::Text("user_id", self.user)]);
        data(&self.send_form("", chunked(form)).await)["file_object_key"].as_str().unwrap().into()
    }

    pub(crate) async fn send_form(&self, query: &str, body: Body) -> Answer {
        self.send_form_to(&format!("{TEAM}/file/upload-datasource{query}"), body).await
    }

    pub(crate) async fn send_form_to(&self, path: &str, body: Body) -> Answer {
        let request = Request::post(path).header("x-pd-api-key", &self.key);
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        self.house.send(request.header("content-type", content_type).body(body).unwrap()).await
    }

    pub(crate) async fn begin(&self, name: &str, size: usize) -> Begun {
        let body = json!({ "file_name": name, "file_size": size });
        Begun::new(&data(&self.post("/file/init-multipart-upload", body).await), size as u64)
    }

    pub(crate) async fn try_complete(&self, begun: &Begun, part_etags: Value) -> Answer {
        let body = json!({
            "file_object_key": begun.file_object_key,
            "upload_id": begun.upload_id,
            "part_etags": part_etags,
        });
        self.post("/file/complete-multipart-upload", body).await
    }

    /// Uploads a file in parts; its handle.
    pub(crate) async fn upload_in_parts(&self, name: &str, bytes: &[u8]) -> String {
        let begun = self.begin(name, bytes.len()).await;
        let etags = begun.put(self.house, bytes).await;
        let completed = data(&self.try_complete(&begun, named(&etags)).await);
        assert_eq!(completed, json!({ "file_object_key": begun.file_object_key }));
        begun.file_object_key
    }
}

impl Begun {
    /// Of a file of so many bytes.
    pub(crate) fn new(data: &Value, file_size: u64) -> Self {
        let item = |item: &Value| {
            let (number, size) = (item["number"].as_u64().unwrap(), item["size"].as_u64().unwrap());
            // As the official client cuts a file.
            let length = size.min(file_size - (number - 1) * size);
            let url = item["upload_url"].as_str().unwrap().into();
            Item { number, size, length, url }
        };
        Self {
            upload_id: data["upload_id"].as_str().unwrap().into(),
            file_object_key: data["file_object_key"].as_str().unwrap().into(),
            parts: data["part_items"].as_array().unwrap().iter().map(item).collect(),
        }
    }

    /// Puts every part; their tags, without quotes.
    pub(crate) async fn put(&self, house: &House, bytes: &[u8]) -> Vec<String> {
        let mut etags = Vec::new();
        for (item, part) in self.parts.iter().zip(bytes.chunks(self.part_size())) {
            etags.push(item.put(house, part).await.unwrap());
        }
        etags
    }

    pub(crate) fn part_size(&self) -> usize {
        usize::try_from(self.parts[0].size).unwrap()
    }

    /// The parts, as the storage has them named.
    pub(crate) fn completed(&self, etags: &[String]) -> Vec<CompletedPart> {
        let part = |(item, etag): (&Item, &String)| CompletedPart {
            number: PartNumber::new(u16::try_from(item.number).unwrap()).unwrap(),
            etag: ETag::parse(etag).unwrap(),
        };
        self.parts.iter().zip(etags).map(part).collect()
    }
}

impl Item {
    /// Does what a PUT through the URL does, of whatever bytes come after the right headers; the
    /// tag, or `None` where there is no such upload.
    pub(crate) async fn put(&self, house: &House, bytes: &[u8]) -> Option<String> {
        let length = self.length.to_string();
        let key = house.verified("PUT", &self.url, &[("content-length", &length)]);
        let upload = UploadId::new(parameter(&self.url, "uploadId")).unwrap();
        let number = PartNumber::new(parameter(&self.url, "partNumber").parse().unwrap()).unwrap();
        let (body, put) = (bytes_of(bytes.to_vec()), PutRequest::new(bytes.len() as u64));
        let put = house.backend.parts().put_part(&key, &upload, number, body, put).await;
        Some(put.ok()?.as_str().into())
    }
}

/// A parameter of a URL that needs no decoding.
pub(crate) fn parameter<'u>(url: &'u str, name: &str) -> &'u str {
    let (_, query) = url.split_once('?').unwrap();
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(found, _)| *found == name).unwrap_or_else(|| panic!("no {name} in {url}")).1
}

/// `part_etags` of all parts in order, as the official clients send them.
pub(crate) fn named(etags: &[String]) -> Value {
    let part = |(index, etag)| json!({ "number": index + 1, "etag": etag });
    etags.iter().enumerate().map(part).collect()
}

/// The data of an answer that is none of an error.
#[track_caller]
pub(crate) fn data(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    assert_eq!(answer.body["code"], 0, "{:?}", answer.body);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(members(&answer.body), ["code", "data"]);
    trace_id(answer);
    answer.body["data"].clone()
}

/// An error, and nothing else.
#[track_caller]
pub(crate) fn refused(answer: &Answer, (status, code): (u16, u32)) {
    let found = (answer.status.as_u16(), answer.body["code"].as_u64());
    assert_eq!(found, (status, Some(code.into())), "{:?}", answer.body);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(members(&answer.body), ["code", "msg"]);
    assert!(answer.body["msg"].as_str().is_some_and(|msg| !msg.is_empty()), "{:?}", answer.body);
    trace_id(answer);
}

/// Our name of the request: it is there once.
#[track_caller]
pub(crate) fn trace_id(answer: &Answer) -> String {
    let ids: Vec<_> = answer.headers.get_all("x-pd-trace-id").iter().collect();
    assert_eq!(ids.len(), 1, "{:?}", answer.headers);
    ids[0].to_str().unwrap().into()
}

pub(crate) fn members(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// What is wrong with a request, and what cannot be done, in the first generation.
pub(crate) const INVALID_V1: (u16, u32) = (400, 100);
pub(crate) const IMPOSSIBLE: (u16, u32) = (200, 100_001);

pub(crate) const INVALID: (u16, u32) = (400, 300_001);
pub(crate) const TOO_LARGE: (u16, u32) = (413, 300_001);
pub(crate) const NOT_OWNER: (u16, u32) = (200, 300_002);
pub(crate) const NOT_FOUND: (u16, u32) = (200, 300_003);
pub(crate) const BAD_EXTENSION: (u16, u32) = (200, 300_004);
pub(crate) const EMPTY: (u16, u32) = (200, 300_005);
pub(crate) const NOT_UPLOADED: (u16, u32) = (200, 300_007);
pub(crate) const NO_URL: (u16, u32) = (200, 300_008);
pub(crate) const NO_SOURCE: (u16, u32) = (200, 300_011);

/// A field of a form.
pub(crate) enum Field<'a> {
    Text(&'a str, &'a str),
    File(&'a str, &'a str, &'a [u8]),
}

pub(crate) fn form(fields: &[Field<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for field in fields {
        let (head, bytes) = match field {
            Field::Text(name, value) => (format!("name=\"{name}\""), value.as_bytes()),
            Field::File(name, file, bytes) => {
                let kind = "Content-Type: application/octet-stream";
                (format!("name=\"{name}\"; filename=\"{file}\"\r\n{kind}"), *bytes)
            }
        };
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

/// A body of which every byte is there already, in pieces of 64 KiB.
pub(crate) fn chunked(bytes: impl Into<Bytes>) -> Body {
    let mut bytes = bytes.into();
    let chunks = std::iter::from_fn(move || {
        let len = bytes.len().min(64 * 1024);
        (len > 0).then(|| Ok::<_, std::convert::Infallible>(bytes.split_to(len)))
    });
    Body::from_stream(stream::iter(chunks))
}

/// Text of so many bytes of which no two pieces of 1 KiB are the same.
pub(crate) fn text_of(len: usize) -> Vec<u8> {
    let rest = "x".repeat(1_007);
    let blocks = (0..len.div_ceil(1_024)).map(|block| format!("{block:016}{rest}\n").into_bytes());
    let mut text = blocks.collect::<Vec<_>>().concat();
    text.truncate(len);
    text
}
