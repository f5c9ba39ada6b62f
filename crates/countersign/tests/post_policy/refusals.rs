//! What is refused whatever the policy says, and in which order.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign::{
    Credentials, Date, KeyFault, Region, Scope, ScopeMismatch, SecretKey, Service, SigningKey,
    Verifier, VerifyError,
    post_policy::{FormClaim, FormError, FormFault, FormHead, PolicyFault},
};
use serde_json::{Value, json};

use super::sent::{self, BUCKET, Report, Sent, mismatch, uncovered, unmet};

fn form() -> Sent {
    Sent::new(&json!([{"bucket": BUCKET}, {"key": "k"}]), &[("key", "k")])
}

fn shape(fault: FormFault) -> Result<Report, FormError> {
    Err(FormError::Shape(fault))
}

fn malformed(name: &str) -> Result<Report, FormError> {
    shape(FormFault::Malformed(name.into()))
}

/// The form as another policy, signed.
fn resigned(form: Sent, encoded: &str) -> Sent {
    let signature = sent::sign(sent::SECRET, encoded);
    form.set("policy", encoded).set("x-amz-signature", &signature)
}

#[test]
fn a_field_twice_is_refused_in_whatever_case() {
    let good = form();
    for (name, value) in &good.fields {
        for twice in [name.clone(), name.to_ascii_uppercase()] {
            let answer = good.clone().with(&twice, value).answer();
            assert_eq!(answer, shape(FormFault::Duplicate(twice.into())));
        }
    }
    let answer = good.with("x-ignore-a", "1").with("X-Ignore-A", "1").answer();
    assert_eq!(answer, shape(FormFault::Duplicate("X-Ignore-A".into())));
}

/// A name comes up in what is said of the form, and that may go into a log.
#[test]
fn a_name_that_could_forge_a_line_of_a_log_is_refused_and_shown_without_its_breaks() {
    for name in ["evil\r\nlog: line", "evil\x1b[2J", "evil\u{85}", "\t"] {
        assert_eq!(form().with(name, "1").answer(), malformed(name), "{name:?}");
        let texts = [
            FormFault::Malformed(name.into()).to_string(),
            FormFault::Duplicate(name.into()).to_string(),
            FormError::Unmet(name.into()).to_string(),
            FormError::Uncovered(name.into()).to_string(),
        ];
        assert!(!texts.concat().contains(char::is_control), "{texts:?}");
    }
}

#[test]
fn every_field_of_the_claim_is_needed_in_its_form() {
    for (name, wrong) in [
        ("x-amz-date", "2015-12-29T00:00:00Z"),
        ("x-amz-date", "20151229"),
        ("x-amz-credential", "AKIAIOSFODNN7EXAMPLE"),
        ("x-amz-credential", "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request/x"),
    ] {
        assert_eq!(form().set(name, wrong).answer(), malformed(name), "{wrong}");
    }
    for wrong in ["", "AWS4-HMAC-SHA512", "aws4-hmac-sha256", "AWS4-ECDSA-P256-SHA256", "none"] {
        let answer = form().set("x-amz-algorithm", wrong).answer();
        assert_eq!(answer, shape(FormFault::UnsupportedAlgorithm), "{wrong}");
    }
    for name in ["x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature", "policy"] {
        let answer = form().without(name).answer();
        assert_eq!(answer, shape(FormFault::Missing(name)));
    }
    let good = form();
    let signature = good.value("x-amz-signature");
    for wrong in ["", &signature[1..], &signature.to_ascii_uppercase(), &format!("{signature}0")] {
        assert_eq!(form().set("x-amz-signature", wrong).answer(), mismatch(), "{wrong}");
    }
    for (index, digit) in signature.char_indices() {
        let mut changed = signature.to_owned();
        changed.replace_range(index..=index, if digit == '0' { "1" } else { "0" });
        assert_eq!(form().set("x-amz-signature", &changed).answer(), mismatch());
    }
}

/// A form that says who signed it, or with what, was not meant for everybody.
#[test]
fn only_a_form_that_claims_nothing_is_anonymous() {
    let anonymous = Sent { fields: vec![("key".into(), "k".into())], ..form() };
    assert_eq!(anonymous.answer(), shape(FormFault::Anonymous));
    let claim =
        ["x-amz-algorithm", "x-amz-credential", "X-Amz-Date", "x-amz-security-token"].into_iter();
    for name in claim.chain(["x-amz-signature"]) {
        let answer = anonymous.clone().with(name, "").answer();
        assert_eq!(answer, shape(FormFault::Missing("policy")), "{name}");
    }
}

