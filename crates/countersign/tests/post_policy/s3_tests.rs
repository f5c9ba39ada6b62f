//! The cases of `s3-tests` that concern policies (ceph/s3-tests, commit
//! `8f0ae7b404a3a2fcf7038bf1e6bf29544fe9b6a3`, MIT), each under its name there. They sign with
//! version 2; here the same forms are signed with version 4. The status that each expects stands
//! beside the reason that ours is.

use countersign::{
    Credentials, SecretKey, VerifyError,
    post_policy::{ConditionFault, FormError, FormFault, PolicyFault},
};
use serde_json::{Value, json};

use super::sent::{self, BUCKET, Sent, mismatch, no_condition, uncovered, unmet};

const FIELDS: [(&str, &str); 3] =
    [("key", "foo.txt"), ("acl", "private"), ("Content-Type", "text/plain")];

/// The conditions of most cases, and more.
fn conditions(more: &[Value]) -> Value {
    let mut all = vec![
        json!({"bucket": BUCKET}),
        json!(["starts-with", "$key", "foo"]),
        json!({"acl": "private"}),
        json!(["starts-with", "$Content-Type", "text/plain"]),
    ];
    all.extend_from_slice(more);
    Value::Array(all)
}

fn length(min: u64, max: u64) -> Value {
    json!(["content-length-range", min, max])
}

/// The form of most cases, with more conditions.
fn form(more: &[Value]) -> Sent {
    Sent::new(&conditions(more), &FIELDS)
}

/// A form whose policy has the usual conditions, in an object of its own.
fn with_members(members: &Value) -> Sent {
    Sent::with_policy(&members.to_string(), &FIELDS)
}

fn all_conditions() -> Value {
    let policy: Value =
        serde_json::from_str(&sent::policy(&conditions(&[length(0, 1024)]))).unwrap();
    policy["conditions"].clone()
}

/// 204
#[test]
fn post_object_authenticated_request() {
    let form = form(&[length(0, 1024)]);
    assert_eq!(form.answer().unwrap().key, "foo.txt");
    assert_eq!(form.upload(3), Ok(3));
}

/// 204
#[test]
fn post_object_authenticated_no_content_type() {
    let conditions = json!([
        {"bucket": BUCKET}, ["starts-with", "$key", "foo"], {"acl": "private"}, length(0, 1024),
    ]);
    let form = Sent::new(&conditions, &FIELDS[..2]);
    assert_eq!(form.answer().unwrap().content_type, None);
}

/// 403
#[test]
fn post_object_authenticated_request_bad_access_key() {
    let form = form(&[length(0, 1024)]);
    let credential = sent::CREDENTIAL.replace(sent::ID, "foo");
    assert_eq!(
        form.set("x-amz-credential", &credential).answer(),
        Err(FormError::Claim(VerifyError::UnknownKey))
    );
}

/// 204
#[test]
fn post_object_upload_larger_than_chunk() {
    let form = form(&[length(0, 5 * 1024 * 1024)]);
    assert_eq!(form.upload(3 * 1024 * 1024), Ok(3 * 1024 * 1024));
}

/// 204
#[test]
fn post_object_set_key_from_filename() {
    let form = form(&[length(0, 1024)]).set("key", "${filename}").named("foo.txt");
    assert_eq!(form.answer().unwrap().key, "foo.txt");
    assert_eq!(form.named("bar.txt").answer(), unmet("key"));
}

/// 204
#[test]
fn post_object_ignored_header() {
    let report = form(&[length(0, 1024)]).with("x-ignore-foo", "bar").answer().unwrap();
    assert!(!report.fields.iter().any(|(name, _)| name == "x-ignore-foo"));
}

/// 204
#[test]
fn post_object_case_insensitive_condition_fields() {
    let conditions = json!([
        {"bUcKeT": BUCKET}, ["StArTs-WiTh", "$KeY", "foo"], {"AcL": "private"},
        ["StArTs-WiTh", "$CoNtEnT-TyPe", "text/plain"], length(0, 1024),
    ]);
    let mut form = Sent::new(
        &conditions,
        &[("kEy", "foo.txt"), ("aCl", "private"), ("Content-Type", "text/plain")],
    );
    for (name, _) in &mut form.fields {
        if name == "policy" {
            *name = "pOLICy".into();
        }
    }
    assert_eq!(form.answer().unwrap().key, "foo.txt");
}

