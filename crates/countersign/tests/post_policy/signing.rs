//! What is signed, and what is not.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign::{
    Addressing, Endpoint, InvalidValue, Lifetime, Region, Scope, Service, SigningKey, Timestamp,
    post_policy::{Condition, FormKey, PostForm, PostPolicy, PostPolicyError},
};
use serde_json::{Value, json};

use super::sent;

fn policy() -> PostPolicy<'static> {
    let endpoint = Endpoint::parse("https://h.example", Addressing::Path).unwrap();
    let key = FormKey::new("k").unwrap();
    PostPolicy::new(&endpoint, "bucket", key, Lifetime::from_secs(60).unwrap()).unwrap()
}

fn signed(policy: &PostPolicy<'_>) -> PostForm {
    let now = Timestamp::parse(sent::SIGNED_AT).unwrap();
    sent::signing_key().at(now).unwrap().presign_post(policy).unwrap()
}

/// The conditions of a form, but for those that every form has.
fn own_conditions(form: &PostForm) -> Vec<Value> {
    let text = STANDARD.decode(form.policy()).unwrap();
    let policy: Value = serde_json::from_slice(&text).unwrap();
    let mut conditions = policy["conditions"].as_array().unwrap().clone();
    let always = [
        json!({"bucket": "bucket"}),
        json!({"key": "k"}),
        json!({"x-amz-algorithm": "AWS4-HMAC-SHA256"}),
        json!({"x-amz-credential": sent::CREDENTIAL}),
        json!({"x-amz-date": sent::SIGNED_AT}),
    ];
    let end = conditions.split_off(conditions.len() - always.len());
    assert_eq!(end, always);
    conditions
}

#[test]
fn a_field_without_a_condition_gets_one_after_those_that_are_given() {
    let request = policy()
        .with_field("x-amz-meta-b", "1")
        .unwrap()
        .with_field("Content-Type", "image/png")
        .unwrap()
        .with_field("x-amz-meta-a", "é\"")
        .unwrap()
        .with_field("x-ignore-this", "whatever")
        .unwrap()
        .with_condition(Condition::starts_with("content-type", "image/").unwrap())
        .unwrap();
    let expected = [
        json!(["starts-with", "$content-type", "image/"]),
        json!({"x-amz-meta-b": "1"}),
        json!({"x-amz-meta-a": "é\""}),
    ];
    assert_eq!(own_conditions(&signed(&request)), expected);
    assert_eq!(own_conditions(&signed(&policy())), Vec::<Value>::new());
}

#[test]
fn temporary_credentials_put_their_token_into_form_and_policy() {
    let credentials = sent::credentials().with_session_token("to/ken=").unwrap();
    let now = Timestamp::parse(sent::SIGNED_AT).unwrap();
    let scope = Scope::new(now.date(), Region::new("us-east-1").unwrap(), Service::S3);
    let key = SigningKey::derive(&credentials, scope);
    let form = key.at(now).unwrap().presign_post(&policy()).unwrap();
    assert!(form.fields().any(|field| field == ("x-amz-security-token", "to/ken=")));
    let text = String::from_utf8(STANDARD.decode(form.policy()).unwrap()).unwrap();
    assert!(text.ends_with(r#", {"x-amz-security-token": "to/ken="}]}"#), "{text}");
    assert!(!format!("{form:?}{key:?}").contains("to/ken="));
}

#[test]
fn what_cannot_stand_in_a_form_is_refused() {
    let refused = |name: &str, value: &str| policy().with_field(name, value).unwrap_err();
    for name in [
        "key",
        "Key",
        "bucket",
        "file",
        "policy",
        "X-Amz-Signature",
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-security-token",
        "AWSAccessKeyId",
        "awsaccesskeyid",
        "signature",
    ] {
        assert_eq!(refused(name, ""), PostPolicyError::ReservedName(name.into()));
    }
    for name in ["", "a b", "a:b", "a\"b", "a\r\nb", "é", &"a".repeat(257)] {
        assert_eq!(refused(name, ""), PostPolicyError::InvalidFieldName, "{name:?}");
    }
    assert!(policy().with_field(&"a".repeat(256), "").is_ok());
    for value in ["a\nb", "\r", "\0", "\u{7f}"] {
        assert_eq!(refused("acl", value), PostPolicyError::InvalidFieldValue("acl".into()));
    }
    assert!(policy().with_field("tagging", "<a>\n</a>").is_ok());
    let twice = policy().with_field("acl", "a").unwrap().with_field("ACL", "a");
    assert_eq!(twice.unwrap_err(), PostPolicyError::DuplicateName("ACL".into()));

    let endpoint = Endpoint::parse("https://h.example", Addressing::Path).unwrap();
    let key = FormKey::new("k").unwrap();
    let nowhere = PostPolicy::new(&endpoint, "..", key, Lifetime::MAX);
    assert_eq!(nowhere.unwrap_err(), InvalidValue::Bucket);
}

#[test]
fn a_form_of_65_536_bytes_is_signed_and_no_longer_one() {
    let now = Timestamp::parse(sent::SIGNED_AT).unwrap();
    let key = sent::signing_key();
    let name = "x-ignore-filling";
    // A field that is ignored stands in the form alone, and not in its policy.
    let sign = |len: usize| {
        let value = "a".repeat(len);
        key.at(now).unwrap().presign_post(&policy().with_field(name, &value).unwrap())
    };
    let len_of = |form: &PostForm| -> usize {
        form.fields().map(|(name, value)| name.len() + value.len()).sum()
    };
    let room = 65_536 - len_of(&sign(0).unwrap());
    assert_eq!(len_of(&sign(room).unwrap()), 65_536);
    for over in [1, 2, 65_536] {
        assert_eq!(sign(room + over).unwrap_err(), PostPolicyError::TooLong);
    }
}

#[test]
fn a_signed_form_shows_where_it_is_posted_and_no_field() {
    let form = signed(&policy().with_field("acl", "hush").unwrap());
    assert!(form.fields().any(|field| field == ("acl", "hush")));
    assert_eq!(format!("{form:?}"), "PostForm(https://h.example/bucket, ..)");
}

#[test]
fn a_form_that_no_verifier_reads_is_not_signed() {
    let names: Vec<_> = (0..91).map(|at| format!("x-amz-meta-{at}")).collect();
    let mut full = policy();
    for name in &names[..90] {
        full = full.with_field(name, "").unwrap();
    }
    for _ in 0..100 {
        full = full.with_condition(Condition::starts_with("key", "").unwrap()).unwrap();
    }
    let one_more = full.clone().with_field(&names[90], "");
    assert_eq!(one_more.unwrap_err(), PostPolicyError::TooMany);
    let one_more = full.clone().with_condition(Condition::starts_with("key", "").unwrap());
    assert_eq!(one_more.unwrap_err(), PostPolicyError::TooMany);
    // The most that is signed is read.
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let form = sent::Sent {
        bucket: "bucket".into(),
        fields: signed(&full).fields().map(owned).collect(),
        file_name: None,
        now: Timestamp::parse(sent::SIGNED_AT).unwrap(),
    };
    assert_eq!(form.answer().unwrap().fields.len(), 90);

    let end = Timestamp::MAX;
    let scope = Scope::new(end.date(), Region::new("us-east-1").unwrap(), Service::S3);
    let key = SigningKey::derive(&sent::credentials(), scope);
    let error = key.at(end).unwrap().presign_post(&policy()).unwrap_err();
    assert_eq!(error, PostPolicyError::ExpiryOutOfRange);
}
