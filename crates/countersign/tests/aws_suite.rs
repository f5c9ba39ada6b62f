//! AWS's own signing test suite, in query mode and in header mode: what we sign has its signatures,
//! and what its client sends is verified.

use countersign::{
    Claim, Field, Mechanism, ParseError, Region, RequestHead, Service, Verifier, VerifyError,
};

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

/// Byte for byte, but for the digest of a body, which the suite sends where it looks at the body.
#[test]
fn we_add_the_headers_that_the_suite_adds() {
    for case in &suite::cases() {
        let key = case.signing_key();
        let signed = key.header_signer(case.signed_at).unwrap().sign(&case.header_request());
        let signed = signed.unwrap();
        assert_eq!(signed.signature(), case.header.signature, "{}", case.name);
        for name in ["authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"]
        {
            let ours = signed.headers().find(|(other, _)| *other == name).map(|(_, value)| value);
            assert_eq!(ours, case.header.sent_header(name), "{}: {name}", case.name);
        }
    }
}

#[test]
fn what_the_suite_sends_in_header_mode_is_verified() {
    for case in &suite::cases() {
        let headers = case.header.sent_headers.as_slice();
        let head = RequestHead { method: &case.method, target: &case.header.sent_target, headers };
        assert_eq!(Mechanism::of(&head), Ok(Some(Mechanism::Header)));
        let claim = Claim::parse_header(&head).unwrap_or_else(|it| panic!("{}: {it}", case.name));
        let region = Region::new(&case.region).unwrap();
        let service = Service::new(&case.service).unwrap();
        let verifier = Verifier::new(region, service).with_default_payload(case.payload);
        let checked = verifier.check(&claim, case.signed_at).unwrap();
        assert_eq!(checked.scope(), case.scope());
        let verified = checked.verify(Some(&case.signing_key()));
        let verified = verified.unwrap_or_else(|it| panic!("{}: {it}", case.name));
        assert_eq!(verified.mechanism(), Mechanism::Header);
        assert_eq!(verified.payload(), case.payload);

        // Nobody said what these services mean where a request does not.
        let strict = Verifier::new(region, service);
        let missing = VerifyError::Parse(ParseError::Missing(Field::ContentSha256));
        let expected = case.header.sent_header("x-amz-content-sha256").is_none().then_some(missing);
        assert_eq!(strict.check(&claim, case.signed_at).err(), expected, "{}", case.name);
        // A presigned request it is not.
        assert!(Claim::parse(&head).is_err());
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
