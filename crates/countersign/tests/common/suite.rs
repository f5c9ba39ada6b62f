//! The AWS signing test suite, read into requests, in both modes. Used by `tests/aws_suite.rs` for
//! what everybody sees, and by the unit tests of `src/presign.rs` and `src/header_signer.rs` for the
//! canonical requests in between.

// Unit tests of a `no_std` crate have no prelude of their own.
extern crate std;
use std::{borrow::ToOwned as _, format, string::String, vec::Vec};

use countersign::{
    Addressing, Bucket, Credentials, Endpoint, HeaderRequest, Lifetime, Method, PayloadRule,
    PresignRequest, Region, Scope, SecretKey, Service, SigningKey, Timestamp, WirePath,
};
use serde_json::Value;

/// The cases that are not S3, and why.
pub(crate) const NOT_S3: [(&str, &str); 7] = [
    ("get-relative-normalized", NORMALISED),
    ("get-relative-relative-normalized", NORMALISED),
    ("get-slash-dot-slash-normalized", NORMALISED),
    ("get-slash-normalized", NORMALISED),
    ("get-slash-pointless-dot-normalized", NORMALISED),
    ("get-slashes-normalized", NORMALISED),
    ("post-sts-header-after", "S3 signs the session token; this case adds it unsigned"),
];

const NORMALISED: &str = "S3 never normalises a path: dots and double slashes are bytes of a key";

pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) service: String,
    pub(crate) credentials: Credentials,
    pub(crate) signed_at: Timestamp,
    pub(crate) payload: PayloadRule,
    pub(crate) method: String,
    /// The request line and headers that the suite's own client sends.
    pub(crate) sent_target: String,
    pub(crate) sent_headers: Vec<(String, String)>,
    pub(crate) canonical_request: String,
    pub(crate) string_to_sign: String,
    pub(crate) signature: String,
    pub(crate) header: HeaderMode,
    has_payload_header: bool,
    bucket: Bucket,
    key: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    lifetime: Lifetime,
}

/// The same in header mode.
pub(crate) struct HeaderMode {
    pub(crate) sent_target: String,
    pub(crate) sent_headers: Vec<(String, String)>,
    pub(crate) canonical_request: String,
    pub(crate) string_to_sign: String,
    pub(crate) signature: String,
}

