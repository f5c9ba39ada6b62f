//! AWS's own signing test suite, in query mode: what we sign has its signatures, and what its client
//! sends is verified.

use countersign::{Claim, Region, RequestHead, Service, Verifier};

#[path = "common/suite.rs"]
#[expect(dead_code, reason = "the unit tests use the rest")]
mod suite;

#[test]
fn we_sign_as_the_suite_does() {
    let cases = suite::cases();
    assert_eq!(cases.len(), 31);
    for case in &cases {
        let key = case.signing_key();
        let url = key.at(case.signed_at).unwrap().presign(&case.request()).unwrap();
        assert_eq!(url.signature(), case.signature, "{}", case.name);
    }
}

#[test]
fn what_the_suite_sends_is_verified() {
    for case in &suite::cases() {
        let head = RequestHead {
            method: &case.method,
            target: &case.sent_target,
            headers: case.sent_headers.as_slice(),
        };
        let region = Region::new(&case.region).unwrap();
        let service = Service::new(&case.service).unwrap();
        // These services mean the body itself; S3 means `UNSIGNED-PAYLOAD`.
        let verifier = Verifier::new(region, service).with_default_payload(case.payload);
        let claim = Claim::parse(&head).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let checked = verifier.check(&claim, case.signed_at).unwrap();
        assert_eq!(checked.scope(), case.scope());
        let verified = checked.verify(Some(&case.signing_key()));
        assert!(verified.is_ok(), "{}: {verified:?}", case.name);

        // The payload rule is part of what is signed: with S3's rule none of them holds.
        let strict = Verifier::new(region, service);
        let checked = strict.check(&claim, case.signed_at).unwrap();
        assert!(checked.verify(Some(&case.signing_key())).is_err(), "{}", case.name);
    }
}

#[test]
fn what_is_left_out_is_in_the_suite() {
    let suite = include_str!("data/aws-sigv4-suite/suite.json");
    for (name, reason) in suite::NOT_S3 {
        assert!(suite.contains(&format!("\"name\": \"{name}\"")), "{name}");
        assert!(!reason.is_empty());
    }
}
