//! Requests that are signed in their `Authorization` header.

use countersign::{
    Addressing, Endpoint, HeaderRequest, Method, PayloadRule, Region, Scope, Service, SigningKey,
    Timestamp,
    explain::{Cause, SignatureState, Stage, Verdict},
};

use super::{Evidence, Failure, Model, assert_findings, common::Request};

const TOKEN: &str = "CanaryTokenFwoGZXIvYXdzEJr/+=";

/// A request that is signed at noon and arrives at once.
fn signed(token: Option<&str>) -> Failure {
    let model = Model { token: token.map(String::from), ..Model::documented() };
    let credentials = model.credentials();
    let now = Timestamp::parse("20130524T120000Z").unwrap();
    let region = Region::new("us-east-1").unwrap();
    let key = SigningKey::derive(&credentials, Scope::new(now.date(), region, Service::S3));
    let endpoint = Endpoint::parse("https://files.example.com", Addressing::Path).unwrap();
    let bucket = endpoint.bucket("bucket").unwrap();
    let path = bucket.object("a b+c").unwrap();
    let request = HeaderRequest::new(Method::PUT, path, PayloadRule::EMPTY)
        .with_query("partNumber", "7")
        .and_then(|request| request.with_signed_header("Content-Type", "text/csv"))
        .unwrap();
    let signature = key.header_signer(now).unwrap().sign(&request).unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut headers = vec![pair("host", "files.example.com"), pair("content-type", "text/csv")];
    headers.extend(signature.headers().map(|(name, value)| pair(name, value)));
    let target = "/bucket/a%20b%2Bc?partNumber=7".to_owned();
    let request = Request { method: "PUT".into(), target, headers };
    Failure { request, credentials, region: "us-east-1", now: "20130524T120000Z" }
}

fn with_value(mut failure: Failure, name: &str, value: &str) -> Failure {
    let header = failure.request.headers.iter_mut().find(|(other, _)| other == name).unwrap();
    header.1 = value.into();
    failure
}

#[test]
fn a_good_one_holds() {
    for token in [None, Some(TOKEN)] {
        let explanation = signed(token).explain();
        assert_eq!(explanation.verdict(), Verdict::Holds, "{explanation}");
    }
}

#[test]
fn what_was_changed_is_proven_as_for_a_presigned_url() {
    let good = || signed(None);
    good().with_host("files.example.com:443").is_proven(&["host_port"]);
    good().with_method("POST").is_proven(&["method"]);
    good().replaced("%2Bc?", "%20c?").is_proven(&["path_plus"]);
    good().replaced("?partNumber", "?utm_source=x&partNumber").is_proven(&["parameter_added"]);
    let typed = with_value(good(), "content-type", "text/csv; charset=utf-8");
    typed.is_proven(&["header_changed"]);
    let mut failure = good();
    failure.credentials =
        super::credentials("AKIAIOSFODNN7EXAMPLE", &format!("{}\n", Model::documented().secret));
    failure.is_proven(&["secret_white_space"]);
}

#[test]
fn a_clock_that_is_off_says_by_how_much_and_in_which_direction() {
    for (now, cause) in [
        ("20130524T121501Z", Cause::SignedBehind { secs: 901 }),
        ("20130524T114459Z", Cause::SignedAhead { secs: 901 }),
    ] {
        let failure = Failure { now, ..signed(None) };
        let explanation = failure.explain();
        assert_findings(&explanation, &[cause.code()], Evidence::Seen);
        assert_eq!(explanation.findings()[0].cause, cause);
        assert_eq!(explanation.verdict(), Verdict::Refused(Stage::Time));
        assert_eq!(explanation.answer().unwrap().code, "RequestTimeTooSkewed");
        assert_eq!(explanation.signature(), SignatureState::Right);
    }
}

#[test]
fn what_can_be_seen_is_seen_here_too() {
    let failure = Failure { region: "eu-west-1", ..signed(None) };
    failure.is_seen(&["region"]);
    assert_eq!(failure.explain().answer().unwrap().code, "AuthorizationHeaderMalformed");
    let failure = signed(None).with_header("x-amz-acl", "private");
    failure.is_seen(&["header_not_signed"]);
    let mut failure = signed(Some(TOKEN));
    failure.credentials = Model::documented().credentials();
    let explanation = failure.is_seen(&["token_unexpected"]);
    assert_eq!(explanation.signature(), SignatureState::Right);
    let cut = with_value(signed(None), "authorization", "AWS4-HMAC-SHA256 Credential=a");
    cut.is_seen(&["unreadable"]);
}

#[test]
fn no_token_and_no_signature_is_shown() {
    let authorization = signed(Some(TOKEN)).request.headers;
    let value = &authorization.iter().find(|(name, _)| name == "authorization").unwrap().1;
    let signature = value.rsplit('=').next().unwrap();
    for failure in [
        signed(Some(TOKEN)).with_host("elsewhere.example"),
        with_value(signed(Some(TOKEN)), "x-amz-security-token", "another"),
        signed(Some(TOKEN)).without_header("x-amz-security-token"),
        signed(Some(TOKEN)).replaced("partNumber=7", &format!("a={signature}&b={TOKEN}")),
    ] {
        let explanation = failure.explain();
        let shown = format!("{explanation} {explanation:?}");
        assert!(!shown.contains("CanaryToken") && !shown.contains(signature), "{shown}");
    }
}
