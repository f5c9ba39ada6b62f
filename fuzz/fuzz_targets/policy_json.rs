//! Whatever is given as a policy: reading it never panics; and a condition that is taken means the
//! same after it was written and read again, whatever stands before and behind it.
//!
//! The input is the JSON of a policy. Each of its lines is tried as a condition too, or, with a `=`
//! after a name, as a field of the form.
#![no_main]

use std::sync::LazyLock;

use countersign::{
    Addressing, Credentials, Endpoint, Lifetime, Region, Scope, SecretKey, Service, SigningKey,
    Timestamp, Verifier,
    post_policy::{Condition, FormClaim, FormError, FormHead, FormKey, PostPolicy},
};
use libfuzzer_sys::fuzz_target;

/// Made once: to derive its key takes longer than to sign with it.
static WORLD: LazyLock<World> = LazyLock::new(World::new);

struct World {
    endpoint: Endpoint,
    key: SigningKey,
    now: Timestamp,
    verifier: Verifier,
}

impl World {
    fn new() -> Self {
        let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY").unwrap();
        let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret).unwrap();
        let now = Timestamp::parse("20151229T000000Z").unwrap();
        let region = Region::new("us-east-1").unwrap();
        let key = SigningKey::derive(&credentials, Scope::new(now.date(), region, Service::S3));
        let endpoint = Endpoint::parse("https://h.example", Addressing::Path).unwrap();
        Self { endpoint, key, now, verifier: Verifier::new(region, Service::S3) }
    }

    /// What comes of a form with these fields under a policy with these conditions; or nothing,
    /// where there is no such policy.
    fn answer(
        &self,
        conditions: &[Condition],
        fields: &[(&str, &str)],
    ) -> Option<Result<(), FormError>> {
        let key = FormKey::new("user/${filename}").unwrap();
        let mut policy = PostPolicy::new(&self.endpoint, "bucket", key, Lifetime::MAX).unwrap();
        for condition in conditions {
            policy = policy.with_condition(condition.clone()).ok()?;
        }
        let form = self.key.at(self.now).unwrap().presign_post(&policy).ok()?;
        let all: Vec<_> = form.fields().chain(fields.iter().copied()).collect();
        Some(self.verify(&all))
    }

    fn verify(&self, fields: &[(&str, &str)]) -> Result<(), FormError> {
        let claim =
            FormClaim::parse(&FormHead { bucket: "bucket", fields, file_name: Some("name") })?;
        let verified = self.verifier.check_form(&claim, self.now)?.verify(Some(&self.key))?;
        assert_eq!((verified.bucket(), verified.key()), ("bucket", "user/name"));
        Ok(())
    }

    /// A form with a policy that nobody signed.
    fn refuse_unsigned(&self, policy: &str) {
        let encoded = base64(policy.as_bytes());
        let signature = "0".repeat(64);
        let fields = [
            ("key", "user/name"),
            ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
            ("x-amz-credential", "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"),
            ("x-amz-date", "20151229T000000Z"),
            ("policy", &encoded),
            ("x-amz-signature", &signature),
        ];
        assert!(self.verify(&fields).is_err());
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte))
            << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let letter = char::from(LETTERS[(bits >> (18 - 6 * at)) as usize & 63]);
            text.push(if at <= chunk.len() { letter } else { '=' });
        }
    }
    text
}

fuzz_target!(|input: &str| {
    let world = &*WORLD;
    world.refuse_unsigned(input);
    let (mut conditions, mut fields) = (Vec::new(), Vec::new());
    for line in input.lines() {
        let line = line.trim().trim_end_matches(',');
        if let Ok(condition) = Condition::parse(line) {
            let again = Condition::parse(condition.as_json()).expect("what was read is written");
            assert_eq!(condition, again);
            conditions.push(condition);
        } else if let Some(field) = line.split_once('=') {
            fields.push(field);
        }
    }
    let Some(answer) = world.answer(&conditions, &fields) else { return };
    // No condition hides another one, wherever it stands.
    conditions.reverse();
    let reversed = world.answer(&conditions, &fields).expect("the same policy");
    assert_eq!(answer.is_ok(), reversed.is_ok(), "{answer:?} {reversed:?}");
    if answer.is_ok() && conditions.len() <= 8 {
        for index in 0..conditions.len() {
            let mut fewer = conditions.clone();
            fewer.remove(index);
            let answer = world.answer(&fewer, &fields).expect("a shorter policy");
            let is_right = matches!(answer, Ok(()) | Err(FormError::Uncovered(_)));
            assert!(is_right, "one condition less asks for more: {answer:?}");
        }
    }
});
