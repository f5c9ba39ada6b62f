//! What can be seen without the signature, and that the signature is looked at all the same.

use countersign::explain::{Cause, ServerText, SignatureState, Stage, Verdict};

use super::{Evidence, Failure, Model, credentials, rich};

#[track_caller]
fn refused(failure: &Failure, stage: Stage, status: u16, code: &str) {
    let explanation = failure.explain();
    assert_eq!(explanation.verdict(), Verdict::Refused(stage));
    let answer = explanation.answer().unwrap();
    assert_eq!((answer.status, answer.code), (status, code));
}

#[test]
fn an_expired_url_says_since_when_and_whether_it_was_right() {
    let mut failure = Failure::of(&Model::documented());
    failure.now = "20130525T000007Z";
    let explanation = failure.is_seen(&["expired"]);
    assert_eq!(explanation.findings()[0].cause, Cause::Expired { secs: 7 });
    assert_eq!(explanation.signature(), SignatureState::Right);
    refused(&failure, Stage::Time, 403, "AccessDenied");

    let forged = failure.with_host("elsewhere.example:443");
    assert_eq!(forged.explain().signature(), SignatureState::Wrong);
    let never = Failure::of(&Model { expires: "0".into(), ..rich() });
    never.is_seen(&["expired"]);
}

#[test]
fn a_clock_that_is_ahead_says_by_how_much() {
    let mut failure = Failure::of(&Model::documented());
    failure.now = "20130523T234459Z";
    let explanation = failure.is_seen(&["signed_ahead"]);
    assert_eq!(explanation.findings()[0].cause, Cause::SignedAhead { secs: 901 });
    assert_eq!(explanation.signature(), SignatureState::Right);
    failure.now = "20130523T234500Z";
    assert_eq!(failure.explain().verdict(), Verdict::Holds);
}

#[test]
fn a_lifetime_over_the_maximum_says_what_it_is() {
    let failure = Failure::of(&Model { expires: "604801".into(), ..rich() });
    let explanation = failure.is_seen(&["lifetime_too_long"]);
    assert_eq!(explanation.findings()[0].cause, Cause::LifetimeTooLong { secs: 604_801 });
    refused(&failure, Stage::Time, 400, "AuthorizationQueryParametersError");
}

#[test]
fn a_scope_of_elsewhere_says_what_is_meant() {
    let mut failure = Failure::of(&rich());
    failure.region = "eu-west-1";
    let explanation = failure.is_seen(&["region"]);
    let expected = Cause::Region { expected: "eu-west-1".into(), got: "us-east-1".into() };
    assert_eq!(explanation.findings()[0].cause, expected);
    assert_eq!(explanation.signature(), SignatureState::Right);
    refused(&failure, Stage::Scope, 400, "AuthorizationQueryParametersError");

    let scope = |scope: [&str; 4]| Failure::of(&Model { scope: scope.map(String::from), ..rich() });
    scope(["20130524", "us-east-1", "s3express", "aws4_request"]).is_seen(&["service"]);
    let other = scope(["20130523", "us-east-1", "s3", "aws4_request"]).is_seen(&["day"]);
    assert_eq!(other.signature(), SignatureState::Right);
    let terminator = scope(["20130524", "us-east-1", "s3", "aws4"]).explain();
    assert_eq!(terminator.findings()[0].cause, Cause::Terminator);
    // Both, one behind the other.
    let mut both = scope(["20130524", "eu-west-1", "execute-api", "aws4_request"]);
    both.now = "20130601T000000Z";
    both.is_seen(&["expired", "region", "service"]);
}