/// 204
#[test]
fn post_object_escaped_field_values() {
    let conditions = json!([
        {"bucket": BUCKET}, ["starts-with", "$key", r"\$foo"], {"acl": "private"},
        ["starts-with", "$Content-Type", "text/plain"], length(0, 1024),
    ]);
    let form = Sent::new(&conditions, &FIELDS).set("key", r"\$foo.txt");
    assert_eq!(form.answer().unwrap().key, r"\$foo.txt");
    assert_eq!(form.set("key", "$foo.txt").answer(), unmet("key"));
}

/// 200 after a redirect
#[test]
fn post_object_success_redirect_action() {
    let url = "http://localhost/done";
    let form = form(&[json!(["eq", "$success_action_redirect", url]), length(0, 1024)]);
    let redirected = form.clone().with("success_action_redirect", url).answer().unwrap();
    assert!(redirected.fields.contains(&("success_action_redirect".into(), url.into())));
    let elsewhere = form.with("success_action_redirect", "http://evil");
    assert_eq!(elsewhere.answer(), unmet("success_action_redirect"));
}

/// 403
#[test]
fn post_object_invalid_signature() {
    let form = form(&[length(0, 1024)]);
    let reversed: String = form.value("x-amz-signature").chars().rev().collect();
    assert_eq!(form.set("x-amz-signature", &reversed).answer(), mismatch());
}

/// 403
#[test]
fn post_object_invalid_access_key() {
    let form = form(&[length(0, 1024)]);
    let reversed: String = sent::ID.chars().rev().collect();
    let credential = sent::CREDENTIAL.replace(sent::ID, &reversed);
    assert_eq!(
        form.set("x-amz-credential", &credential).answer(),
        Err(FormError::Claim(VerifyError::UnknownKey))
    );
}

/// 400
#[test]
fn post_object_invalid_date_format() {
    let members =
        json!({"expiration": "2015-12-29 02:00:00+00:00", "conditions": all_conditions()});
    let answer = with_members(&members).answer();
    assert_eq!(answer, Err(FormError::Policy(PolicyFault::Expiration)));
}

/// 400
#[test]
fn post_object_no_key_specified() {
    let conditions = json!([
        {"bucket": BUCKET}, {"acl": "private"}, ["starts-with", "$Content-Type", "text/plain"],
        length(0, 1024),
    ]);
    let answer = Sent::new(&conditions, &FIELDS[1..]).answer();
    assert_eq!(answer, Err(FormError::Shape(FormFault::Missing("key"))));
}

/// 400
#[test]
fn post_object_missing_signature() {
    let answer = form(&[length(0, 1024)]).without("x-amz-signature").answer();
    assert_eq!(answer, Err(FormError::Shape(FormFault::Missing("x-amz-signature"))));
}

/// 403
#[test]
fn post_object_missing_policy_condition() {
    let conditions = json!([
        ["starts-with", "$key", "foo"], {"acl": "private"},
        ["starts-with", "$Content-Type", "text/plain"], length(0, 1024),
    ]);
    assert_eq!(Sent::new(&conditions, &FIELDS).answer(), uncovered("bucket"));
}

/// 204
#[test]
fn post_object_user_specified_header() {
    let form = form(&[length(0, 1024), json!(["starts-with", "$x-amz-meta-foo", "bar"])]);
    let report = form.with("x-amz-meta-foo", "barclamp").answer().unwrap();
    assert!(report.fields.contains(&("x-amz-meta-foo".into(), "barclamp".into())));
}

/// 403
#[test]
fn post_object_request_missing_policy_specified_field() {
    let form = form(&[length(0, 1024), json!(["starts-with", "$x-amz-meta-foo", "bar"])]);
    assert_eq!(form.answer(), unmet("x-amz-meta-foo"));
}

/// 400
#[test]
fn post_object_condition_is_case_sensitive() {
    let members = json!({"expiration": sent::EXPIRATION, "CONDITIONS": all_conditions()});
    let answer = with_members(&members).answer();
    assert_eq!(answer, Err(FormError::Policy(PolicyFault::UnknownMember)));
}

