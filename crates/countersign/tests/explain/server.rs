//! What the server says it computed, instead of the secret or beside it.

use countersign::explain::{Evidence, ServerText, SignatureState, Verdict};

use super::{Failure, Model, assert_findings, common::signature_of, credentials, rich};

/// What a server computes that received what another model would have signed.
pub(super) fn canonical_request(model: &Model) -> String {
    let mut text = String::new();
    signature_of(model, |lines| text = lines.join("\n"));
    text
}

fn string_to_sign(model: &Model) -> String {
    model.string_to_sign(&canonical_request(model))
}

#[test]
fn the_line_that_differs_is_named_without_a_secret() {
    let signed = rich();
    let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let with = |change: &dyn Fn(&mut Model)| {
        let mut model = rich();
        change(&mut model);
        model
    };
    for (server, codes) in [
        (with(&|it| it.method = "HEAD".into()), vec!["method"]),
        (with(&|it| it.host = "files.example.com:443".into()), vec!["host_port"]),
        (with(&|it| it.host = "FILES.example.com".into()), vec!["host_case"]),
        (with(&|it| it.host = "b.files.example.com".into()), vec!["host_addressing"]),
        (with(&|it| it.host = "elsewhere".into()), vec!["host"]),
        (with(&|it| it.path = "/bucket/a b+c/x~y%21.txt".into()), vec!["path"]),
        (with(&|it| it.path = "/bucket/a b c/x~y!.txt".into()), vec!["path_plus"]),
        (with(&|it| it.path = "/base/bucket/a b+c/x~y!.txt".into()), vec!["path_prefix_added"]),
        (with(&|it| it.path = "/a b+c/x~y!.txt".into()), vec!["path_prefix_cut"]),
        (with(&|it| it.query[1].1 = "a b/c d".into()), vec!["parameter_encoding"]),
        (with(&|it| it.query[0].1 = "8".into()), vec!["parameter_changed"]),
        (with(&|it| it.query.push(pair(("utm", "1")))), vec!["parameter_added"]),
        (with(&|it| drop(it.query.pop())), vec!["parameter_removed"]),
        (with(&|it| it.headers[0].1 = "text/csv; charset=utf-8".into()), vec!["header_changed"]),
        (with(&|it| it.headers[1].1 = "one,two".into()), vec!["header_folded"]),
        (with(&|it| it.payload = "0".repeat(64)), vec!["payload"]),
        (
            with(&|it| {
                it.method = "GET".into();
                it.host = "x".into();
            }),
            vec!["method", "host"],
        ),
    ] {
        let text = canonical_request(&server);
        let server = ServerText::default().with_canonical_request(&text);
        let explanation = Failure::of(&signed).explain_by(false, server);
        assert_findings(&explanation, &codes, Evidence::Compared);
        assert_eq!(explanation.verdict(), Verdict::Unknown);
        // With the secret, what was given here is known to be what was signed.
        let mut failure = Failure::of(&signed);
        failure.now = "20130601T000000Z";
        let explanation = failure.explain_by(true, server);
        assert_eq!(explanation.signature(), SignatureState::Right);
        let proven = explanation.findings().iter().filter(|it| it.evidence == Evidence::Proven);
        assert!(proven.map(|it| it.cause.code()).eq(codes));
    }
}

#[test]
fn where_all_agrees_it_is_the_secret() {
    let model = rich();
    let (canonical, string) = (canonical_request(&model), string_to_sign(&model));
    for server in [
        ServerText::default().with_canonical_request(&canonical),
        ServerText::default().with_string_to_sign(&string),
        ServerText::default().with_canonical_request(&canonical).with_string_to_sign(&string),
    ] {
        let blind = Failure::of(&model).explain_by(false, server);
        assert_findings(&blind, &["secret"], Evidence::Compared);
        let mut failure = Failure::of(&model);
        failure.credentials = credentials(&model.id, "quite another secret");
        let explanation = failure.explain_by(true, server);
        assert_findings(&explanation, &["secret"], Evidence::Compared);
    }
}

#[test]
fn a_string_to_sign_alone_says_which_of_its_lines_differs() {
    let model = rich();
    let ours = string_to_sign(&model);
    for (from, to, code) in [
        ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512", "string_to_sign_algorithm"),
        ("20130524T000000Z", "20130524T000001Z", "string_to_sign_date"),
        ("us-east-1", "us-east-2", "string_to_sign_scope"),
    ] {
        let theirs = ours.replace(from, to);
        let server = ServerText::default().with_string_to_sign(&theirs);
        let explanation = Failure::of(&model).explain_by(false, server);
        assert_findings(&explanation, &[code], Evidence::Compared);
    }
    let theirs = string_to_sign(&Model { host: "other".into(), ..rich() });
    let server = ServerText::default().with_string_to_sign(&theirs);
    let explanation = Failure::of(&model).explain_by(false, server);
    assert_findings(&explanation, &["string_to_sign_digest"], Evidence::Compared);
}

#[test]
fn text_that_is_no_canonical_request_is_passed_over() {
    let long = "x\n".repeat(100_000);
    for text in ["", "\n", "a\nb", &long, "\u{1b}[2J"] {
        let server = ServerText::default().with_canonical_request(text).with_string_to_sign("");
        let explanation = Failure::of(&rich()).explain_by(false, server);
        let shown = explanation.to_string();
        assert!(!shown.contains('\u{1b}'), "{shown}");
    }
}
