//! Whatever form is received: reading and checking it never panics, nobody without the key is let
//! in, and with the key nothing is that the one signed policy forbids.
//!
//! The input is a form as text: the bucket, the name of the file, then a field a line.
#![no_main]

use countersign::{
    Credentials, Region, SecretKey, Service, SigningKey, Timestamp, Verifier,
    post_policy::{FormClaim, FormHead, VerifiedForm},
};
use libfuzzer_sys::fuzz_target;

/// The key of the seeds, of which all have the documented policy. There is no way to another one.
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn key(secret: &str, id: &str, claim: &FormClaim<'_>, verifier: &Verifier) -> Option<SigningKey> {
    let checked = verifier.check_form(claim, now()).ok()?;
    let credentials = Credentials::new(id, SecretKey::new(secret).unwrap()).ok()?;
    Some(SigningKey::derive(&credentials, checked.scope()))
}

/// Within the life of the documented policy.
fn now() -> Timestamp {
    Timestamp::parse("20151229T120000Z").unwrap()
}

/// What the documented policy says.
fn assert_allowed(verified: &VerifiedForm<'_, '_>) {
    assert_eq!(verified.access_key_id(), "AKIAIOSFODNN7EXAMPLE");
    assert_eq!(verified.bucket(), "sigv4examplebucket");
    assert!(verified.key().starts_with("user/user1/") && verified.key().len() <= 1024);
    assert_eq!(verified.field("acl"), Some("public-read"));
    let page = "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html";
    assert_eq!(verified.field("success_action_redirect"), Some(page));
    assert!(verified.content_type().is_some_and(|it| it.starts_with("image/")));
    assert_eq!(verified.field("x-amz-meta-uuid"), Some("14365123651274"));
    assert_eq!(verified.field("x-amz-server-side-encryption"), Some("AES256"));
    assert!(verified.field("x-amz-meta-tag").is_some());
    assert_eq!(verified.fields().count(), 6, "a field that no condition covers");
    assert_eq!(verified.content_length_range(), None);
    assert_eq!(verified.validity().not_after().to_string(), "20151230T120000Z");
}

fuzz_target!(|input: &str| {
    let mut lines = input.split('\n');
    let (Some(bucket), Some(file_name)) = (lines.next(), lines.next()) else { return };
    let fields: Vec<_> = lines.filter_map(|line| line.split_once('=')).collect();
    let file_name = Some(file_name).filter(|name| !name.is_empty());
    let Ok(claim) = FormClaim::parse(&FormHead { bucket, fields: &fields, file_name }) else {
        return;
    };
    let verifier = Verifier::new(Region::new("us-east-1").unwrap(), Service::S3);
    let Ok(checked) = verifier.check_form(&claim, now()) else { return };
    let id = checked.access_key_id();
    if let Some(stranger) = key("not the secret of any seed", id, &claim, &verifier) {
        assert!(checked.verify(Some(&stranger)).is_err(), "let in without the key");
    }
    let Ok(checked) = verifier.check_form(&claim, now()) else { return };
    if let Some(owner) = key(SECRET, id, &claim, &verifier)
        && let Ok(verified) = checked.verify(Some(&owner))
    {
        assert_allowed(&verified);
    }
});