/// 400
#[test]
fn post_object_expires_is_case_sensitive() {
    let members = json!({"EXPIRATION": sent::EXPIRATION, "conditions": all_conditions()});
    let answer = with_members(&members).answer();
    assert_eq!(answer, Err(FormError::Policy(PolicyFault::UnknownMember)));
}

/// 403
#[test]
fn post_object_expired_policy() {
    let answer = form(&[length(0, 1024)]).at("20151229T020000Z").answer();
    assert!(matches!(answer, Err(FormError::Claim(VerifyError::Expired { .. }))), "{answer:?}");
}

/// 403: the form is posted to a bucket that its policy does not name, though a field does.
#[test]
fn post_object_wrong_bucket() {
    let mut form =
        form(&[length(0, 1024)]).set("key", "${filename}").with("bucket", BUCKET).named("foo.txt");
    assert!(form.answer().is_ok());
    form.bucket = "another".into();
    assert_eq!(form.answer(), unmet("bucket"));
}

/// 403
#[test]
fn post_object_invalid_request_field_value() {
    let form = form(&[length(0, 1024), json!(["eq", "$x-amz-meta-foo", ""])]);
    assert!(form.clone().with("x-amz-meta-foo", "").answer().is_ok());
    assert_eq!(form.with("x-amz-meta-foo", "barclamp").answer(), unmet("x-amz-meta-foo"));
}

/// 400
#[test]
fn post_object_missing_expires_condition() {
    let answer = with_members(&json!({"conditions": all_conditions()})).answer();
    assert_eq!(answer, Err(FormError::Policy(PolicyFault::NoExpiration)));
}

/// 400
#[test]
fn post_object_missing_conditions_list() {
    let answer = with_members(&json!({"expiration": sent::EXPIRATION})).answer();
    assert_eq!(answer, Err(FormError::Policy(PolicyFault::NoConditions)));
}

/// 400
#[test]
fn post_object_upload_size_limit_exceeded() {
    let form = form(&[length(0, 0)]);
    assert_eq!(form.upload(3), Err("TooLarge { max_bytes: 0 }".into()));
    assert_eq!(form.upload(0), Ok(0));
}

/// 400
#[test]
fn post_object_missing_content_length_argument() {
    let answer = form(&[json!(["content-length-range", 0])]).answer();
    assert_eq!(answer, no_condition(4, ConditionFault::LengthRange));
}

/// 400
#[test]
fn post_object_invalid_content_length_argument() {
    let answer = form(&[json!(["content-length-range", -1, 0])]).answer();
    assert_eq!(answer, no_condition(4, ConditionFault::LengthRange));
}

/// 400
#[test]
fn post_object_upload_size_below_minimum() {
    let form = form(&[length(512, 1000)]);
    assert_eq!(form.upload(3), Err("TooSmall { min_bytes: 512, bytes: 3 }".into()));
    assert_eq!(form.upload(512), Ok(512));
}

/// 204
#[test]
fn post_object_upload_size_rgw_chunk_size_bug() {
    let chunk = 4 << 20;
    let form = form(&[length(chunk, chunk * 3)]);
    assert_eq!(form.upload((4 << 20) + 200), Ok(chunk + 200));
}

/// 400
#[test]
fn post_object_empty_conditions() {
    let members = json!({"expiration": sent::EXPIRATION, "conditions": [{}]});
    assert_eq!(with_members(&members).answer(), no_condition(0, ConditionFault::Shape));
}

/// 204 for each: fields that start with nothing, as long as they are there.
fn sent_with(fields: &[(&str, &str)]) {
    let any = |(name, _): &(&str, &str)| json!(["starts-with", format!("${name}"), ""]);
    let mut more: Vec<_> = fields.iter().map(any).collect();
    more.push(length(0, 1024));
    let bare = form(&more);
    let full = fields.iter().fold(bare.clone(), |form, (name, value)| form.with(name, value));
    let report = full.answer().unwrap();
    for &(name, value) in fields {
        assert!(report.fields.contains(&(name.into(), value.into())), "{name}");
        assert_eq!(full.clone().without(name).answer(), unmet(name));
        // The same form under a policy that does not speak of it.
        let others: Vec<_> =
            more.iter().filter(|it| it[1] != format!("${name}")).cloned().collect();
        let extra = fields.iter().fold(form(&others), |form, (name, value)| form.with(name, value));
        assert_eq!(extra.answer(), uncovered(name));
    }
}

