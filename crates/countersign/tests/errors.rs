//! What an error says: what is wrong, with the name that it concerns, and nothing twice.

use std::error::Error;

use countersign::{
    Date, Field, KeyFault, ParseError, PrefixTokenError, PresignError, ScopeMismatch, Skew,
    Timestamp, VerifyError, oci,
    post_policy::{ConditionFault, FormError, FormFault, PolicyFault, PostPolicyError},
};

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// Each with the words that a reader looks for.
fn all() -> Vec<(Box<dyn Error>, &'static str)> {
    let (early, late) = (at("20130524T000000Z"), at("20130525T000000Z"));
    let other_region = ScopeMismatch::Region { expected: "here".into(), got: "there".into() };
    let other_service = ScopeMismatch::Service { expected: "s3".into(), got: "sts".into() };
    vec![
        (
            PresignError::KeyScopeExpired {
                key: Date::parse("20130524").unwrap(),
                now: Date::parse("20130525").unwrap(),
            }
            .into(),
            "key is of 20130524, the signing time of 20130525",
        ),
        (
            PresignError::OutlivesCredentials { expires_at: late, credentials_expire_at: early }
                .into(),
            "at 20130525T000000Z, its credentials at 20130524T000000Z",
        ),
        (PresignError::Key(KeyFault::Nul).into(), "the object key has a NUL byte"),
        (PresignError::ReservedName("x-amz-date".into()).into(), "`x-amz-date`"),
        (PresignError::DuplicateName("range".into()).into(), "`range`"),
        (PresignError::InvalidHeaderValue("range".into()).into(), "`range`"),
        (PresignError::TooLong.into(), "16384"),
        (ParseError::Missing(Field::Date).into(), "X-Amz-Date"),
        (VerifyError::LifetimeTooLong.into(), "604800"),
        (
            VerifyError::NotYetValid { now: early, not_before: late }.into(),
            "before 20130525T000000Z, it is 20130524T000000Z",
        ),
        (
            VerifyError::Expired { now: late, not_after: early }.into(),
            "at 20130524T000000Z, it is 20130525T000000Z",
        ),
        (
            VerifyError::TimeSkewed { now: late, signed_at: early, skew: Skew::MAX }.into(),
            "at 20130524T000000Z, over",
        ),
        (VerifyError::Scope(other_region).into(), "region is `there`, not `here`"),
        (VerifyError::Scope(other_service).into(), "service is `sts`, not `s3`"),
        (VerifyError::UnsignedHeader("x-amz-acl".into()).into(), "`x-amz-acl`"),
        (VerifyError::SignedHeaderAbsent("range".into()).into(), "`range`"),
        (VerifyError::UnknownKey.into(), "no such access key"),
        (VerifyError::SignatureMismatch.into(), "signature does not match"),
        (PrefixTokenError::Mismatch.into(), "does not match"),
        (
            PrefixTokenError::Expired { now: late, not_after: early }.into(),
            "at 20130524T000000Z, it is 20130525T000000Z",
        ),
        (oci::InvalidValue::KeyId.into(), "tenancy/user/fingerprint"),
        (oci::SignError::Missing(oci::Required::RequestTarget).into(), "`(request-target)`"),
        (oci::SignError::ReservedName("authorization".into()).into(), "`authorization`"),
        (oci::RsaFailure.into(), "RSA"),
        (oci::ParseError::Missing(oci::Field::KeyId).into(), "keyId"),
        (oci::VerifyError::NotSigned(oci::Required::Date).into(), "`date`"),
        (oci::VerifyError::AbsentHeader("host".into()).into(), "`host`"),
        (PostPolicyError::DuplicateName("acl".into()).into(), "`acl`"),
        (PostPolicyError::TooLong.into(), "65536"),
        (FormError::Unmet("acl".into()).into(), "`acl`"),
        (FormError::Uncovered("a\nb".into()).into(), r"`a\nb`"),
        (FormFault::Malformed("a\nb".into()).into(), r"`a\nb`"),
        (FormFault::Missing("policy").into(), "`policy`"),
        (PolicyFault::NoExpiration.into(), "no expiration"),
        (ConditionFault::Operator.into(), "operator"),
    ]
}

#[test]
fn a_reason_names_what_it_concerns_in_the_words_of_a_sentence_that_goes_on() {
    for (error, words) in all() {
        let text = error.to_string();
        assert!(text.contains(words), "{text}: {words}");
        assert!(!text.ends_with('.'), "{text}");
    }
}

/// Whoever writes all sources, one behind another, repeats nothing.
#[test]
fn a_source_is_told_by_itself_only() {
    let condition = PolicyFault::Condition { index: 2, fault: ConditionFault::Shape };
    let with_source: [(Box<dyn Error>, Box<dyn Error>); 7] = [
        (
            VerifyError::Parse(ParseError::Missing(Field::Date)).into(),
            ParseError::Missing(Field::Date).into(),
        ),
        (
            oci::VerifyError::Parse(oci::ParseError::UnsupportedScheme).into(),
            oci::ParseError::UnsupportedScheme.into(),
        ),
        (oci::SignError::Rsa(oci::RsaFailure).into(), oci::RsaFailure.into()),
        (FormError::Shape(FormFault::Anonymous).into(), FormFault::Anonymous.into()),
        (FormError::Claim(VerifyError::UnknownKey).into(), VerifyError::UnknownKey.into()),
        (FormError::Policy(PolicyFault::Shape).into(), PolicyFault::Shape.into()),
        (condition.into(), ConditionFault::Shape.into()),
    ];
    for (error, source) in with_source {
        let text = source.to_string();
        assert_eq!(error.source().map(ToString::to_string), Some(text.clone()));
        assert!(!error.to_string().is_empty() && !error.to_string().contains(&text), "{error}");
    }
    for (error, _) in all() {
        assert!(error.source().is_none(), "{error}");
    }
}
