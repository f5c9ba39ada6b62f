//! What Oracle's SDK for Python signed.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign::{
    RequestHead, Timestamp,
    oci::{Claim, Content, ContentRule, KeyId, Required, SigningString, Verifier, VerifyError},
};
use serde_json::Value;

use super::{Sent, key, method, public_key, target};

struct Case {
    key_id: KeyId,
    sent: Sent,
    body: Vec<u8>,
    is_upload: bool,
    date: Timestamp,
    signed_headers: Vec<String>,
    signing_string: String,
    signature: String,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn cases() -> Vec<Case> {
    let file = include_str!("../data/oci-sdk/requests.json");
    let vectors: Value = serde_json::from_str(file).unwrap();
    let read = |case: &Value| {
        let headers = case["headers"].as_array().unwrap().iter();
        Case {
            key_id: KeyId::parse(text(&case["key_id"])).unwrap(),
            sent: Sent {
                method: text(&case["method"]),
                target: text(&case["target"]),
                headers: headers.map(|pair| (text(&pair[0]), text(&pair[1]))).collect(),
            },
            body: STANDARD.decode(text(&case["body_base64"])).unwrap(),
            is_upload: case["is_upload"].as_bool().unwrap(),
            date: Timestamp::parse(&text(&case["date"])).unwrap(),
            signed_headers: case["signed_headers"].as_array().unwrap().iter().map(text).collect(),
            signing_string: text(&case["signing_string"]),
            signature: text(&case["signature"]),
        }
    };
    let cases: Vec<_> = vectors["cases"].as_array().unwrap().iter().map(read).collect();
    assert_eq!(cases.len(), 56);
    assert!(cases.iter().filter(|case| case.is_upload).count() >= 5);
    cases
}

fn lenient() -> Verifier {
    Verifier::new().danger_allow_unsigned_uploads()
}

#[test]
fn the_same_list_makes_the_same_header() {
    for mut case in cases() {
        let value = |name: &String| match name.as_str() {
            "(request-target)" => String::new(),
            name => case.sent.value(name).clone(),
        };
        let values: Vec<_> = case.signed_headers.iter().map(value).collect();
        let names = case.signed_headers.iter().map(String::as_str);
        let list: Vec<_> = names.zip(values.iter().map(String::as_str)).collect();
        let rule = if case.is_upload { ContentRule::ObjectUpload } else { ContentRule::Signed };
        let method = method(&case.sent.method);
        let text = SigningString::new(method, target(&case.sent.target), &list, rule).unwrap();
        assert_eq!(text.as_str(), case.signing_string);
        let authorization = text.sign(&case.key_id, key()).unwrap();
        assert_eq!(authorization.signature(), case.signature);
        let sent = case.sent.headers.iter().find(|(name, _)| name == "authorization").unwrap();
        assert_eq!(authorization.to_header_value(), sent.1);
    }
}

#[test]
fn every_request_is_verified_with_its_body() {
    let mut digests = 0;
    for case in cases() {
        let Sent { method, target, headers } = &case.sent;
        let head = RequestHead { method, target, headers: headers.as_slice() };
        let claim = Claim::parse(&head).unwrap();
        let checked = lenient().check(&claim, case.date).unwrap();
        assert_eq!(checked.key_id().as_str(), case.key_id.as_str());
        let verified = checked.verify(Some(public_key())).unwrap();
        assert_eq!(verified.dated(), case.date);
        let has_body = matches!(method.as_str(), "PATCH" | "POST" | "PUT");
        assert_eq!(verified.content_sha256().is_some(), has_body && !case.is_upload);
        if let Some(digest) = verified.content_sha256() {
            let content = Content::of(&case.body, "");
            assert_eq!(digest, content.sha256);
            assert_eq!(verified.content_length_bytes(), Some(content.length_bytes));
            digests += 1;
        }
    }
    assert!(digests >= 15, "{digests}");
}

#[test]
fn every_request_holds_for_five_minutes() {
    for case in cases() {
        let outcome = |secs| {
            let now = Timestamp::from_unix_secs(case.date.unix_secs() + secs).unwrap();
            case.sent.answer(&lenient(), Some(public_key()), now)
        };
        assert!(outcome(-300).is_ok() && outcome(300).is_ok());
        assert!(matches!(outcome(-301), Err(VerifyError::NotYetValid { .. })));
        assert!(matches!(outcome(301), Err(VerifyError::Expired { .. })));
    }
}

#[test]
fn only_uploads_may_leave_their_body_unsigned() {
    for case in cases() {
        let outcome = case.sent.answer(&Verifier::new(), Some(public_key()), case.date);
        let missing = VerifyError::NotSigned(Required::ContentLength);
        assert_eq!(outcome.err(), case.is_upload.then_some(missing));
        if case.is_upload {
            // Nothing else takes such a signature.
            for other in ["POST", "PATCH"] {
                let sent = Sent { method: other.to_owned(), ..case.sent.clone() };
                let outcome = sent.answer(&lenient(), Some(public_key()), case.date);
                assert!(matches!(outcome, Err(VerifyError::NotSigned(_))));
            }
        }
    }
}

#[test]
fn no_signed_part_of_any_can_be_changed() {
    let mut changes = 0;
    for case in cases() {
        let mut tried = Vec::new();
        for name in case.signed_headers.iter().filter(|name| *name != "(request-target)") {
            let mut sent = case.sent.clone();
            sent.value(name).push('0');
            tried.push(sent);
            let mut sent = case.sent.clone();
            sent.remove(name);
            tried.push(sent);
            let mut sent = case.sent.clone();
            sent.add(name, "");
            tried.push(sent);
        }
        let (target, method) = (&case.sent.target, &case.sent.method);
        tried.push(Sent { target: format!("{target}0"), ..case.sent.clone() });
        let other = if method == "GET" { "DELETE" } else { "GET" };
        tried.push(Sent { method: other.to_owned(), ..case.sent.clone() });
        for sent in tried {
            let outcome = sent.answer(&lenient(), Some(public_key()), case.date);
            assert!(outcome.is_err(), "{sent:?}");
            changes += 1;
        }
    }
    assert!(changes >= 500, "{changes}");
}