#[test]
fn a_key_of_another_id_or_scope_is_no_key() {
    let form = form();
    let head = FormHead { bucket: BUCKET, fields: &form.fields, file_name: None };
    let claim = FormClaim::parse(&head).unwrap();
    let region = |name| Region::new(name).unwrap();
    let verifier = Verifier::new(region("us-east-1"), Service::S3);
    let date = |text| Date::parse(text).unwrap();
    let [day, other_day] = [date("20151229"), date("20151228")];
    for (id, scope, is_known) in [
        (sent::ID, Scope::new(day, region("us-east-1"), Service::S3), true),
        ("AKIDOTHER", Scope::new(day, region("us-east-1"), Service::S3), false),
        (sent::ID, Scope::new(other_day, region("us-east-1"), Service::S3), false),
        (sent::ID, Scope::new(day, region("eu-west-1"), Service::S3), false),
        (sent::ID, Scope::new(day, region("us-east-1"), Service::new("sqs").unwrap()), false),
        ("AKIDOTHER", Scope::new(other_day, region("us-east-1"), Service::S3), false),
    ] {
        let user = Credentials::new(id, SecretKey::new(sent::SECRET).unwrap()).unwrap();
        let checked = verifier.check_form(&claim, form.now).unwrap();
        let outcome = checked.verify(Some(&SigningKey::derive(&user, scope)));
        let expected = (!is_known).then_some(FormError::Claim(VerifyError::UnknownKey));
        assert_eq!(outcome.err(), expected, "{id} {scope}");
    }
}

#[test]
fn another_scope_is_refused() {
    let credential = |scope: &str| form().set("x-amz-credential", scope).answer();
    let part = |scope| match credential(scope) {
        Err(FormError::Claim(VerifyError::Scope(mismatch))) => mismatch,
        other => panic!("{other:?}"),
    };
    let eu = part("AKIAIOSFODNN7EXAMPLE/20151229/eu-west-1/s3/aws4_request");
    assert!(matches!(eu, ScopeMismatch::Region { .. }));
    let sqs = part("AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/sqs/aws4_request");
    assert!(matches!(sqs, ScopeMismatch::Service { .. }));
    let old = part("AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws3_request");
    assert_eq!(old, ScopeMismatch::Terminator);
    assert_eq!(
        credential("AKIAIOSFODNN7EXAMPLE/20151228/us-east-1/s3/aws4_request"),
        Err(FormError::Claim(VerifyError::DateMismatch))
    );
}

#[test]
fn a_policy_holds_from_the_skew_before_it_to_its_expiration() {
    let at = |now| form().at(now).answer();
    for now in ["20151228T234500Z", "20151229T000000Z", "20151229T015959Z"] {
        assert!(at(now).is_ok(), "{now}");
    }
    assert!(matches!(
        at("20151228T234459Z"),
        Err(FormError::Claim(VerifyError::NotYetValid { .. }))
    ));
    for now in ["20151229T020000Z", "20151229T020001Z", "99991231T235959Z"] {
        assert!(matches!(at(now), Err(FormError::Claim(VerifyError::Expired { .. }))), "{now}");
    }
}

#[test]
fn a_policy_holds_no_longer_than_a_key_signs() {
    let mut policy: Value =
        serde_json::from_str(&sent::policy(&json!([{"bucket": BUCKET}, {"key": "k"}]))).unwrap();
    for far in ["2016-01-05T00:00:00Z", "2016-01-05T00:00:01Z", "9999-12-31T23:59:59Z"] {
        policy["expiration"] = json!(far);
        let form = Sent::with_policy(&policy.to_string(), &[("key", "k")]);
        let report = form.clone().at("20160104T235959Z").answer().unwrap();
        assert_eq!(report.not_after.to_string(), "20160105T000000Z");
        assert!(form.at("20160105T000000Z").answer().is_err());
    }
    policy["expiration"] = json!("2015-12-28T23:59:59.999Z");
    let before = Sent::with_policy(&policy.to_string(), &[("key", "k")]);
    assert!(before.clone().answer().is_err());
    assert!(before.at("20151228T235958Z").answer().is_ok());
}

