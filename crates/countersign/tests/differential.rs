//! The AWS SDK's own signer as the oracle: on random requests our signature is that of `aws-sigv4`,
//! and what `aws-sigv4` signs, we verify.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials as AwsCredentials;
use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SessionTokenMode, SignableBody, SignableRequest,
        SignatureLocation, SigningSettings, UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use countersign::{
    Addressing, Bucket, Claim, Credentials, Endpoint, HeaderRequest, Lifetime, Mechanism, Method,
    PayloadRule, PresignRequest, Region, RequestHead, Scope, SecretKey, Service, SigningKey,
    Timestamp, Verifier,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::{
    collection::btree_map,
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};

/// How many random requests a run makes of each kind. Each is signed by both, and verified both
/// ways.
const CASES: u32 = 20_000;
const CASES_IN_HEADER: u32 = 10_000;

const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const REGION: &str = "eu-central-1";

#[derive(Debug, Clone)]
struct Case {
    endpoint: &'static str,
    addressing: Addressing,
    method: &'static str,
    key: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    /// Of the body, in a request that is signed in its header.
    digest: Option<[u8; 32]>,
    secret: String,
    token: Option<String>,
    unix_secs: u32,
    lifetime_secs: u64,
}

fn any_case() -> impl Strategy<Value = Case> {
    // No NUL, which is refused; and aws-sigv4 takes no control characters in a URI.
    let key = prop_oneof!["[ -~]{1,60}", "\\PC{1,20}", "[./%+ü日a-c]{1,40}"];
    let name = prop_oneof!["[a-z-]{1,12}", "[A-Z~é/ =&+]{1,8}", "X-Amz-[A-Z][a-z]{3,9}"];
    let is_free = |name: &String| {
        !["X-Amz-Date", "X-Amz-Expires", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-Algorithm"]
            .contains(&name.as_str())
    };
    let query =
        btree_map(name.prop_filter("a parameter of the claim", is_free), "[ -~é]{0,12}", 0..4);
    let header = prop_oneof!["x-amz-meta-[a-z]{1,6}", Just("content-type".to_owned())];
    let headers = btree_map(header, "[a-zA-Z0-9;=/]{1,8}( {1,3}[a-z\"]{1,4})?", 0..3);
    let place = (
        select(vec![
            "https://s3.example.com",
            "http://localhost:9000",
            "https://s3.example.com:443",
            "http://[::1]:9000",
            "https://s3.example.com/base",
        ]),
        select(vec![Addressing::Path, Addressing::VirtualHost]),
        select(vec!["GET", "PUT", "HEAD", "POST", "DELETE"]),
    );
    let digest = prop::option::of(any::<[u8; 32]>());
    let who = ("[!-~]{8,40}", prop::option::of("[A-Za-z0-9/+=]{16,80}"));
    let when = (1_u32.., 1_u64..=604_800);
    (place, key, query, headers, digest, who, when).prop_map(
        |((endpoint, addressing, method), key, query, headers, digest, (secret, token), when)| {
            Case {
                endpoint,
                addressing,
                method,
                key,
                query: query.into_iter().collect(),
                headers: headers.into_iter().collect(),
                digest,
                secret,
                token,
                unix_secs: when.0,
                lifetime_secs: when.1,
            }
        },
    )
}

impl Case {
    fn bucket(&self) -> Bucket {
        let endpoint = Endpoint::parse(self.endpoint, self.addressing).unwrap();
        endpoint.bucket("examplebucket").unwrap()
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_unix_secs(self.unix_secs.into()).unwrap()
    }

    fn key(&self) -> SigningKey {
        let secret = SecretKey::new(self.secret.as_str()).unwrap();
        let mut credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret).unwrap();
        if let Some(token) = &self.token {
            credentials = credentials.with_session_token(token.as_str()).unwrap();
        }
        let region = Region::new(REGION).unwrap();
        SigningKey::derive(&credentials, Scope::new(self.now().date(), region, Service::S3))
    }

    fn ours(&self, bucket: &Bucket) -> String {
        let lifetime = Lifetime::from_secs(self.lifetime_secs).unwrap();
        let method = Method::new(self.method).unwrap();
        let mut request = PresignRequest::new(method, bucket.object(&self.key).unwrap(), lifetime);
        for (name, value) in &self.query {
            request = request.with_query(name, value).unwrap();
        }
        for (name, value) in &self.headers {
            request = request.with_signed_header(name, value).unwrap();
        }
        self.key().at(self.now()).unwrap().presign(&request).unwrap().into_string()
    }

    /// The URL that `aws-sigv4` makes.
    fn theirs(&self, bucket: &Bucket) -> String {
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(self.lifetime_secs));
        let request = self.signed_by_them(bucket, settings, SignableBody::UnsignedPayload);
        request.uri().to_string()
    }

    /// The request that `aws-sigv4` makes. It adds its parameters to a URI, which we have to encode.
    fn signed_by_them(
        &self,
        bucket: &Bucket,
        mut settings: SigningSettings,
        body: SignableBody<'_>,
    ) -> http::Request<()> {
        let path = bucket.object(&self.key).unwrap();
        let encode = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
        let pair = |(name, value): &(String, String)| format!("{}={}", encode(name), encode(value));
        let query = self.query.iter().map(pair).collect::<Vec<_>>().join("&");
        let mark = if query.is_empty() { "" } else { "?" };
        let uri = format!("{}{path}{mark}{query}", bucket.origin());

        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.session_token_mode = SessionTokenMode::Include;
        let token = self.token.clone();
        let credentials =
            AwsCredentials::new("AKIAIOSFODNN7EXAMPLE", &self.secret, token, None, "test").into();
        let params = v4::SigningParams::builder()
            .identity(&credentials)
            .region(REGION)
            .name("s3")
            .time(SystemTime::UNIX_EPOCH + Duration::from_secs(self.unix_secs.into()))
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let headers = [("host", bucket.authority())]
            .into_iter()
            .chain(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let signable = SignableRequest::new(self.method, uri.as_str(), headers, body).unwrap();
        let (instructions, _) = sign(signable, &params).unwrap().into_parts();
        let mut request = http::Request::builder().method(self.method).uri(&uri).body(()).unwrap();
        instructions.apply_to_request_http1x(&mut request);
        request
    }

    /// What each adds to a request that is signed in its header: its target, and headers by name.
    fn ours_in_header(&self, bucket: &Bucket) -> (String, BTreeMap<String, String>) {
        let method = Method::new(self.method).unwrap();
        let payload = self.digest.map_or(PayloadRule::Unsigned, PayloadRule::Sha256);
        let mut request = HeaderRequest::new(method, bucket.object(&self.key).unwrap(), payload);
        for (name, value) in &self.query {
            request = request.with_query(name, value).unwrap();
        }
        for (name, value) in &self.headers {
            request = request.with_signed_header(name, value).unwrap();
        }
        let signed = self.key().header_signer(self.now()).unwrap().sign(&request).unwrap();
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        (signed.target().to_owned(), signed.headers().map(owned).collect())
    }

    fn theirs_in_header(&self, bucket: &Bucket) -> (String, BTreeMap<String, String>) {
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.signature_location = SignatureLocation::Headers;
        let body = self.digest.map_or(SignableBody::UnsignedPayload, |digest| {
            SignableBody::Precomputed(hex::encode(digest))
        });
        let request = self.signed_by_them(bucket, settings, body);
        let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
        let headers = request.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), text(value))).collect();
        let uri = request.uri().to_string();
        (uri.strip_prefix(bucket.origin()).unwrap().to_owned(), headers)
    }

    fn verifies_in_header(
        &self,
        bucket: &Bucket,
        target: &str,
        added: &BTreeMap<String, String>,
    ) -> bool {
        let mut headers = self.headers.clone();
        headers.push(("Host".to_owned(), bucket.authority().to_owned()));
        headers.extend(added.clone());
        let head = RequestHead { method: self.method, target, headers: headers.as_slice() };
        assert_eq!(Mechanism::of(&head), Ok(Some(Mechanism::Header)));
        let claim = Claim::parse_header(&head).unwrap();
        let verifier = Verifier::new(Region::new(REGION).unwrap(), Service::S3);
        let checked = verifier.check(&claim, self.now()).unwrap();
        checked.verify(Some(&self.key())).is_ok()
    }

    fn verifies(&self, bucket: &Bucket, url: &str) -> bool {
        let target = url.strip_prefix(bucket.origin()).unwrap();
        let mut headers = self.headers.clone();
        headers.push(("Host".to_owned(), bucket.authority().to_owned()));
        let head = RequestHead { method: self.method, target, headers: headers.as_slice() };
        let claim = Claim::parse(&head).unwrap();
        let verifier = Verifier::new(Region::new(REGION).unwrap(), Service::S3);
        let checked = verifier.check(&claim, self.now()).unwrap();
        checked.verify(Some(&self.key())).is_ok()
    }
}

