//! Proves that what cannot be signed is refused when it is asked for, and what is signed is sent.

use countersign::{
    Addressing, Bucket, Claim, Credentials, Endpoint, Lifetime, Method, PayloadRule, PresignError,
    PresignRequest, Region, RequestHead, Scope, SecretKey, Service, SigningKey, Timestamp,
    Verifier,
};

fn bucket() -> Bucket {
    let endpoint = Endpoint::parse("https://s3.amazonaws.com", Addressing::Path).unwrap();
    endpoint.bucket("bucket").unwrap()
}

fn request(bucket: &Bucket) -> PresignRequest<'_> {
    PresignRequest::new(Method::PUT, bucket.object("key").unwrap(), Lifetime::MAX)
}

#[test]
fn a_parameter_of_the_claim_is_the_signers_in_any_case() {
    let bucket = bucket();
    for name in [
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-Security-Token",
        "X-Amz-Signature",
        "X-Amz-SignedHeaders",
    ] {
        for name in [name.to_owned(), name.to_lowercase(), name.to_uppercase()] {
            let error = request(&bucket).with_query(&name, "1").unwrap_err();
            assert_eq!(error, PresignError::ReservedName(name.as_str().into()));
        }
    }
    assert!(request(&bucket).with_query("X-Amz-Dates", "1").is_ok());
}

#[test]
fn a_parameter_has_a_name_and_no_nul_and_is_there_once() {
    let bucket = bucket();
    for (name, value) in [("", "1"), ("\0", "1"), ("a\0", "1"), ("a", "\0"), ("a", "1\0")] {
        let error = request(&bucket).with_query(name, value).unwrap_err();
        assert_eq!(error, PresignError::InvalidQuery, "{name:?} {value:?}");
    }
    let with = |one, other| request(&bucket).with_query(one, "1").unwrap().with_query(other, "2");
    for (one, other) in [("a", "a"), ("é", "é"), ("x-amz-acl", "X-Amz-ACL"), ("X-AMZ-A", "x-amz-a")]
    {
        assert_eq!(with(one, other).unwrap_err(), PresignError::DuplicateName(other.into()));
    }
    // To all but Amazon's names, case matters.
    for (one, other) in [("a", "A"), ("partNumber", "partnumber"), ("a", "a ")] {
        assert!(with(one, other).is_ok(), "{one} {other}");
    }
}

#[test]
fn a_header_has_a_name_that_is_one_and_one_line_of_value() {
    let bucket = bucket();
    let (long, longer) = ("n".repeat(256), "n".repeat(257));
    for name in ["", "a b", "a:", "a\n", "é", "a;b", &longer] {
        let error = request(&bucket).with_signed_header(name, "1").unwrap_err();
        assert_eq!(error, PresignError::InvalidHeaderName, "{name:?}");
    }
    for name in ["host", "Host", "HOST", "authorization", "Authorization"] {
        let error = request(&bucket).with_signed_header(name, "1").unwrap_err();
        assert_eq!(error, PresignError::ReservedName(name.to_lowercase().into()));
    }
    let (most, more) = ("v".repeat(8192), "v".repeat(8193));
    for value in ["a\nb", "\r", "\0", "\u{7f}", &more] {
        let error = request(&bucket).with_signed_header("A", value).unwrap_err();
        assert_eq!(error, PresignError::InvalidHeaderValue("a".into()), "{value:?}");
    }
    for (name, value) in [(long.as_str(), "1"), ("a", most.as_str()), ("a", ""), ("a", "é\t1")] {
        assert!(request(&bucket).with_signed_header(name, value).is_ok(), "{name} {value}");
    }
    for value in ["", "UNSIGNED", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"] {
        let error = request(&bucket).with_signed_header("X-Amz-Content-Sha256", value);
        let expected = PresignError::InvalidHeaderValue("x-amz-content-sha256".into());
        assert_eq!(error.unwrap_err(), expected, "{value}");
    }
    let once = request(&bucket).with_signed_header("Content-Type", "a/b").unwrap();
    let error = once.with_signed_header("content-TYPE", "a/b").unwrap_err();
    assert_eq!(error, PresignError::DuplicateName("content-type".into()));
}

#[test]
fn ninety_of_each_are_enough() {
    let bucket = bucket();
    let names: Vec<_> = (0..91).map(|number| format!("name-{number:02}")).collect();
    let mut full = request(&bucket);
    for name in &names[..90] {
        full = full.with_query(name, "1").unwrap().with_signed_header(name, "1").unwrap();
    }
    assert_eq!(full.clone().with_query(&names[90], "1").unwrap_err(), PresignError::TooMany);
    let error = full.clone().with_signed_header(&names[90], "1").unwrap_err();
    assert_eq!(error, PresignError::TooMany);
    // What is wrong in itself is said first.
    assert_eq!(
        full.with_query(&names[0], "1").unwrap_err(),
        PresignError::DuplicateName(names[0].as_str().into())
    );
}

/// A verifier reads the header, and hears nothing of what a signer was told beside it.
#[test]
fn a_digest_in_a_signed_header_is_what_is_signed_of_the_body() {
    let now = Timestamp::parse("20130524T000000Z").unwrap();
    let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY").unwrap();
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret).unwrap();
    let region = Region::new("us-east-1").unwrap();
    let key = SigningKey::derive(&credentials, Scope::new(now.date(), region, Service::S3));
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let bucket = bucket();
    let headers = [("host", bucket.authority()), ("x-amz-content-sha256", empty)];
    for rule in [PayloadRule::Unsigned, PayloadRule::EMPTY, PayloadRule::Sha256([7; 32])] {
        let request = request(&bucket).with_payload(rule);
        let request = request.with_signed_header("x-amz-content-sha256", empty).unwrap();
        let url = key.at(now).unwrap().presign(&request).unwrap();
        let target = url.as_str().strip_prefix(bucket.origin()).unwrap();
        let head = RequestHead { method: "PUT", target, headers: &headers };
        let claim = Claim::parse(&head).unwrap();
        let verifier = Verifier::new(region, Service::S3);
        let verified = verifier.check(&claim, now).unwrap().verify(Some(&key)).unwrap();
        assert_eq!(verified.payload(), PayloadRule::EMPTY, "{rule:?}");
    }
}