#[test]
fn a_header_that_must_be_signed_says_its_name() {
    let failure = Failure::of(&rich()).with_header("X-Amz-Acl", "public-read");
    let failure = failure.with_header("Content-MD5", "x");
    let explanation = failure.is_seen(&["header_not_signed", "header_not_signed"]);
    let names: Vec<_> = explanation.findings().iter().map(|it| it.cause.name().unwrap()).collect();
    assert_eq!(names, ["x-amz-acl", "content-md5"]);
    assert_eq!(explanation.signature(), SignatureState::Right);
    refused(&failure, Stage::Headers, 403, "AccessDenied");
    let without = Model { signed_headers: Some("content-type".into()), ..rich() };
    let explanation = Failure::of(&without).explain();
    assert_eq!(explanation.findings()[0].cause, Cause::HostNotSigned);
}

#[test]
fn a_header_that_is_there_twice_is_named() {
    let failure = Failure::of(&rich()).with_header("content-type", "text/html");
    let explanation = failure.explain();
    assert_eq!(explanation.findings()[0].cause.to_string(), "header is given twice");
    assert_eq!(explanation.findings()[1].cause.code(), "header_folded");
}

#[test]
fn another_key_is_told_from_another_secret() {
    let mut failure = Failure::of(&rich());
    failure.credentials = credentials("AKIAIOSFODNN7OTHERS", "hush");
    failure.is_seen(&["access_key_id"]);
    refused(&failure, Stage::Key, 403, "InvalidAccessKeyId");
    // The right secret under another id.
    failure.credentials = credentials("AKIAIOSFODNN7OTHERS", &rich().secret);
    let explanation = failure.is_seen(&["access_key_id"]);
    assert_eq!(explanation.signature(), SignatureState::Right);
}

#[test]
fn a_session_token_is_looked_at_by_itself() {
    let temporary = Model { token: Some("a token/+=".into()), ..rich() };
    let permanent = rich();
    let with_key_of = |signer: &Model, owner: &Model| Failure {
        credentials: owner.credentials(),
        ..Failure::of(signer)
    };
    let temporary = Model { token: Some("FwoGZXIvYXdzEJr/+=".into()), ..temporary };
    let absent = with_key_of(&permanent, &temporary);
    let explanation = absent.is_seen(&["token_absent"]);
    assert_eq!(explanation.signature(), SignatureState::Right);
    refused(&absent, Stage::Signature, 403, "InvalidAccessKeyId");

    let unexpected = with_key_of(&temporary, &permanent);
    unexpected.is_seen(&["token_unexpected"]);
    refused(&unexpected, Stage::Signature, 400, "InvalidToken");

    let other = Model { token: Some("FwoGZXIvYXdzEJrOTHER".into()), ..rich() };
    with_key_of(&other, &temporary).is_seen(&["token_changed"]);

    let removed = with_key_of(&temporary, &temporary)
        .replaced("&X-Amz-Security-Token=FwoGZXIvYXdzEJr%2F%2B%3D", "");
    let codes: Vec<_> =
        removed.explain().findings().iter().map(|finding| finding.cause.code()).collect();
    assert_eq!(codes, ["token_absent", "token_removed"]);
    let added = with_key_of(&permanent, &temporary)
        .replaced("&X-Amz-SignedH", "&X-Amz-Security-Token=FwoGZXIvYXdzEJr%2F%2B%3D&X-Amz-SignedH");
    added.is_proven(&["token_not_signed"]);
}

#[test]
fn without_the_secret_what_can_be_seen_is_said() {
    let mut failure = Failure::of(&rich());
    failure.now = "20130601T000000Z";
    let explanation = failure.explain_by(false, ServerText::default());
    assert_eq!(explanation.verdict(), Verdict::Refused(Stage::Time));
    assert_eq!(explanation.signature(), SignatureState::Unknown);
    failure.now = "20130524T120000Z";
    let proxied = failure.with_host("backend").with_header("X-Forwarded-Host", "files.example.com");
    let explanation = proxied.explain_by(false, ServerText::default());
    assert_eq!(explanation.verdict(), Verdict::Unknown);
    assert_eq!(explanation.findings()[0].cause.code(), "host_forwarded");
    assert_eq!(explanation.findings()[0].evidence, Evidence::Suspected);
    assert_eq!(explanation.tries(), 0);
}
