//! The worked examples of the AWS documentation that are signed in the header, read into requests.
//! Used by `tests/authorization.rs` for what everybody sees, and by the unit tests of
//! `src/header_signer.rs` for the canonical requests in between.

// Unit tests of a `no_std` crate have no prelude of their own.
extern crate std;
use std::{borrow::ToOwned as _, format, string::String, vec::Vec};

use countersign::{
    Addressing, Bucket, Credentials, Endpoint, HeaderRequest, Method, PayloadRule, Region, Scope,
    SecretKey, Service, SigningKey, Timestamp,
};
use serde_json::Value;

pub(crate) struct Documented {
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) service: String,
    pub(crate) signed_at: Timestamp,
    pub(crate) payload: PayloadRule,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    /// All that the page shows, but for `Authorization`.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) canonical_request: String,
    pub(crate) string_to_sign: String,
    pub(crate) signature: String,
    credentials: Credentials,
    bucket: Bucket,
}

/// Four of S3 and one of IAM.
pub(crate) fn documented() -> Vec<Documented> {
    let examples = include_str!("../data/aws-docs-examples/examples.json");
    let examples: Value = serde_json::from_str(examples).unwrap();
    let is_header = |case: &&Value| case["mode"] == "header";
    let requests = examples["requests"].as_array().unwrap();
    let all: Vec<_> = requests.iter().filter(is_header).map(Documented::read).collect();
    assert_eq!(all.len(), 5);
    all
}

impl Documented {
    fn read(case: &Value) -> Self {
        let text = |name: &str| case[name].as_str().unwrap().to_owned();
        let pairs = |name: &str| {
            let pairs = case[name].as_array().unwrap().iter();
            let owned = |value: &Value| value.as_str().unwrap().to_owned();
            pairs.map(|pair| (owned(&pair[0]), owned(&pair[1]))).collect::<Vec<_>>()
        };
        let headers = pairs("headers");
        let (_, host) = headers.iter().find(|(name, _)| name == "Host").unwrap();
        let endpoint = Endpoint::parse(&format!("https://{host}"), Addressing::Path).unwrap();
        let secret = SecretKey::new(text("secret_access_key")).unwrap();
        Self {
            name: text("name"),
            region: text("region"),
            service: text("service"),
            signed_at: Timestamp::parse(&text("time")).unwrap(),
            payload: PayloadRule::parse(&text("payload_hash")).unwrap(),
            method: text("method"),
            path: text("path"),
            query: pairs("query"),
            canonical_request: text("canonical_request"),
            string_to_sign: text("string_to_sign"),
            signature: text("signature"),
            credentials: Credentials::new(text("access_key_id"), secret).unwrap(),
            bucket: endpoint.as_bucket(),
            headers,
        }
    }

    pub(crate) fn scope(&self) -> Scope<'_> {
        let region = Region::new(&self.region).unwrap();
        Scope::new(self.signed_at.date(), region, Service::new(&self.service).unwrap())
    }

    pub(crate) fn signing_key(&self) -> SigningKey {
        SigningKey::derive(&self.credentials, self.scope())
    }

    pub(crate) fn request(&self) -> HeaderRequest<'_> {
        let path = match self.path.strip_prefix('/').unwrap() {
            "" => self.bucket.root(),
            key => self.bucket.object(key).unwrap(),
        };
        let method = Method::new(&self.method).unwrap();
        let mut request = HeaderRequest::new(method, path, self.payload);
        for (name, value) in &self.query {
            request = request.with_query(name, value).unwrap();
        }
        for (name, value) in &self.headers {
            let lower = name.to_ascii_lowercase();
            // These the signer adds.
            if !["host", "x-amz-date", "x-amz-content-sha256"].contains(&lower.as_str()) {
                request = request.with_signed_header(name, value).unwrap();
            }
        }
        request
    }
}
