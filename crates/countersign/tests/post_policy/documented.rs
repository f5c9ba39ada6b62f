//! The example of AWS's documentation, `sigv4-post-example`.

use countersign::{
    Addressing, Endpoint, Lifetime, Timestamp,
    post_policy::{Condition, FormError, FormKey, PostPolicy},
};
use serde_json::Value;

use super::sent::{self, Sent};

fn documented() -> Sent {
    let examples: Value =
        serde_json::from_str(include_str!("../data/aws-docs-examples/examples.json")).unwrap();
    let all = examples["post_policies"].as_array().unwrap();
    assert_eq!(all.len(), 1);
    let example = &all[0];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    assert_eq!(sent::sign(sent::SECRET, &text(&example["policy_base64"])), example["signature"]);
    let fields = example["form_fields"].as_array().unwrap();
    Sent {
        bucket: "sigv4examplebucket".into(),
        fields: fields.iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect(),
        file_name: Some("MyFile.jpg".into()),
        now: Timestamp::parse("20151229T120000Z").unwrap(),
    }
}

#[test]
fn the_documented_form_is_let_in() {
    let report = documented().answer().unwrap();
    assert_eq!(report.key, "user/user1/MyFile.jpg");
    assert_eq!(report.bucket, "sigv4examplebucket");
    assert_eq!(report.content_type.as_deref(), Some("image/jpeg"));
    assert_eq!(report.length, None);
    assert_eq!(report.not_after.to_string(), "20151230T120000Z");
    let names: Vec<_> = report.fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "acl",
            "success_action_redirect",
            "Content-Type",
            "x-amz-meta-uuid",
            "x-amz-server-side-encryption",
            "x-amz-meta-tag",
        ]
    );
}

#[test]
fn the_documented_form_changed_in_any_field_is_refused() {
    let good = documented();
    for (index, (name, value)) in good.fields.iter().enumerate() {
        // Three fields are the client's own to choose, after what they start with.
        let is_free = ["key", "Content-Type", "x-amz-meta-tag"].contains(&name.as_str());
        let mut changed = good.clone();
        changed.fields[index].1.push('x');
        assert_eq!(changed.answer().is_ok(), is_free, "{name}");
        changed.fields[index].1 = format!("x{value}");
        assert_eq!(changed.answer().is_ok(), name == "x-amz-meta-tag", "{name}");
        changed.fields.remove(index);
        assert!(changed.answer().is_err(), "{name}");
    }
    let mut elsewhere = documented();
    elsewhere.bucket = "another".into();
    assert_eq!(elsewhere.answer(), Err(FormError::Unmet("bucket".into())));
    assert!(documented().at("20151230T115959Z").answer().is_ok());
    assert!(documented().at("20151230T120000Z").answer().is_err());
}

/// A second example, whose policy was made by botocore 1.44.5 and signed by it:
/// `generate_presigned_post(Bucket="examplebucket", Key="user/é\"/${filename}",
/// Fields={"acl": "private"}, Conditions=[{"acl": "private"},
/// ["content-length-range", 0, 10]], ExpiresIn=3600)` at 20151229T000000Z.
#[test]
fn a_form_is_what_botocore_makes() {
    let endpoint =
        Endpoint::parse("https://s3.us-east-1.amazonaws.com", Addressing::VirtualHost).unwrap();
    let key = FormKey::new("user/é\"/${filename}").unwrap();
    let lifetime = Lifetime::from_secs(3600).unwrap();
    let policy = PostPolicy::new(&endpoint, "examplebucket", key, lifetime)
        .unwrap()
        .with_field("acl", "private")
        .unwrap()
        .with_condition(Condition::exact("acl", "private").unwrap())
        .unwrap()
        .with_condition(Condition::parse(r#"["content-length-range",0,10]"#).unwrap())
        .unwrap();
    let now = Timestamp::parse("20151229T000000Z").unwrap();
    let form = sent::signing_key().at(now).unwrap().presign_post(&policy).unwrap();
    assert_eq!(form.url(), "https://examplebucket.s3.us-east-1.amazonaws.com/");
    assert_eq!(form.policy(), BOTOCORE_POLICY);
    assert_eq!(form.signature(), BOTOCORE_SIGNATURE);
    let names: Vec<_> = form.fields().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "acl",
            "key",
            "x-amz-algorithm",
            "x-amz-credential",
            "x-amz-date",
            "policy",
            "x-amz-signature",
        ]
    );
}

const BOTOCORE_POLICY: &str = "\
    eyJleHBpcmF0aW9uIjogIjIwMTUtMTItMjlUMDE6MDA6MDBaIiwgImNvbmRpdGlvbnMiOiBbeyJhY2wiOiAicHJp\
    dmF0ZSJ9LCBbImNvbnRlbnQtbGVuZ3RoLXJhbmdlIiwgMCwgMTBdLCB7ImJ1Y2tldCI6ICJleGFtcGxlYnVja2V0\
    In0sIFsic3RhcnRzLXdpdGgiLCAiJGtleSIsICJ1c2VyL1x1MDBlOVwiLyJdLCB7IngtYW16LWFsZ29yaXRobSI6\
    ICJBV1M0LUhNQUMtU0hBMjU2In0sIHsieC1hbXotY3JlZGVudGlhbCI6ICJBS0lBSU9TRk9ETk43RVhBTVBMRS8y\
    MDE1MTIyOS91cy1lYXN0LTEvczMvYXdzNF9yZXF1ZXN0In0sIHsieC1hbXotZGF0ZSI6ICIyMDE1MTIyOVQwMDAw\
    MDBaIn1dfQ==";

const BOTOCORE_SIGNATURE: &str = "07d65ed2d93bda3d3c4eb5874046293b6417207775e27eb3dc45f15071821e2d";