#[test]
fn a_claim_that_its_policy_does_not_speak_of_is_refused() {
    let claim = [
        ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
        ("x-amz-credential", sent::CREDENTIAL),
        ("x-amz-date", sent::SIGNED_AT),
    ];
    for (left_out, _) in claim {
        let mut conditions = vec![json!({"bucket": BUCKET}), json!({"key": "k"})];
        for (name, value) in claim {
            if name != left_out {
                conditions.push(json!({name: value}));
            }
        }
        let policy = json!({"expiration": sent::EXPIRATION, "conditions": conditions});
        let form = Sent::with_policy(&policy.to_string(), &[("key", "k")]);
        assert_eq!(form.answer(), uncovered(left_out));
    }
    // Within one day the signature does not bind the second: the condition does.
    assert_eq!(form().set("x-amz-date", "20151229T000001Z").answer(), unmet("x-amz-date"));
}

#[test]
fn a_session_token_is_that_of_its_key() {
    let conditions = json!([{"bucket": BUCKET}, {"key": "k"}, {"x-amz-security-token": "token"}]);
    let with_token = Sent::new(&conditions, &[("key", "k"), ("x-amz-security-token", "token")]);
    let user = |token: &str| {
        Credentials::new(sent::ID, SecretKey::new(sent::SECRET).unwrap())
            .unwrap()
            .with_session_token(token)
            .unwrap()
    };
    assert!(with_token.answer_of(Some(&user("token"))).is_ok());
    assert_eq!(with_token.answer_of(Some(&user("other"))), mismatch());
    assert_eq!(with_token.answer(), mismatch());
    assert_eq!(form().answer_of(Some(&user("token"))), mismatch());
    let other = with_token.clone().set("x-amz-security-token", "other");
    assert_eq!(other.answer_of(Some(&user("token"))), mismatch());
    assert_eq!(other.answer_of(Some(&user("other"))), unmet("x-amz-security-token"));
    let without = with_token.without("x-amz-security-token");
    assert_eq!(without.answer_of(Some(&user("token"))), mismatch());
}

#[test]
fn what_is_wrong_with_a_policy_is_said_to_its_signer_only() {
    for (encoded, fault) in [
        ("%%%".to_owned(), PolicyFault::Encoding),
        (STANDARD.encode("{"), PolicyFault::NotJson),
        (STANDARD.encode("{}"), PolicyFault::NoExpiration),
        (
            STANDARD.encode(sent::policy(&json!([[]]))),
            PolicyFault::Condition {
                index: 0,
                fault: countersign::post_policy::ConditionFault::Shape,
            },
        ),
    ] {
        assert_eq!(form().set("policy", &encoded).answer(), mismatch());
        assert_eq!(resigned(form(), &encoded).answer(), Err(FormError::Policy(fault)));
        let unknown = resigned(form(), &encoded).answer_of(None);
        assert_eq!(unknown, Err(FormError::Claim(VerifyError::UnknownKey)));
    }
    // So is which condition does not hold.
    let forged = form().set("key", "other").set("x-amz-signature", &"0".repeat(64));
    assert_eq!(forged.answer(), mismatch());
    assert_eq!(form().set("key", "other").answer(), unmet("key"));
}

#[test]
fn a_policy_that_is_over_and_forged_is_over() {
    let forged = form().at("20151229T020000Z").set("x-amz-signature", "");
    assert!(matches!(forged.answer(), Err(FormError::Claim(VerifyError::Expired { .. }))));
}

#[test]
fn a_form_has_its_limits() {
    let mut many = form();
    many.fields
        .extend((many.fields.len()..100).map(|at| (format!("x-ignore-{at}"), String::new())));
    assert!(many.answer().is_ok());
    assert_eq!(many.with("x-ignore-more", "").answer(), shape(FormFault::TooLarge));

    let size = |form: &Sent| form.fields.iter().map(|(name, value)| name.len() + value.len()).sum();
    let room = 65_536_usize - form().fields.iter().map(|(n, v)| n.len() + v.len()).sum::<usize>();
    let full = form().with("x-ignore-a", &"a".repeat(room - "x-ignore-a".len()));
    let bytes: usize = size(&full);
    assert_eq!(bytes, 65_536);
    assert!(full.answer().is_ok());
    let over = form().with("x-ignore-a", &"a".repeat(room + 1 - "x-ignore-a".len()));
    assert_eq!(over.answer(), shape(FormFault::TooLarge));

    let blown_up = form().with("x-ignore-a", &"${filename}".repeat(1000)).named(&"n".repeat(1000));
    assert_eq!(blown_up.answer(), shape(FormFault::TooLarge));

    let any = json!([{"bucket": BUCKET}, ["starts-with", "$key", ""]]);
    let long = |len: usize| Sent::new(&any, &[("key", "${filename}")]).named(&"n".repeat(len));
    assert!(long(1024).answer().is_ok());
    assert_eq!(long(1025).answer(), shape(FormFault::Key(KeyFault::TooLong)));

    let mut conditions = vec![json!({"bucket": BUCKET}), json!({"key": "k"})];
    conditions.resize(197, json!(["starts-with", "$key", ""]));
    let most = Sent::new(&Value::Array(conditions.clone()), &[("key", "k")]);
    assert!(most.answer().is_ok());
    conditions.push(json!({"key": "k"}));
    let over = Sent::new(&Value::Array(conditions), &[("key", "k")]);
    assert_eq!(over.answer(), Err(FormError::Policy(PolicyFault::TooLarge)));
}

