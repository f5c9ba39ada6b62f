//! A slow, plain model of presigned S3 URLs, written from the AWS documentation alone
//! ([query string authentication][doc]), and a server's view of a request. The model shares no line
//! with the crate; the server is nothing but the crate.
//!
//! [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html

pub(crate) mod cases;
pub(crate) mod header;
pub(crate) mod random;

use std::fmt::Write as _;

use countersign::{
    Addressing, Claim, Credentials, Date, Endpoint, Mechanism, PayloadRule, Region, RequestHead,
    Scope, SecretKey, Service, SigningKey, Timestamp, Validity, Verifier, VerifyError,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// Every text that a signature is made of, decoded. Each is free to be wrong: what comes out is
/// signed as consistently as a broken or hostile owner of the key would do it.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) method: String,
    pub(crate) host: String,
    pub(crate) path: String,
    /// The parameters beside those of the claim.
    pub(crate) query: Vec<(String, String)>,
    /// The signed headers beside `host`.
    pub(crate) headers: Vec<(String, String)>,
    /// `X-Amz-SignedHeaders`, where it is not what follows from the headers.
    pub(crate) signed_headers: Option<String>,
    /// The last line of the canonical request.
    pub(crate) payload: String,
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
    /// Date, region, service, terminator.
    pub(crate) scope: [String; 4],
    pub(crate) date: String,
    pub(crate) expires: String,
}

impl Model {
    /// The example of the documentation.
    pub(crate) fn documented() -> Self {
        Self {
            method: "GET".into(),
            host: "examplebucket.s3.amazonaws.com".into(),
            path: "/test.txt".into(),
            query: Vec::new(),
            headers: Vec::new(),
            signed_headers: None,
            payload: "UNSIGNED-PAYLOAD".into(),
            id: "AKIAIOSFODNN7EXAMPLE".into(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
            token: None,
            scope: ["20130524", "us-east-1", "s3", "aws4_request"].map(String::from),
            date: "20130524T000000Z".into(),
            expires: "86400".into(),
        }
    }

    /// All headers, the names in lower case, the values without white space around them and with
    /// one space for each run of it in them, sorted.
    fn canonical_headers(&self) -> Vec<(String, String)> {
        let mut headers = vec![("host".to_owned(), self.host.clone())];
        for (name, value) in &self.headers {
            let words: Vec<_> = value.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
            headers.push((name.to_ascii_lowercase(), words.join(" ")));
        }
        headers.sort();
        headers
    }

    pub(crate) fn signed_headers(&self) -> String {
        self.signed_headers.clone().unwrap_or_else(|| {
            let names: Vec<_> =
                self.canonical_headers().into_iter().map(|(name, _)| name).collect();
            names.join(";")
        })
    }

    /// The parameters of the claim but for the signature, decoded.
    pub(crate) fn claim(&self) -> Vec<(String, String)> {
        let mut claim = vec![
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256".to_owned()),
            ("X-Amz-Credential", format!("{}/{}", self.id, self.scope.join("/"))),
            ("X-Amz-Date", self.date.clone()),
            ("X-Amz-Expires", self.expires.clone()),
            ("X-Amz-SignedHeaders", self.signed_headers()),
        ];
        claim.extend(self.token.clone().map(|token| ("X-Amz-Security-Token", token)));
        claim.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    pub(crate) fn canonical_query(&self) -> String {
        let all = [self.claim(), self.query.clone()].concat();
        let encode = |text: &str| uri_encode(text, false);
        let mut encoded: Vec<_> =
            all.iter().map(|(name, value)| (encode(name), encode(value))).collect();
        encoded.sort();
        let pieces: Vec<_> =
            encoded.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pieces.join("&")
    }

    fn canonical_lines(&self) -> Vec<String> {
        let headers = self.canonical_headers();
        let signed_headers = self.signed_headers();
        let mut lines =
            vec![self.method.clone(), uri_encode(&self.path, true), self.canonical_query()];
        for listed in signed_headers.split(';') {
            let is_listed = |(name, _): &&(String, String)| name.eq_ignore_ascii_case(listed);
            if let Some((_, value)) = headers.iter().find(is_listed) {
                lines.push(format!("{listed}:{value}"));
            }
        }
        lines.extend([String::new(), signed_headers, self.payload.clone()]);
        lines
    }

    pub(crate) fn string_to_sign(&self, canonical_request: &str) -> String {
        [
            "AWS4-HMAC-SHA256",
            &self.date,
            &self.scope.join("/"),
            &hex(&Sha256::digest(canonical_request)),
        ]
        .join("\n")
    }

    pub(crate) fn signature(&self) -> String {
        signature_of(self, |_| ())
    }

    /// Path and query in the canonical spelling, the signature last.
    pub(crate) fn target(&self) -> String {
        let (path, query) = (uri_encode(&self.path, true), self.canonical_query());
        format!("{path}?{query}&X-Amz-Signature={}", self.signature())
    }

    /// The request of an honest client.
    pub(crate) fn request(&self) -> Request {
        let mut headers = vec![("host".to_owned(), self.host.clone())];
        headers.extend(self.headers.clone());
        Request { method: self.method.clone(), target: self.target(), headers }
    }

    pub(crate) fn credentials(&self) -> Credentials {
        let secret = SecretKey::new(self.secret.as_str()).unwrap();
        let credentials = Credentials::new(self.id.as_str(), secret).unwrap();
        match &self.token {
            Some(token) => credentials.with_session_token(token.as_str()).unwrap(),
            None => credentials,
        }
    }
}

/// The signature of a signer that writes some line of the canonical request in its own way.
pub(crate) fn signature_of(model: &Model, change: impl FnOnce(&mut Vec<String>)) -> String {
    let mut lines = model.canonical_lines();
    change(&mut lines);
    let string_to_sign = model.string_to_sign(&lines.join("\n"));
    let mut key = format!("AWS4{}", model.secret).into_bytes();
    for part in &model.scope {
        key = hmac(&key, part);
    }
    hex(&hmac(&key, &string_to_sign))
}

/// Every byte but `A-Z a-z 0-9 - . _ ~`, and perhaps the slash, as `%` and two upper-case digits.
pub(crate) fn uri_encode(text: &str, keeps_slash: bool) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if plain || (byte == b'/' && keeps_slash) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").unwrap();
        }
    }
    encoded
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