fn signature(url: &str) -> &str {
    let (_, rest) = url.split_once("X-Amz-Signature=").unwrap();
    rest.split('&').next().unwrap()
}

#[test]
fn aws_sigv4_signs_as_we_do_and_we_verify_what_it_signs() {
    let mut runner = TestRunner::new(Config { cases: CASES, ..Config::default() });
    let outcome = runner.run(&any_case(), |case| {
        let bucket = case.bucket();
        let (ours, theirs) = (case.ours(&bucket), case.theirs(&bucket));
        prop_assert_eq!(signature(&ours), signature(&theirs), "{} / {}", ours, theirs);
        prop_assert!(case.verifies(&bucket, &ours));
        prop_assert!(case.verifies(&bucket, &theirs));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn aws_sigv4_adds_the_headers_that_we_add_and_we_verify_them() {
    let mut runner = TestRunner::new(Config { cases: CASES_IN_HEADER, ..Config::default() });
    let outcome = runner.run(&any_case(), |case| {
        let bucket = case.bucket();
        let ((our_target, ours), (their_target, theirs)) =
            (case.ours_in_header(&bucket), case.theirs_in_header(&bucket));
        prop_assert_eq!(&ours, &theirs);
        prop_assert!(case.verifies_in_header(&bucket, &our_target, &ours));
        prop_assert!(case.verifies_in_header(&bucket, &their_target, &theirs));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
