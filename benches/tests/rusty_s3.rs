//! A foreign signer as the oracle, beside `aws-sigv4` in the tests of the core: on random requests
//! the URL of rusty-s3 is ours, byte for byte, and we verify it. It is here because rusty-s3 brings
//! more crates than the core's tests shall need.

use std::time::Duration;

use countersign::{
    Addressing, Bucket, Claim, Credentials, Endpoint, Lifetime, Method, PresignRequest, Region,
    RequestHead, Scope, SecretKey, Service, SigningKey, Timestamp, Verifier, VerifyError,
};
use proptest::{
    collection::btree_map,
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};
use rusty_s3::{
    S3Action, UrlStyle,
    actions::{DeleteObject, GetObject, HeadObject, PutObject},
};

/// How many random requests a run makes. Each is signed by both, and verified both ways.
const CASES: u32 = 20_000;

const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const BUCKET: &str = "examplebucket";
const REGION: &str = "eu-central-1";

#[derive(Debug, Clone)]
struct Case {
    endpoint: &'static str,
    addressing: Addressing,
    method: &'static str,
    key: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    secret: String,
    token: Option<String>,
    unix_secs: u32,
    lifetime_secs: u64,
}

fn any_case() -> impl Strategy<Value = Case> {
    // No NUL, which is refused; and no dot segment, of which rusty-s3 makes another key.
    let key = prop_oneof![
        "[ -~]{1,60}",
        "\\PC{1,20}",
        "[./%+ü日a-c]{1,40}",
        "[\\x01-\\x1f\\x7f/a]{1,12}",
        "[a-zé/]{300,340}",
    ];
    let has_no_dots = |key: &String| !key.split('/').any(|segment| [".", ".."].contains(&segment));
    // Other names rusty-s3 sorts before they are encoded, as it says itself.
    let name = prop_oneof!["[a-z-]{1,12}", "[A-Z~._-]{1,8}", "X-Amz-[A-Z][a-z]{3,9}"];
    let is_free = |name: &String| {
        !["X-Amz-Date", "X-Amz-Expires", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-Algorithm"]
            .contains(&name.as_str())
    };
    let query =
        btree_map(name.prop_filter("a parameter of the claim", is_free), "[ -~é\\n]{0,12}", 0..4);
    let header = prop_oneof!["x-amz-meta-[a-z]{1,6}", Just("content-type".to_owned())];
    let headers = btree_map(header, "[a-zA-Z0-9;=/]{1,8}( {1,3}[a-z\"]{1,4})?", 0..3);
    let (path, virtual_host) = (Addressing::Path, Addressing::VirtualHost);
    let place = select(vec![
        ("https://s3.example.com", path),
        ("https://s3.example.com", virtual_host),
        ("http://localhost:9000", path),
        ("http://localhost:9000", virtual_host),
        ("https://s3.example.com:443", virtual_host),
        ("https://s3.example.com:80", virtual_host),
        ("http://s3.example.com:80", path),
        ("http://[::1]:9000", path),
        ("http://127.0.0.1:65535", path),
        ("https://s3.example.com/base", path),
        ("https://s3.example.com/base/", virtual_host),
    ]);
    let method = select(vec!["GET", "PUT", "HEAD", "DELETE"]);
    let who = ("[!-~]{8,40}", prop::option::of("[A-Za-z0-9/+=]{16,80}"));
    let when = (1_u32.., prop_oneof![Just(1_u64), Just(604_800), 1_u64..=604_800]);
    (place, method, key.prop_filter("a dot segment", has_no_dots), query, headers, who, when)
        .prop_map(|((endpoint, addressing), method, key, query, headers, who, when)| Case {
            endpoint,
            addressing,
            method,
            key,
            query: query.into_iter().collect(),
            headers: headers.into_iter().collect(),
            secret: who.0,
            token: who.1,
            unix_secs: when.0,
            lifetime_secs: when.1,
        })
}

impl Case {
    fn bucket(&self) -> Bucket {
        Endpoint::parse(self.endpoint, self.addressing).unwrap().bucket(BUCKET).unwrap()
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_unix_secs(self.unix_secs.into()).unwrap()
    }

    fn signing_key(&self) -> SigningKey {
        let secret = SecretKey::new(self.secret.as_str()).unwrap();
        let mut credentials = Credentials::new(ACCESS_KEY_ID, secret).unwrap();
        if let Some(token) = &self.token {
            credentials = credentials.with_session_token(token.as_str()).unwrap();
        }
        let region = Region::new(REGION).unwrap();
        SigningKey::derive(&credentials, Scope::new(self.now().date(), region, Service::S3))
    }

    fn ours(&self) -> String {
        let bucket = self.bucket();
        let lifetime = Lifetime::from_secs(self.lifetime_secs).unwrap();
        let method = Method::new(self.method).unwrap();
        let mut request = PresignRequest::new(method, bucket.object(&self.key).unwrap(), lifetime);
        for (name, value) in &self.query {
            request = request.with_query(name, value).unwrap();
        }
        for (name, value) in &self.headers {
            request = request.with_signed_header(name, value).unwrap();
        }
        self.signing_key().at(self.now()).unwrap().presign(&request).unwrap().into_string()
    }

    fn theirs(&self) -> String {
        let style = match self.addressing {
            Addressing::VirtualHost => UrlStyle::VirtualHost,
            Addressing::Path => UrlStyle::Path,
        };
        let endpoint = self.endpoint.parse().unwrap();
        let bucket = rusty_s3::Bucket::new(endpoint, style, BUCKET, REGION).unwrap();
        let credentials = match &self.token {
            Some(token) => {
                rusty_s3::Credentials::new_with_token(ACCESS_KEY_ID, &self.secret, token)
            }
            None => rusty_s3::Credentials::new(ACCESS_KEY_ID, &self.secret),
        };
        let (bucket, credentials) = (&bucket, Some(&credentials));
        match self.method {
            "GET" => self.signed(GetObject::new(bucket, credentials, &self.key)),
            "PUT" => self.signed(PutObject::new(bucket, credentials, &self.key)),
            "HEAD" => self.signed(HeadObject::new(bucket, credentials, &self.key)),
            _ => self.signed(DeleteObject::new(bucket, credentials, &self.key)),
        }
    }

    fn signed<'a>(&'a self, mut action: impl S3Action<'a>) -> String {
        for (name, value) in &self.query {
            action.query_mut().insert(name, value);
        }
        for (name, value) in &self.headers {
            action.headers_mut().insert(name, value);
        }
        let now = jiff::Timestamp::from_second(self.unix_secs.into()).unwrap();
        action.sign_with_time(Duration::from_secs(self.lifetime_secs), &now).into()
    }

    /// The key of the object that a URL of this case is for, when it is verified.
    fn verify(&self, url: &str) -> Result<String, VerifyError> {
        let bucket = self.bucket();
        let target = url.strip_prefix(bucket.origin()).unwrap();
        let mut headers = self.headers.clone();
        headers.push(("Host".to_owned(), bucket.authority().to_owned()));
        let head = RequestHead { method: self.method, target, headers: headers.as_slice() };
        let claim = Claim::parse(&head)?;
        let verifier = Verifier::new(Region::new(REGION).unwrap(), Service::S3);
        let verified = verifier.check(&claim, self.now())?.verify(Some(&self.signing_key()))?;
        let endpoint = Endpoint::parse(self.endpoint, self.addressing).unwrap();
        let resource = verified.resource(&endpoint).unwrap();
        assert_eq!(&*resource.bucket, BUCKET);
        Ok(String::from(resource.key.unwrap()))
    }
}