/// A request as a server gets it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Request {
    pub(crate) fn head(&self) -> RequestHead<'_, [(String, String)]> {
        RequestHead { method: &self.method, target: &self.target, headers: &self.headers }
    }
}

/// All that a `Verified` says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Report {
    pub(crate) access_key_id: String,
    pub(crate) scope: String,
    pub(crate) mechanism: Mechanism,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) bucket: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) signed_headers: Vec<String>,
    pub(crate) payload: PayloadRule,
    pub(crate) validity: Validity,
}

/// A server: a policy, an endpoint, and the keys of those it knows.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) verifier: Verifier,
    pub(crate) endpoint: Endpoint,
    /// With one key derived before, to save time.
    pub(crate) users: Vec<(Credentials, SigningKey)>,
}

impl Server {
    /// The server of the documentation's example.
    pub(crate) fn documented() -> Self {
        let credentials = Model::documented().credentials();
        let region = Region::new("us-east-1").unwrap();
        let scope = Scope::new(Date::parse("20130524").unwrap(), region, Service::S3);
        let key = SigningKey::derive(&credentials, scope);
        Self {
            verifier: Verifier::new(region, Service::S3),
            endpoint: Endpoint::parse("https://s3.amazonaws.com", Addressing::VirtualHost).unwrap(),
            users: vec![(credentials, key)],
        }
    }

    /// Takes presigned requests only.
    pub(crate) fn answer(&self, request: &Request, now: Timestamp) -> Result<Report, VerifyError> {
        self.answer_to(&Claim::parse(&request.head())?, now)
    }

    /// Takes requests that are signed in their header only.
    pub(crate) fn answer_in_header(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Result<Report, VerifyError> {
        self.answer_to(&Claim::parse_header(&request.head())?, now)
    }

    fn answer_to(
        &self,
        claim: &Claim<'_, [(String, String)]>,
        now: Timestamp,
    ) -> Result<Report, VerifyError> {
        let checked = self.verifier.check(claim, now)?;
        let is_user = |(user, _): &&(Credentials, SigningKey)| {
            user.access_key_id() == checked.access_key_id()
        };
        let key = self.users.iter().find(is_user).map(|(user, key)| {
            let is_right = key.scope() == checked.scope();
            if is_right { key.clone() } else { SigningKey::derive(user, checked.scope()) }
        });
        let verified = checked.verify(key.as_ref())?;
        let resource = verified.resource(&self.endpoint);
        let owned = |(name, value): (_, _)| (String::from(name), String::from(value));
        Ok(Report {
            access_key_id: verified.access_key_id().to_owned(),
            scope: verified.scope().to_string(),
            mechanism: verified.mechanism(),
            method: verified.method().to_string(),
            path: verified.path().into_owned(),
            bucket: resource.as_ref().map(|resource| resource.bucket.to_string()),
            key: resource.and_then(|resource| resource.key).map(String::from),
            query: verified.query().map(owned).collect(),
            signed_headers: verified.signed_headers().map(String::from).collect(),
            payload: verified.payload(),
            validity: verified.validity(),
        })
    }
}

/// Random numbers from one number (`SplitMix64`), so that a case is its seed.
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number from 0 up to and excluding `sides`.
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).unwrap()
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())]
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.roll(end + 1));
        }
    }
}
