//! However long a request or a server's answer is, the work is bounded, and so is what is shown.

use std::time::{Duration, Instant};

use countersign::{
    Field, ParseError,
    explain::{Cause, Evidence, Explanation, ServerText, Stage, Verdict},
};

use super::{Failure, Model, assert_findings, credentials, rich, server::canonical_request};

/// Much more than it takes without optimisation, much less than it took without a limit.
const TIME_MAX: Duration = Duration::from_secs(20);

#[track_caller]
fn timed(explain: impl FnOnce() -> Explanation) -> Explanation {
    let start = Instant::now();
    let explanation = explain();
    let took = start.elapsed();
    assert!(took < TIME_MAX, "{took:?}");
    explanation
}

/// One that is signed with another secret, so that all is tried.
fn forged(model: &Model) -> Failure {
    let mut failure = Failure::of(model);
    failure.credentials = credentials(&model.id, "quite another secret");
    failure
}

fn many(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect()
}

#[test]
fn a_target_that_is_too_long_is_not_looked_into() {
    let mut failure = Failure::of(&rich());
    failure.request.target.push_str(&many(23_000, |at| format!("&token=Canary{at}")));
    let explanation = timed(|| failure.explain());
    let too_large = Cause::Unreadable(ParseError::TooLarge(Field::Target));
    assert_eq!(explanation.findings().len(), 1);
    assert_eq!(explanation.findings()[0].cause, too_large);
    assert_eq!(explanation.verdict(), Verdict::Refused(Stage::Parse));
    assert_eq!(explanation.answer().unwrap().code, "InvalidURI");
    let shown = format!("{explanation} {explanation:?}");
    assert!(!shown.contains("Canary"), "{shown}");
    // What is behind a `#` is not sent.
    let mut holds = Failure::of(&rich());
    holds.request.target.extend(["#", &"x".repeat(20_000)]);
    assert_eq!(holds.explain().verdict(), Verdict::Holds);
}

#[test]
fn headers_that_are_too_long_are_not_looked_into() {
    let failure = forged(&rich()).with_header("Cookie", &"Canary".repeat(12_000));
    let explanation = timed(|| failure.explain());
    assert_eq!(explanation.verdict(), Verdict::Refused(Stage::Signature));
    assert_eq!(explanation.findings().len(), 1);
    let too_large = Cause::Unreadable(ParseError::TooLarge(Field::Header));
    assert_eq!(explanation.findings()[0].cause, too_large);
}

#[test]
fn where_there_is_more_to_hide_than_is_searched_for_nothing_is_shown() {
    let tokens = many(1200, |at| format!(";token=x{at}"));
    let mut failure = Failure::of(&rich());
    failure.request.target.extend(["&zz=", &tokens]);
    let text = canonical_request(&Model { host: "Canary".into(), ..rich() });
    let server = ServerText::default().with_canonical_request(&text);
    let explanation = timed(|| failure.explain_by(true, server));
    assert!(explanation.findings().iter().any(|it| it.cause.code() == "host"), "{explanation}");
    assert!(!format!("{explanation} {explanation:?}").contains("Canary"), "{explanation}");
}

#[test]
fn long_headers_are_not_searched() {
    let note = |len: usize| {
        let headers = vec![("x-amz-meta-note".to_owned(), "a,".repeat(len / 2))];
        timed(|| forged(&Model { headers, ..rich() }).explain())
    };
    let explanation = note(8192);
    let last = explanation.findings().last().unwrap();
    assert_eq!((last.cause.code(), explanation.tries()), ("not_found", 0));
    assert!(note(7000).tries() > 1000);
}

#[test]
fn what_is_tried_is_fewer_the_longer_it_is() {
    let pair = |at: usize| (format!("p{at:02}"), "a b+c/".repeat(9));
    let model = Model { query: (0..90).map(pair).collect(), ..rich() };
    let failure = forged(&model);
    assert!((10_000..16_384).contains(&failure.request.target.len()));
    let explanation = timed(|| failure.explain());
    let hashed_len = explanation.tries() * failure.request.target.len();
    assert!((20_000_000..40_000_000).contains(&hashed_len), "{hashed_len}");
}

#[test]
fn a_server_text_that_is_too_long_is_passed_over_and_said_to_be() {
    let good = canonical_request(&rich());
    let (start, end) = good.split_once("\nhost:").unwrap();
    let headers = format!("{start}\n{}host:{end}", many(9000, |at| format!("a{at}:\n")));
    let parameters =
        good.replacen("\nX-Amz", &format!("\n{}X-Amz", many(9000, |_| "a&".into())), 1);
    let long = format!("{good}{}", " ".repeat(65_536));
    for text in [&headers, &parameters, &long] {
        for server in [
            ServerText::default().with_canonical_request(text),
            ServerText::default().with_string_to_sign(text),
        ] {
            let explanation = timed(|| Failure::of(&rich()).explain_by(false, server));
            let first = &explanation.findings()[0].cause;
            assert_eq!(*first, Cause::ServerTextTooLong, "{explanation}");
            assert_eq!(first.code(), "server_text");
            assert!(explanation.findings().iter().all(|it| it.evidence != Evidence::Compared));
        }
    }
}

#[test]
fn there_are_a_hundred_findings_at_the_most() {
    let mut model = rich();
    model.headers.extend((0..150).map(|at| (format!("x-added-{at:03}"), "1".into())));
    let text = canonical_request(&model);
    let server = ServerText::default().with_canonical_request(&text);
    let explanation = Failure::of(&rich()).explain_by(false, server);
    let count = explanation.findings().len();
    assert!((50..=100).contains(&count), "{count}");
    // What is proven has room all the same.
    let elsewhere = Failure::of(&rich()).with_host("files.example.com:443");
    let mut failure = elsewhere.clone();
    failure.request.target.push_str("&utm_source=x");
    let explanation = failure.explain_by(true, server);
    assert!(explanation.findings().len() <= 100);
    for code in ["host_port", "parameter_added"] {
        let is_proven = |it: &&countersign::explain::Finding| it.evidence == Evidence::Proven;
        let mut proven = explanation.findings().iter().filter(is_proven);
        assert!(proven.any(|it| it.cause.code() == code), "{code}: {explanation:#?}");
    }
    assert_findings(&elsewhere.explain(), &["host_port"], Evidence::Proven);
}