#[test]
fn rusty_s3_makes_our_url_and_we_verify_it() {
    let mut runner = TestRunner::new(Config { cases: CASES, ..Config::default() });
    let outcome = runner.run(&any_case(), |case| {
        let (ours, theirs) = (case.ours(), case.theirs());
        prop_assert_eq!(&ours, &theirs);
        prop_assert_eq!(case.verify(&theirs), Ok(case.key.clone()));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn another_signature_of_rusty_s3_is_refused() {
    let mut runner = TestRunner::new(Config { cases: CASES / 20, ..Config::default() });
    let outcome = runner.run(&any_case(), |case| {
        let other = Case { secret: format!("{}x", case.secret), ..case.clone() };
        prop_assert_ne!(case.ours(), other.theirs());
        prop_assert_eq!(case.verify(&other.theirs()), Err(VerifyError::SignatureMismatch));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// Why such keys are left out above: rusty-s3 resolves them, and signs what is left.
#[test]
fn a_key_with_a_dot_segment_is_another_key_to_rusty_s3() {
    for (key, resolved) in [("a/../b", "b"), ("./b", "b"), ("a/./b", "a/b"), ("a/b/..", "a/")] {
        let case = Case {
            endpoint: "https://s3.example.com",
            addressing: Addressing::VirtualHost,
            method: "GET",
            key: key.to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            secret: "secret".to_owned(),
            token: None,
            unix_secs: 1_369_353_600,
            lifetime_secs: 60,
        };
        assert_eq!(case.verify(&case.ours()).unwrap(), key);
        assert_eq!(case.verify(&case.theirs()).unwrap(), resolved);
    }
}