#[test]
fn no_value_begins_another_header() {
    let conditions = json!([
        {"bucket": BUCKET}, ["starts-with", "$key", ""], ["starts-with", "$Content-Type", ""],
        ["starts-with", "$tagging", ""],
    ]);
    let form = |key, content_type, tagging| {
        let fields = [("key", key), ("Content-Type", content_type), ("tagging", tagging)];
        Sent::new(&conditions, &fields).answer()
    };
    assert!(form("a\nb\u{7f}", "text/plain\t", "<a>\r\n</a>").is_ok());
    for control in ["\r\nSet-Cookie: a", "\n", "\0", "\u{1b}", "\u{7f}"] {
        assert_eq!(form("k", control, ""), malformed("Content-Type"), "{control:?}");
    }
    assert_eq!(form("a\0b", "", ""), malformed("key"));
    assert_eq!(form("k", "", "\0"), malformed("tagging"));
}

#[test]
fn what_is_no_field_is_refused() {
    assert_eq!(form().with("", "x").answer(), malformed(""));
    assert_eq!(form().with("File", "x").answer(), malformed("File"));
    assert_eq!(form().with("submit", "Upload").answer(), uncovered("submit"));
    let mut nowhere = form();
    nowhere.bucket = "..".into();
    assert_eq!(nowhere.answer(), shape(FormFault::Bucket));
}

#[test]
fn a_bucket_in_the_form_is_that_of_the_url() {
    assert!(form().with("Bucket", BUCKET).answer().is_ok());
    assert_eq!(form().with("Bucket", "another").answer(), unmet("bucket"));
    let any = json!([["starts-with", "$bucket", ""], {"key": "k"}]);
    let mut elsewhere = Sent::new(&any, &[("key", "k")]);
    elsewhere.bucket = "another".into();
    assert!(elsewhere.answer().is_ok());
    assert_eq!(elsewhere.with("bucket", BUCKET).answer(), unmet("bucket"));
}

#[test]
fn nothing_shows_a_form() {
    let conditions = json!([{"bucket": BUCKET}, {"key": "k"}, {"x-amz-security-token": "hush"}]);
    let good = Sent::new(&conditions, &[("key", "k"), ("x-amz-security-token", "hush")]);
    let head = FormHead { bucket: BUCKET, fields: &good.fields, file_name: None };
    let claim = FormClaim::parse(&head).unwrap();
    let verifier = Verifier::new(Region::new("us-east-1").unwrap(), Service::S3);
    let checked = || verifier.check_form(&claim, good.now).unwrap();
    let user = sent::credentials().with_session_token("hush").unwrap();
    let verified = checked().verify(Some(&SigningKey::derive(&user, checked().scope()))).unwrap();
    for (start, debug) in [
        ("FormHead { bucket: \"bucket\", fields: 7", format!("{head:?}")),
        ("FormClaim { bucket: \"bucket\", key: \"k\"", format!("{claim:?}")),
        ("CheckedForm { access_key_id: \"AKIAIOSFODNN7EXAMPLE\"", format!("{:?}", checked())),
        ("VerifiedForm { access_key_id: \"AKIAIOSFODNN7EXAMPLE\"", format!("{verified:?}")),
    ] {
        assert!(debug.starts_with(start), "{debug}");
        for secret in ["hush", good.value("policy"), good.value("x-amz-signature")] {
            assert!(!debug.contains(secret), "{debug}");
        }
    }
}
