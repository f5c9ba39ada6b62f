//! Proves that requests are signed for Oracle Cloud as its documentation and its SDK sign them, that
//! what lacks something is refused on both sides, and that what was changed is not let in.

mod dates;
mod headers;
mod keys;
mod properties;
mod required;
mod sdk;
mod tamper;
mod vectors;

use std::sync::OnceLock;

use countersign::{
    Method, RequestHead, Timestamp,
    oci::{
        Claim, Content, ContentRule, KeyId, Request, RsaKey, RsaPublicKey, RsaVerifier, Target,
        Verifier, VerifyError,
    },
};

const HOST: &str = "objectstorage.eu-frankfurt-1.oraclecloud.com";
const KEY_ID: &str = "ocid1.tenancy.oc1..a/ocid1.user.oc1..b/20:3b:97:13:55:1c:5b:0d";
const UPLOAD: &str = "/n/ns/b/bucket/o/a%2Fb.csv";
const OTHER: &str = "/n/ns/b/bucket/p?limit=10&page=%20x";

fn key() -> &'static RsaKey {
    static KEY: OnceLock<RsaKey> = OnceLock::new();
    KEY.get_or_init(|| RsaKey::from_pem(include_str!("../data/oci-keys/pkcs8.pem")).unwrap())
}

fn public_key() -> &'static RsaPublicKey {
    static KEY: OnceLock<RsaPublicKey> = OnceLock::new();
    KEY.get_or_init(|| key().public_key())
}

fn key_id() -> KeyId {
    KeyId::parse(KEY_ID).unwrap()
}

fn now() -> Timestamp {
    Timestamp::parse("20261121T120000Z").unwrap()
}

fn method(text: &str) -> Method<'_> {
    Method::new(text).unwrap()
}

fn target(text: &str) -> Target<'_> {
    Target::new(text).unwrap()
}

/// A request as it goes over the wire.
#[derive(Debug, Clone, PartialEq)]
struct Sent {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
}

impl Sent {
    /// Signs at [`now`].
    fn new(method_text: &str, target_text: &str, content: Option<Content<'_>>) -> Self {
        let is_upload = target(target_text).is_object_upload(method(method_text));
        let rule = if is_upload { ContentRule::ObjectUpload } else { ContentRule::Signed };
        let mut request = Request::new(method(method_text), target(target_text), HOST, rule);
        if let Some(content) = content {
            request = request.with_content(content);
        }
        let signed = request.sign(&key_id(), key(), now()).unwrap();
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let mut headers: Vec<_> = signed.headers().map(owned).collect();
        headers.push(("Host".to_owned(), HOST.to_owned()));
        headers.push(("Accept".to_owned(), "*/*".to_owned()));
        Self { method: method_text.to_owned(), target: target_text.to_owned(), headers }
    }

    fn get() -> Self {
        Self::new("GET", OTHER, None)
    }

    fn post() -> Self {
        Self::new("POST", OTHER, Some(Content::of(b"{}", "application/json")))
    }

    fn value(&mut self, name: &str) -> &mut String {
        let field = self.headers.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name));
        &mut field.unwrap().1
    }

    fn add(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    fn remove(&mut self, name: &str) {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    }

    /// What a verifier answers: the names of the signed headers, or why not.
    fn answer(
        &self,
        verifier: &Verifier,
        key: Option<&impl RsaVerifier>,
        now: Timestamp,
    ) -> Result<Vec<String>, VerifyError> {
        let headers = self.headers.as_slice();
        let head = RequestHead { method: &self.method, target: &self.target, headers };
        let claim = Claim::parse(&head)?;
        let verified = verifier.check(&claim, now)?.verify(key)?;
        assert_eq!(verified.method().as_str(), self.method);
        assert_eq!(verified.target().as_str(), self.target);
        Ok(verified.signed_headers().map(|(name, _)| name.to_owned()).collect())
    }

    /// What the verifier of the tests answers at [`now`].
    fn outcome(&self) -> Result<Vec<String>, VerifyError> {
        self.answer(&Verifier::new(), Some(public_key()), now())
    }

    fn refused(&self) -> VerifyError {
        self.outcome().expect_err("let in")
    }
}
