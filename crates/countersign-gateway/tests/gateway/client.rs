//! Signs requests, sends them, and holds every answer against what all answers have.

use axum::{Router, body::Body};
use bytes::Bytes;
use countersign::{
    Lifetime, Method, PresignRequest, Region, Scope, Service, SigningKey, Timestamp,
};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use quick_xml::{Reader, events::Event};
use tower::ServiceExt;

use crate::world::{HOST, ID, REGION, World, credentials, endpoint, now};

pub(crate) const LIFETIME_SECS: u64 = 600;

/// A request that is to be signed.
#[derive(Clone)]
pub(crate) struct Sign<'a> {
    pub(crate) method: &'a str,
    pub(crate) key: &'a str,
    pub(crate) query: &'a [(&'a str, &'a str)],
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) id: &'a str,
    pub(crate) at: Timestamp,
}

impl<'a> Sign<'a> {
    pub(crate) fn new(method: &'a str, key: &'a str) -> Self {
        Self { method, key, query: &[], headers: &[], id: ID, at: now() }
    }

    pub(crate) fn query(self, query: &'a [(&'a str, &'a str)]) -> Self {
        Self { query, ..self }
    }

    pub(crate) fn headers(self, headers: &'a [(&'a str, &'a str)]) -> Self {
        Self { headers, ..self }
    }

    /// Signs; the headers that were signed are those of the request.
    pub(crate) fn sign(self) -> Call {
        let bucket = endpoint().bucket("data").unwrap();
        let path =
            if self.key.is_empty() { bucket.root() } else { bucket.object(self.key).unwrap() };
        let lifetime = Lifetime::from_secs(LIFETIME_SECS).unwrap();
        let method = Method::new(self.method).unwrap();
        let mut request = PresignRequest::new(method, path, lifetime);
        for (name, value) in self.query {
            request = request.with_query(name, value).unwrap();
        }
        for (name, value) in self.headers {
            request = request.with_signed_header(name, value).unwrap();
        }
        let scope = Scope::new(self.at.date(), Region::new(REGION).unwrap(), Service::S3);
        let key = SigningKey::derive(&credentials(self.id), scope);
        let url = key.at(self.at).unwrap().presign(&request).unwrap();
        let target = url.as_str().strip_prefix("http://localhost:8080").unwrap().to_owned();
        let host = [("host", HOST)];
        let headers = host.iter().chain(self.headers);
        let headers = headers.map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Call { method: self.method.into(), target, headers, body: Vec::new() }
    }
}

/// A request as it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Call {
    pub(crate) fn get(key: &str) -> Self {
        Sign::new("GET", key).sign()
    }

    pub(crate) fn put(key: &str, body: impl Into<Vec<u8>>) -> Self {
        Sign::new("PUT", key).sign().body(body)
    }

    /// Sends a body, and says how long it is where that is not said yet.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        let is_length = |(name, _): &(String, String)| name == "content-length";
        if !self.headers.iter().any(is_length) {
            let length = self.body.len().to_string();
            return self.header("content-length", &length);
        }
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self
    }

    pub(crate) fn method(mut self, method: &str) -> Self {
        self.method = method.into();
        self
    }

    pub(crate) fn target(mut self, change: impl Fn(&str) -> String) -> Self {
        self.target = change(&self.target);
        self
    }

    pub(crate) fn request(&self, body: Body) -> Request<Body> {
        let mut request = Request::builder().method(&*self.method).uri(&self.target);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(body).unwrap()
    }

    pub(crate) async fn send(&self, world: &World) -> Answer {
        self.send_body(&world.router, Body::from(self.body.clone())).await
    }

    pub(crate) async fn send_body(&self, router: &Router, body: Body) -> Answer {
        let response = router.clone().oneshot(self.request(body)).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        answer.check(self);
        answer
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The text of an element of an error.
    pub(crate) fn element(&self, wanted: &str) -> Option<String> {
        let text = std::str::from_utf8(&self.body).unwrap();
        let (mut reader, mut inside, mut found) = (Reader::from_str(text), Vec::new(), None);
        loop {
            match reader.read_event().unwrap() {
                Event::Start(tag) => {
                    inside
                        .push(String::from_utf8(tag.name().as_ref().as_bytes().to_vec()).unwrap());
                }
                Event::End(_) => {
                    inside.pop().unwrap();
                }
                Event::Text(text) if inside.last().is_some_and(|name| name == wanted) => {
                    assert_eq!(inside.len(), 2, "{text:?}");
                    found.get_or_insert_with(String::new).push_str(&text);
                }
                Event::Eof => break,
                _ => {}
            }
        }
        assert!(inside.is_empty(), "{text}");
        found
    }

    /// Status and code, such as `404 NoSuchKey`; without a code for HEAD.
    pub(crate) fn verdict(&self) -> String {
        let status = self.status.as_u16();
        match self.element("Code").filter(|_| !self.status.is_success()) {
            Some(code) => format!("{status} {code}"),
            None => status.to_string(),
        }
    }

    /// What every answer has, and every error.
    fn check(&self, call: &Call) {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "sandbox; default-src 'none'"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("access-control-allow-origin", "*"),
        ] {
            let values: Vec<_> = self.headers.get_all(name).iter().collect();
            assert_eq!(values, [value], "{name} of {call:?}");
        }
        assert!(self.header("access-control-expose-headers").contains("ETag"));
        let is_changed = call.target.contains("response-cache-control");
        let cache_control = self.header("cache-control");
        let is_served = self.status.is_success() || self.status == StatusCode::NOT_MODIFIED;
        assert!(
            cache_control == "private, no-store" || (is_changed && is_served),
            "{cache_control}"
        );
        for name in ["set-cookie", "access-control-allow-credentials"] {
            assert!(!self.headers.contains_key(name), "{name} of {call:?}");
        }
        let id = self.header("x-amz-request-id");
        let is_id = id.len() == 16 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
        assert!(is_id, "{id:?}");
        if call.method == "HEAD" || self.status == StatusCode::NOT_MODIFIED {
            assert!(self.body.is_empty(), "{call:?}");
        }
        if self.status.is_client_error() || self.status.is_server_error() {
            assert_eq!(self.header("content-type"), "application/xml");
            if call.method != "HEAD" {
                assert!(
                    self.body
                        .starts_with(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>")
                );
                assert_eq!(self.element("RequestId").unwrap(), id);
                assert!(
                    !self
                        .body
                        .windows(10)
                        .any(|text| text == b"X-Amz-Sign" && !self.is_parameters_error())
                );
            }
        } else if self.status == StatusCode::OK && call.method != "PUT" {
            assert!(!self.header("content-disposition").is_empty(), "{call:?}");
        }
    }

    /// The one error that names the parameters; none shows a value of theirs.
    fn is_parameters_error(&self) -> bool {
        self.status == StatusCode::BAD_REQUEST
    }
}
