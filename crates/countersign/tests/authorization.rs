//! Requests that are signed in their header, as whoever uses the crate sees them: the documentation's
//! examples, what a signer refuses, and what is never shown.

use countersign::{
    Addressing, Bucket, Claim, Credentials, Endpoint, HeaderRequest, Mechanism, Method, ParseError,
    PayloadRule, PresignError, Region, RequestHead, Scope, SecretKey, Service, SigningKey,
    Timestamp, Verifier,
};

#[path = "common/documented.rs"]
#[expect(dead_code, reason = "the unit tests use the rest")]
mod documented;

#[test]
fn the_documented_examples_are_verified() {
    for case in documented::documented() {
        let signed =
            case.signing_key().header_signer(case.signed_at).unwrap().sign(&case.request());
        let signed = signed.unwrap();
        let (_, authorization) = signed.headers().next().unwrap();
        let mut headers = case.headers.clone();
        // S3's pages write no space behind the commas.
        headers.push(("Authorization".to_owned(), authorization.replace(", ", ",")));
        let head = RequestHead {
            method: &case.method,
            target: signed.target(),
            headers: headers.as_slice(),
        };
        let claim = Claim::parse_header(&head).unwrap();
        let region = Region::new(&case.region).unwrap();
        let verifier = Verifier::new(region, Service::new(&case.service).unwrap())
            .with_default_payload(case.payload);
        let checked = verifier.check(&claim, case.signed_at).unwrap();
        let verified = checked.verify(Some(&case.signing_key())).unwrap();
        assert_eq!(verified.mechanism(), Mechanism::Header, "{}", case.name);
        assert_eq!(verified.path(), case.path);
        assert_eq!(verified.payload(), case.payload);
        let owned = |(name, value): (_, _)| (String::from(name), String::from(value));
        assert_eq!(verified.query().map(owned).collect::<Vec<_>>(), case.query);
        assert!(authorization.ends_with(&case.signature));
    }
}

fn now() -> Timestamp {
    Timestamp::parse("20130524T000000Z").unwrap()
}

fn key(id: &str, service: Service<'_>) -> SigningKey {
    let secret = SecretKey::new("CANARYSECRET").unwrap();
    let credentials = Credentials::new(id, secret).unwrap();
    let credentials = credentials.with_session_token("CANARYTOKEN").unwrap();
    let region = Region::new("us-east-1").unwrap();
    SigningKey::derive(&credentials, Scope::new(now().date(), region, service))
}

fn bucket() -> Bucket {
    let endpoint = Endpoint::parse("https://s3.amazonaws.com", Addressing::Path).unwrap();
    endpoint.bucket("bucket").unwrap()
}

#[test]
fn what_the_signer_writes_itself_cannot_be_given() {
    let bucket = bucket();
    let request = || HeaderRequest::new(Method::PUT, bucket.root(), PayloadRule::EMPTY);
    for name in ["Host", "AUTHORIZATION", "X-Amz-Date", "x-amz-security-token"] {
        let reserved = PresignError::ReservedName(name.to_ascii_lowercase().into());
        assert_eq!(request().with_signed_header(name, "x").unwrap_err(), reserved);
    }
    let payload = request().with_signed_header("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD");
    assert!(matches!(payload, Err(PresignError::ReservedName(_))));
    for name in ["X-Amz-Signature", "x-amz-algorithm", "X-Amz-Date", "X-AMZ-EXPIRES"] {
        let reserved = PresignError::ReservedName(name.into());
        assert_eq!(request().with_query(name, "x").unwrap_err(), reserved);
    }
    let twice =
        request().with_signed_header("range", "a").unwrap().with_signed_header("Range", "b");
    assert!(matches!(twice, Err(PresignError::DuplicateName(_))));
    let forged = request().with_signed_header("range", "a\nx-amz-acl:private");
    assert!(matches!(forged, Err(PresignError::InvalidHeaderValue(_))));
}

#[test]
fn what_no_header_can_hold_is_not_signed() {
    let comma = key("AKID,Signature=0", Service::S3);
    assert_eq!(comma.header_signer(now()).err(), Some(PresignError::CommaInAccessKeyId));
    // A URL can.
    assert!(comma.at(now()).is_ok());

    let tomorrow = now().checked_add_secs(86_400).unwrap();
    let late = key("AKID", Service::S3).header_signer(tomorrow).err();
    let expired = PresignError::KeyScopeExpired { key: now().date(), now: tomorrow.date() };
    assert_eq!(late, Some(expired));
}