/// 204
#[test]
fn encryption_sse_c_post_object_authenticated_request() {
    sent_with(&[
        ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
        (
            "x-amz-server-side-encryption-customer-key",
            "pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=",
        ),
        ("x-amz-server-side-encryption-customer-key-md5", "DWygnHRtgiJ77HCm+1rvHw=="),
    ]);
}

/// 204
#[test]
fn sse_kms_post_object_authenticated_request() {
    sent_with(&[
        ("x-amz-server-side-encryption", "aws:kms"),
        ("x-amz-server-side-encryption-aws-kms-key-id", "testkey-1"),
    ]);
}

/// 204
#[test]
fn post_object_tags_authenticated_request() {
    sent_with(&[(
        "tagging",
        "<Tagging><TagSet>\n<Tag><Key>0</Key><Value>0</Value></Tag>\n</TagSet></Tagging>",
    )]);
}

/// 204: the policy says nothing of the encryption that the bucket has.
#[test]
fn sse_s3_default_post_object_authenticated_request() {
    assert!(form(&[length(0, 1024)]).answer().is_ok());
}

/// 204
#[test]
fn sse_kms_default_post_object_authenticated_request() {
    let answer = form(&[length(0, 1024)]).with("x-amz-server-side-encryption", "AES256").answer();
    assert_eq!(answer, uncovered("x-amz-server-side-encryption"));
    assert!(form(&[length(0, 1024)]).answer().is_ok());
}

/// There a checksum needs no condition, against the documentation of AWS, which exempts four
/// fields and no more. Here it does.
#[test]
fn post_object_upload_checksum() {
    let checksum = [("x-amz-checksum-sha256", "aTL9MeXa9HObn6eP93eygxsJlcwdCwCTysgGAZAgE7w=")];
    let [(name, value)] = checksum;
    assert_eq!(form(&[length(0, 1024)]).with(name, value).answer(), uncovered(name));
    sent_with(&checksum);
}

/// The four anonymous cases (`post_object_anonymous_request`, `…_set_success_code`,
/// `…_set_invalid_success_code`, `…_tags_anonymous_request`) need a bucket that everybody may write
/// to. There is none here.
#[test]
fn what_nobody_signed_is_refused() {
    for more in [
        ("x-ignore-me", "1"),
        ("success_action_status", "201"),
        ("success_action_status", "404"),
        ("tagging", "<Tagging/>"),
    ] {
        let mut form = form(&[]).with(more.0, more.1);
        form.fields.retain(|(name, _)| !name.starts_with("x-amz-") && name != "policy");
        assert_eq!(form.answer(), Err(FormError::Shape(FormFault::Anonymous)));
    }
}

/// The very forms of `s3-tests` are signed with version 2.
#[test]
fn version_2_is_refused() {
    let form = form(&[length(0, 1024)]);
    let fault = Err(FormError::Shape(FormFault::SignatureVersion2));
    assert_eq!(form.clone().with("AWSAccessKeyId", sent::ID).answer(), fault);
    assert_eq!(form.clone().with("Signature", "c2lnbmF0dXJl").answer(), fault);
    let mut old = form.with("AWSAccessKeyId", sent::ID).with("signature", "c2lnbmF0dXJl");
    old.fields.retain(|(name, _)| !name.starts_with("x-amz-"));
    assert_eq!(old.answer(), fault);
}

#[test]
fn another_secret_signs_nothing() {
    let stranger = Credentials::new(sent::ID, SecretKey::new("another").unwrap()).unwrap();
    assert_eq!(form(&[]).answer_of(Some(&stranger)), mismatch());
    let unknown = Err(FormError::Claim(VerifyError::UnknownKey));
    assert_eq!(form(&[]).answer_of(None), unknown);
}
