//! URLs that were spoiled as texts.

use countersign::explain::{Cause, ServerText};

use super::{Evidence, Failure, Model, assert_findings, rich};

#[test]
fn a_url_that_was_escaped_is_put_right_and_proven() {
    let good = Failure::of(&rich());
    let target = good.request.target.clone();
    let (path, query) = target.split_once('?').unwrap();
    let encoded = query.replace('%', "%25").replace('&', "%26").replace('=', "%3D");
    let wrapped = format!("{}\n{}", &target[..70], &target[70..]);
    let mail = target.replace('=', "=3D");
    let mail = format!("{}=\r\n{}", &mail[..70], &mail[70..]);
    for (spoiled, code) in [
        (target.replace('&', "&amp;"), "url_html_escaped"),
        (target.replace('&', "&#38;"), "url_html_escaped"),
        (target.replace('&', "\\u0026"), "url_json_escaped"),
        (mail, "url_quoted_printable"),
        (format!("{path}?{}", query.replace('%', "%25")), "url_encoded_twice"),
        (format!("{}%3F{encoded}", path.replace('%', "%25")), "url_encoded_twice"),
        (wrapped, "url_white_space"),
        (target.replace("%20", " "), "url_white_space"),
        (format!("{target}."), "url_appended"),
        (format!("{target}%22%3E"), "url_appended"),
        (target.to_lowercase(), "url_parameter_names"),
        (target.replace("X-Amz-Date", "x-amz-date"), "url_parameter_names"),
    ] {
        let mut failure = good.clone();
        failure.request.target = spoiled;
        if code == "url_parameter_names" && failure.request.target == target.to_lowercase() {
            // The values are lost with the names.
            let explanation = failure.explain();
            assert_eq!(explanation.findings()[0].cause.code(), code, "{explanation}");
            continue;
        }
        failure.is_proven(&[code]);
        let blind = failure.explain_by(false, ServerText::default());
        assert_eq!(blind.findings()[0].cause.code(), code);
        assert_eq!(blind.findings()[0].evidence, Evidence::Seen);
    }
    let key = Model { path: "/b/a#b".into(), ..rich() };
    Failure::of(&key).replaced("a%23b", "a#b").is_proven(&["url_fragment"]);
    let signature = rich().signature();
    let upper = good.replaced(&signature, &signature.to_uppercase());
    upper.is_proven(&["url_signature_case"]);
}

#[test]
fn two_ways_of_spoiling_are_undone_together() {
    let mut failure = Failure::of(&rich());
    failure.request.target = format!("{}.", failure.request.target.replace('&', "&amp;"));
    failure.is_proven(&["url_html_escaped", "url_appended"]);
}

#[test]
fn a_url_that_was_cut_off_says_where() {
    let good = Failure::of(&rich());
    let target = good.request.target.clone();
    let cut = |end: usize| {
        let mut failure = good.clone();
        failure.request.target.truncate(end);
        failure
    };
    for digits in [0, 1, 63] {
        let failure = cut(target.len() - 64 + digits);
        failure.is_seen(&["cut_off"]);
        let expected = Cause::CutOff { signature_digits: Some(digits) };
        assert_eq!(failure.explain().findings()[0].cause, expected);
    }
    // What a shell leaves of a URL without quotes, and what a field of a form does.
    for end in [target.find('&').unwrap(), target.find("&X-Amz-Sig").unwrap(), 100, 150, 200] {
        let failure = cut(end);
        failure.is_seen(&["cut_off"]);
    }
}

#[test]
fn what_is_signed_in_another_way_is_named() {
    let target = |target: &str| {
        let mut failure = Failure::of(&rich());
        failure.request.target = target.into();
        failure
    };
    target("/b/k").is_seen(&["anonymous"]);
    target("/b/k?list-type=2").is_seen(&["anonymous"]);
    let second = "/b/k?AWSAccessKeyId=AKIA&Expires=1&Signature=abc%3D";
    target(second).is_seen(&["signature_v2"]);
    let header = |value: &str| target("/b/k").with_header("Authorization", value);
    header("AWS AKIA:abc=").is_seen(&["signature_v2"]);
    header("AWS4-HMAC-SHA256 Credential=a").is_seen(&["unreadable"]);
    header("Bearer abc").is_seen(&["anonymous"]);
    let both = Failure::of(&rich()).with_header("Authorization", "AWS4-HMAC-SHA256 Credential=a");
    both.is_seen(&["two_mechanisms"]);
}

#[test]
fn what_cannot_be_read_is_said_as_the_parser_says_it() {
    let explanation = Failure::of(&rich()).replaced("X-Amz-Date=2", "X-Amz-Date=x").explain();
    assert_findings(&explanation, &["unreadable"], Evidence::Seen);
    assert_eq!(explanation.findings()[0].cause.to_string(), "X-Amz-Date is malformed");
    let explanation = Failure::of(&rich()).replaced("X-Amz-Expires=86400&", "").explain();
    assert_eq!(explanation.findings()[0].cause.to_string(), "X-Amz-Expires is missing");
}