#[test]
fn a_target_of_16_384_bytes_is_signed_and_no_longer_one() {
    let (bucket, key) = (bucket(), key("AKID", Service::S3));
    let sign = |prefix: &str| {
        let request = HeaderRequest::new(Method::GET, bucket.root(), PayloadRule::EMPTY);
        key.header_signer(now()).unwrap().sign(&request.with_query("prefix", prefix).unwrap())
    };
    let rest_len = sign("").unwrap().target().len();
    let most = "a".repeat(16_384 - rest_len);
    assert_eq!(sign(&most).unwrap().target().len(), 16_384);
    // It is as long as it is sent, not as it is given.
    for long in [format!("{most}a"), "é".repeat(3000)] {
        assert_eq!(sign(&long).err(), Some(PresignError::TooLong));
    }
}

/// S3 wants it always; others where there is no digest that they could compute.
#[test]
fn the_payload_rule_is_sent_where_it_is_needed() {
    let bucket = bucket();
    let unsigned = PayloadRule::Unsigned;
    for (service, payload, is_asked, is_sent) in [
        ("s3", PayloadRule::EMPTY, false, true),
        ("s3", unsigned, false, true),
        ("execute-api", PayloadRule::EMPTY, false, false),
        ("execute-api", PayloadRule::EMPTY, true, true),
        ("execute-api", unsigned, false, true),
    ] {
        let mut request = HeaderRequest::new(Method::POST, bucket.root(), payload);
        if is_asked {
            request = request.with_payload_header();
        }
        let key = key("AKID", Service::new(service).unwrap());
        let signed = key.header_signer(now()).unwrap().sign(&request).unwrap();
        let mut names: Vec<_> = signed.headers().map(|(name, _)| name).collect();
        let found = names.contains(&"x-amz-content-sha256");
        assert_eq!(found, is_sent, "{service} {payload:?} {is_asked}");
        names.retain(|name| *name != "x-amz-content-sha256");
        assert_eq!(names, ["authorization", "x-amz-date", "x-amz-security-token"]);
    }
}

#[test]
fn nothing_that_signs_or_reads_a_header_shows_a_secret_a_token_or_a_signature() {
    let (bucket, key) = (bucket(), key("AKID", Service::S3));
    let signer = key.header_signer(now()).unwrap();
    let path = bucket.object("k").unwrap();
    let request = HeaderRequest::new(Method::GET, path, PayloadRule::EMPTY);
    let signed = signer.sign(&request).unwrap();
    let headers: Vec<_> = signed.headers().chain([("host", bucket.authority())]).collect();
    assert!(headers.contains(&("x-amz-security-token", "CANARYTOKEN")));
    let head = RequestHead { method: "GET", target: signed.target(), headers: headers.as_slice() };
    let claim = Claim::parse_header(&head).unwrap();
    let verifier = Verifier::new(Region::new("us-east-1").unwrap(), Service::S3);
    let checked = || verifier.check(&claim, now()).unwrap();
    let shown = [
        ("HeaderSigner { key: SigningKey { access_key_id: ", format!("{signer:?} {signer:#?}")),
        ("HeaderSignature(/bucket/k..)", format!("{signed:?} {signed:#?}")),
        ("RequestHead { method: \"GET\", path: \"/bucket/k\"", format!("{head:?} {head:#?}")),
        ("Verifier { region: \"us-east-1\", service: \"s3\"", format!("{verifier:?}")),
        ("Claim { method: Method(\"GET\"), path: \"/bucket/k\"", format!("{claim:?} {claim:#?}")),
        ("Checked { access_key_id: \"AKID\"", format!("{:?} {:#?}", checked(), checked())),
        (
            "Verified { access_key_id: \"AKID\"",
            format!("{:?}", checked().verify(Some(&key)).unwrap()),
        ),
        ("UnknownKey", format!("{:?}", checked().verify(None).unwrap_err())),
    ];
    for (start, text) in shown {
        assert!(text.starts_with(start), "{text}");
        for canary in ["CANARY", signed.signature()] {
            assert!(!text.contains(canary), "{canary}: {text}");
        }
    }
}

#[test]
fn a_request_that_nobody_signed_has_no_claim_in_its_header() {
    let authorization = ["", "Bearer token", "Basic QUtJRDpzZWNyZXQ=", "AWS4", "AWS", "x AWS4-"];
    for value in authorization {
        let headers = [("host", "h"), ("authorization", value)];
        let head = RequestHead { method: "GET", target: "/", headers: &headers };
        assert_eq!(Mechanism::of(&head), Ok(None), "{value}");
        let missing = ParseError::Missing(countersign::Field::Authorization);
        assert_eq!(Claim::parse_header(&head).err(), Some(missing), "{value}");
    }
}