/// The cases that S3 can have.
pub(crate) fn cases() -> Vec<Case> {
    let suite = include_str!("../data/aws-sigv4-suite/suite.json");
    let suite: Value = serde_json::from_str(suite).unwrap();
    let cases = suite["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 38);
    let is_s3 = |case: &&Value| NOT_S3.iter().all(|(name, _)| case["name"] != *name);
    cases.iter().filter(is_s3).map(Case::read).collect()
}

impl Case {
    fn read(case: &Value) -> Self {
        let context = &case["context"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let credentials = &context["credentials"];
        let secret = SecretKey::new(text(&credentials["secret_access_key"])).unwrap();
        let mut owner = Credentials::new(text(&credentials["access_key_id"]), secret).unwrap();
        if let Some(token) = credentials["token"].as_str() {
            owner = owner.with_session_token(token).unwrap();
        }
        let signed_at = text(&context["timestamp"]).replace(['-', ':'], "");
        let target = text(&case["request"]["target"]);
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let headers = combined(
            case["request"]["headers"]
                .as_array()
                .unwrap()
                .iter()
                .map(|pair| (pair[0].as_str().unwrap().to_ascii_lowercase(), text(&pair[1]))),
        );
        let host = &headers.iter().find(|(name, _)| name == "host").unwrap().1;
        let endpoint = Endpoint::parse(&format!("https://{host}"), Addressing::Path).unwrap();
        let mut sent = case["query"]["signed_request_raw"].as_str().unwrap().split(" HTTP/1.1\n");
        let (_, sent_target) = sent.next().unwrap().split_once(' ').unwrap();
        let signs_body = context["sign_body"] == true;
        let body = if signs_body { case["request"]["body"].as_str().unwrap() } else { "" };
        Self {
            name: text(&case["name"]),
            region: text(&context["region"]),
            service: text(&context["service"]),
            credentials: owner,
            signed_at: Timestamp::parse(&signed_at).unwrap(),
            payload: PayloadRule::Sha256(sha256(body)),
            method: text(&case["request"]["method"]),
            // A space cannot stand in a request line; the suite's client would have to encode it.
            sent_target: sent_target.replace(' ', "%20"),
            sent_headers: headers.clone(),
            canonical_request: text(&case["query"]["canonical_request"]),
            string_to_sign: text(&case["query"]["string_to_sign"]),
            signature: text(&case["query"]["signature"]),
            header: HeaderMode::read(&case["header"]),
            // The suite's client sends the digest of a body that it looks at.
            has_payload_header: signs_body,
            bucket: endpoint.as_bucket(),
            key: path.strip_prefix('/').unwrap().to_owned(),
            query: query.split('&').filter(|piece| !piece.is_empty()).map(decoded_pair).collect(),
            headers: headers.into_iter().filter(|(name, _)| name != "host").collect(),
            lifetime: Lifetime::from_secs(context["expiration_in_seconds"].as_u64().unwrap())
                .unwrap(),
        }
    }

    pub(crate) fn scope(&self) -> Scope<'_> {
        let region = Region::new(&self.region).unwrap();
        Scope::new(self.signed_at.date(), region, Service::new(&self.service).unwrap())
    }

    pub(crate) fn signing_key(&self) -> SigningKey {
        SigningKey::derive(&self.credentials, self.scope())
    }

    fn path(&self) -> WirePath<'_> {
        match self.key.as_str() {
            "" => self.bucket.root(),
            key => self.bucket.object(key).unwrap(),
        }
    }

    pub(crate) fn header_request(&self) -> HeaderRequest<'_> {
        let method = Method::new(&self.method).unwrap();
        let mut request = HeaderRequest::new(method, self.path(), self.payload);
        for (name, value) in &self.query {
            request = request.with_query(name, value).unwrap();
        }
        if self.has_payload_header {
            request = request.with_payload_header();
        }
        for (name, value) in &self.headers {
            request = request.with_signed_header(name, value).unwrap();
        }
        request
    }

    pub(crate) fn request(&self) -> PresignRequest<'_> {
        let method = Method::new(&self.method).unwrap();
        let mut request =
            PresignRequest::new(method, self.path(), self.lifetime).with_payload(self.payload);
        for (name, value) in &self.query {
            request = request.with_query(name, value).unwrap();
        }
        for (name, value) in &self.headers {
            request = request.with_signed_header(name, value).unwrap();
        }
        request
    }
}

impl HeaderMode {
    fn read(mode: &Value) -> Self {
        let text = |name: &str| mode[name].as_str().unwrap();
        let (line, rest) = text("signed_request_raw").split_once(" HTTP/1.1\n").unwrap();
        let (fields, _body) = rest.split_once("\n\n").unwrap();
        // A line that starts with white space continues the one before it.
        let unfolded = fields.replace("\n ", " ");
        let fields = unfolded.lines().map(|line| line.split_once(':').unwrap());
        let fields = fields.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
        Self {
            sent_target: line.split_once(' ').unwrap().1.replace(' ', "%20"),
            sent_headers: combined(fields),
            canonical_request: text("canonical_request").to_owned(),
            string_to_sign: text("string_to_sign").to_owned(),
            signature: text("signature").to_owned(),
        }
    }

    pub(crate) fn sent_header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.sent_headers.iter().find(|(other, _)| other == name)?;
        Some(value)
    }
}

/// Puts the fields of a message together as HTTP does: a continued line with a space (RFC 9112,
/// section 5.2), several fields of one name with commas (RFC 9110, section 5.3).
fn combined(fields: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for (name, value) in fields {
        let value = value.replace('\n', " ");
        match all.iter_mut().find(|(other, _)| *other == name) {
            Some((_, values)) => *values = format!("{values},{}", value.trim()),
            None => all.push((name, value)),
        }
    }
    all
}

fn decoded_pair(piece: &str) -> (String, String) {
    let decode =
        |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
    let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
    (decode(name), decode(value))
}

fn sha256(text: &str) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.as_bytes()).into()
}
