//! The examples of Oracle's documentation. Their key has 1,024 bits: `ring` verifies with it under a
//! name that says so, and signs nothing.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign::{
    Method, Timestamp,
    oci::{
        Authorization, ContentRule, KeyId, RsaFailure, RsaKey, RsaKeyError, RsaPublicKey,
        RsaSigner, RsaVerifier, SigningString, Target, Verifier, VerifyError,
    },
};
use ring::signature::{RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use serde_json::Value;

use crate::Sent;

fn vectors() -> Value {
    let text = include_str!("../data/oci-request-signing/vectors.json");
    let vectors: Value = serde_json::from_str(text).unwrap();
    assert_eq!(vectors["cases"].as_array().unwrap().len(), 2);
    vectors
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The documentation's public key: the `RSAPublicKey` within it.
struct Legacy(Vec<u8>);

impl Legacy {
    fn new(vectors: &Value) -> Self {
        let pem = text(&vectors["public_key_pem"]);
        let lines = pem.lines().filter(|line| !line.starts_with('-'));
        let info = STANDARD.decode(lines.collect::<String>()).unwrap();
        // Behind the algorithm, the headers of three values, and the count of unused bits.
        Self(info[22..].into())
    }
}

impl RsaVerifier for Legacy {
    fn verify_pkcs1_sha256(&self, message: &[u8], signature: &[u8]) -> Result<(), RsaFailure> {
        UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, &self.0)
            .verify(message, signature)
            .map_err(|_| RsaFailure)
    }
}

/// Gives the published signature for the published text, and none for another.
struct Published<'a>(&'a Value);

impl RsaSigner for Published<'_> {
    fn sign_pkcs1_sha256(&self, message: &[u8]) -> Result<Vec<u8>, RsaFailure> {
        if message != text(&self.0["signing_string"]).as_bytes() {
            return Err(RsaFailure);
        }
        Ok(STANDARD.decode(text(&self.0["signature"])).unwrap())
    }
}

fn target(case: &Value) -> &str {
    let url = text(&case["url"]);
    let host = "https://iaas.us-phoenix-1.oraclecloud.com";
    url.strip_prefix(host).unwrap()
}

fn signing_string(case: &Value) -> SigningString {
    let headers = case["headers"].as_array().unwrap();
    let signed = case["signed_headers"].as_array().unwrap().iter().map(text);
    let list: Vec<_> = signed
        .map(|name| {
            let value = headers.iter().find(|pair| pair[0] == name).map(|pair| text(&pair[1]));
            (name, value.unwrap_or_default())
        })
        .collect();
    let method = Method::new(text(&case["method"])).unwrap();
    let target = Target::new(target(case)).unwrap();
    SigningString::new(method, target, &list, ContentRule::Signed).unwrap()
}

#[test]
fn the_signing_strings_are_those_that_are_published() {
    for case in vectors()["cases"].as_array().unwrap() {
        assert_eq!(signing_string(case).as_str(), text(&case["signing_string"]));
    }
}

#[test]
fn the_headers_are_those_that_are_published_in_another_order() {
    let vectors = vectors();
    for case in vectors["cases"].as_array().unwrap() {
        let key_id = KeyId::parse(text(&vectors["key_id"])).unwrap();
        let ours = signing_string(case).sign(&key_id, &Published(case)).unwrap();
        let published = Authorization::parse(text(&case["authorization"])).unwrap();
        assert_eq!(ours.to_header_value(), published.to_header_value());
        assert_eq!(ours.signature(), text(&case["signature"]));

        let parameters = |header: &str| {
            let (_, parameters) = header.split_once(' ').unwrap();
            let mut parameters: Vec<_> = parameters.split(',').map(str::to_owned).collect();
            parameters.sort();
            parameters
        };
        assert_eq!(parameters(&ours.to_header_value()), parameters(text(&case["authorization"])));
    }
}

#[test]
fn the_published_requests_are_verified() {
    let vectors = vectors();
    let key = Legacy::new(&vectors);
    let now = Timestamp::parse("20140105T213140Z").unwrap();
    for case in vectors["cases"].as_array().unwrap() {
        let owned = |pair: &Value| (text(&pair[0]).to_owned(), text(&pair[1]).to_owned());
        let mut sent = Sent {
            method: text(&case["method"]).to_owned(),
            target: target(case).to_owned(),
            headers: case["headers"].as_array().unwrap().iter().map(owned).collect(),
        };
        sent.add("Authorization", text(&case["authorization"]));
        let answer = |sent: &Sent| sent.answer(&Verifier::new(), Some(&key), now);
        assert!(answer(&sent).is_ok());
        let name = sent.target.pop().unwrap();
        assert_eq!(answer(&sent), Err(VerifyError::SignatureMismatch));
        sent.target.push(name);
        assert!(answer(&sent).is_ok());
        let wrong = Some(crate::public_key());
        let mismatch = sent.answer(&Verifier::new(), wrong, now);
        assert_eq!(mismatch, Err(VerifyError::SignatureMismatch));
    }
}

#[test]
fn the_published_key_is_too_small_for_ours() {
    let vectors = vectors();
    let private = RsaKey::from_pem(text(&vectors["private_key_pem"]));
    assert_eq!(private.unwrap_err(), RsaKeyError::TooSmall);
    let public = RsaPublicKey::from_pem(text(&vectors["public_key_pem"]));
    assert_eq!(public.unwrap_err(), RsaKeyError::TooSmall);
}
