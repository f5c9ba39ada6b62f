//! One thing of the request changed, or signed wrongly.

use super::{Failure, Model, credentials, rich};
use countersign::explain::Cause;

#[test]
fn another_host_is_told_by_how_it_differs() {
    let signed_for = |host: &str| Failure::of(&Model { host: host.into(), ..rich() });
    for (signed, received, code) in [
        ("h.example", "h.example:443", "host_port"),
        ("h.example:443", "h.example", "host_port"),
        ("h.example:9000", "h.example", "host_port"),
        ("h.example", "h.example:8080", "host_port"),
        ("h.example:9000", "h.example:80", "host_port"),
        ("[::1]:9000", "[::1]", "host_port"),
        ("h.example", "H.Example", "host_case"),
        ("localhost:9000", "127.0.0.1:9000", "host_alias"),
        ("minio:9000", "localhost:9000", "host_alias"),
        ("b.s3.amazonaws.com", "b.s3.us-east-1.amazonaws.com", "host_alias"),
        ("b.s3.us-east-1.amazonaws.com", "b.s3-accelerate.amazonaws.com", "host_alias"),
        ("h.example.", "h.example", "host_alias"),
    ] {
        let failure = signed_for(signed).with_host(received);
        let explanation = failure.is_proven(&[code]);
        let sides = explanation.findings()[0].cause.sides().unwrap();
        assert_eq!(sides.signed.as_deref(), Some(signed));
        assert_eq!(sides.received.as_deref(), Some(received));
    }
}

#[test]
fn a_proxy_that_replaced_the_host_is_told_by_what_it_says() {
    let failure = Failure::of(&rich()).with_host("backend:8080");
    for (name, value) in [
        ("X-Forwarded-Host", "files.example.com"),
        ("X-Forwarded-Host", "files.example.com:443, inner"),
        ("X-Original-Host", "Files.example.com"),
        ("Forwarded", "for=1.2.3.4;host=\"files.example.com\";proto=https"),
    ] {
        failure.clone().with_header(name, value).is_proven(&["host_forwarded"]);
    }
    let with_port = Failure::of(&Model { host: "files.example.com:8443".into(), ..rich() });
    with_port
        .with_host("backend")
        .with_header("X-Forwarded-Host", "files.example.com")
        .with_header("X-Forwarded-Port", "8443")
        .is_proven(&["host_forwarded"]);
}

#[test]
fn both_addressing_styles_are_tried() {
    let by_path = Model { path: "/bucket/k".into(), host: "h.example".into(), ..rich() };
    Failure::of(&by_path)
        .with_host("bucket.h.example")
        .replaced("/bucket/k?", "/k?")
        .is_proven(&["host_addressing"]);
    let by_host = Model { path: "/k".into(), host: "my.bucket.h.example".into(), ..rich() };
    Failure::of(&by_host)
        .with_host("h.example")
        .replaced("/k?", "/my.bucket/k?")
        .is_proven(&["host_addressing"]);
}

#[test]
fn a_path_that_was_changed_on_the_way_is_told_by_how() {
    let signed_for =
        |path: &str| Failure::of(&Model { path: path.into(), query: Vec::new(), ..rich() });
    for (key, from, to, code) in [
        ("/b/a b", "%20", "%2520", "path_encoded_twice"),
        ("/b/a b", "%20", "+", "path_plus"),
        ("/b/a+b", "%2B", "%20", "path_plus"),
        ("/b/./c", "/b/./c", "/b/c", "path_dot_segments"),
        ("/b/../c", "/b/../c", "/b/c", "path_dot_segments"),
        ("/b/c/d", "/b/c/d", "/b/x/../c/d", "path_dot_segments"),
        ("/b//c", "/b//c", "/b/c", "path_slashes"),
        ("/b/c", "/b/c", "//b/c", "path_slashes"),
        ("/b/c/", "/b/c/?", "/b/c?", "path_trailing_slash"),
        ("/b/c", "/b/c?", "/b/c/?", "path_trailing_slash"),
        ("/s3/b/c", "/s3/b/c", "/b/c", "path_prefix_cut"),
        ("/b/c", "/b/c", "/base/b/c", "path_prefix_added"),
        ("/b/c", "/b/c", "/a/b.d/b/c", "path_prefix_added"),
        ("/b/caf\u{e9}", "%C3%A9", "e%CC%81", "path_normalisation"),
        ("/b/cafe\u{301}", "e%CC%81", "%C3%A9", "path_normalisation"),
        ("/b/\u{304c}", "%E3%81%8C", "%E3%81%8B%E3%82%99", "path_normalisation"),
        ("/b/\u{d55c}", "%ED%95%9C", "%E1%84%92%E1%85%A1%E1%86%AB", "path_normalisation"),
    ] {
        signed_for(key).replaced(from, to).is_proven(&[code]);
    }
    let cut = signed_for("/team/a/b/c").replaced("/team/a/b/c", "/b/c");
    cut.clone().with_header("X-Forwarded-Prefix", "/team/a").is_proven(&["path_prefix_cut"]);
}

/// A signer whose canonical path is not that of the specification: what the model signs as the path
/// is what such a signer has there, and what it sends is honest.
#[test]
fn a_signer_that_encodes_the_path_in_its_own_way_is_told() {
    for (key, canonical, code) in [
        ("/b/a b", "/b/a%2520b", "path_signed_twice"),
        ("/b/a!b", "/b/a!b", "path_encoding"),
        ("/b/a'(b)*", "/b/a'(b)*", "path_encoding"),
        ("/b/k=v:w@x", "/b/k=v:w@x", "path_encoding"),
        ("/b/a b", "/b/a b", "path_encoding"),
        ("/b/a b", "/b/a+b", "path_plus"),
        ("/b/\u{e9}", "/b/\u{e9}", "path_encoding"),
        ("/b/\u{e9}", "/b/%c3%a9", "path_encoding"),
        ("/b/a~b", "/b/a%7Eb", "path_encoding"),
        ("/b/c/d", "/b/c%2Fd", "path_encoding"),
        ("/b/c/d", "/b%2Fc%2Fd", "path_encoding"),
    ] {
        let model = Model { path: key.into(), ..rich() };
        let signature = super::common::signature_of(&model, |lines| lines[1] = canonical.into());
        let honest = model.signature();
        Failure::of(&model).replaced(&honest, &signature).is_proven(&[code]);
    }
}

#[test]
fn a_signer_that_writes_the_query_in_its_own_way_is_told() {
    let model = rich();
    let query = model.canonical_query();
    let unsorted: Vec<_> = query.rsplit('&').collect();
    for (canonical, is_sent) in [(query.replace("%2F", "/"), false), (unsorted.join("&"), true)] {
        let signature = super::common::signature_of(&model, |lines| lines[2] = canonical.clone());
        let mut failure = Failure::of(&model).replaced(&model.signature(), &signature);
        if is_sent {
            failure = failure.replaced(&query, &canonical);
        }
        failure.is_proven(&["query_as_received"]);
    }
}

#[test]
fn a_parameter_that_was_changed_is_told_by_name() {
    let good = Failure::of(&rich());
    for (from, to, code, name) in [
        ("&partNumber=7", "&partNumber=8", "parameter_changed", "partNumber"),
        ("uploadId=a%20b%2Fc%2Bd", "uploadId=a%20b%2Fc+d", "parameter_encoding", "uploadId"),
        (
            "uploadId=a%20b%2Fc%2Bd",
            "uploadId=a%2520b%252Fc%252Bd",
            "parameter_encoding",
            "uploadId",
        ),
        ("X-Amz-Expires=86400", "X-Amz-Expires=864000", "parameter_changed", "X-Amz-Expires"),
        ("X-Amz-Expires=86400", "X-Amz-Expires=604800", "parameter_changed", "X-Amz-Expires"),
        ("&X-Amz-Signature", "&utm_source=mail&X-Amz-Signature", "parameter_added", "utm_source"),
        (
            "&X-Amz-Signature",
            "&fbclid=x&utm_a=b&X-Amz-Signature",
            "parameter_added",
            "fbclid, utm_a",
        ),
        (
            "&X-Amz-Signature",
            "&response-content-type=a&X-Amz-Signature",
            "parameter_added",
            "response-content-type",
        ),
    ] {
        let failure = good.clone().replaced(from, to);
        let explanation = failure.explain();
        let last = explanation.findings().last().unwrap();
        assert_eq!((last.cause.code(), last.cause.name()), (code, Some(name)), "{explanation}");
        assert_eq!(last.evidence.as_str(), "proven");
    }
    let mut with_id = rich();
    with_id.query.push(("x-id".into(), "PutObject".into()));
    Failure::of(&with_id).replaced("&x-id=PutObject", "").is_proven(&["parameter_removed"]);
    with_id.query = vec![("uploads".into(), String::new())];
    Failure::of(&with_id).replaced("&uploads=", "").is_proven(&["parameter_removed"]);
}

#[test]
fn a_signed_header_that_was_changed_is_told_by_how() {
    let signed = |name: &str, value: &str| {
        let headers = vec![(name.to_owned(), value.to_owned())];
        Failure::of(&Model { headers, ..rich() })
    };
    for (name, value, received, code) in [
        ("content-type", "text/csv", "text/csv; charset=utf-8", "header_changed"),
        ("content-type", "text/csv", "text/csv;charset=UTF-8", "header_changed"),
        ("content-type", "text/csv;charset=utf-8", "text/csv; charset=utf-8", "header_folded"),
        (
            "content-type",
            "text/plain; charset=UTF-8",
            "text/plain; charset=utf-8",
            "header_changed",
        ),
        ("content-type", "text/csv", "application/x-www-form-urlencoded", "header_changed"),
        ("content-type", "", "application/octet-stream", "header_changed"),
        ("accept-encoding", "identity", "gzip", "header_changed"),
        ("accept-encoding", "gzip, deflate, br", "gzip,br", "header_changed"),
        ("content-length", "0", "17", "header_changed"),
        ("x-amz-meta-a", "b,c", "b, c", "header_folded"),
        ("x-amz-meta-a", "b", "b, c", "header_folded"),
        ("x-amz-meta-a", "b", "\"b\"", "header_changed"),
        ("x-amz-acl", "public-read", "private", "header_changed"),
    ] {
        let mut failure = signed(name, value);
        failure.request.headers[1].1 = received.into();
        let explanation = failure.is_proven(&[code]);
        assert_eq!(explanation.findings()[0].cause.name(), Some(name));
    }
}

#[test]
fn a_signed_header_that_is_not_sent_is_seen_and_perhaps_known() {
    let known = Failure::of(&rich()).without_header("content-type");
    known.is_proven(&["header_absent"]);
    let unknown = Failure::of(&rich()).without_header("x-amz-meta-note").explain();
    let first = &unknown.findings()[0];
    assert_eq!((first.cause.code(), first.evidence.as_str()), ("header_absent", "seen"));
    assert_eq!(first.cause.name(), Some("x-amz-meta-note"));
}

#[test]
fn another_method_is_told() {
    for (signed, sent) in [("GET", "HEAD"), ("HEAD", "GET"), ("PUT", "POST"), ("PUT", "DELETE")] {
        let model = Model { method: signed.into(), ..rich() };
        let explanation = Failure::of(&model).with_method(sent).is_proven(&["method"]);
        let Cause::Method(sides) = &explanation.findings()[0].cause else { panic!("no method") };
        assert_eq!(sides.signed.as_deref(), Some(signed));
    }
}

#[test]
fn another_payload_rule_is_told() {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let other = "0".repeat(64);
    Failure::of(&Model { payload: empty.into(), ..rich() }).is_proven(&["payload"]);
    let unsigned = Failure::of(&rich());
    unsigned.with_header("x-amz-content-sha256", empty).is_proven(&["payload"]);
    let in_query = vec![("X-Amz-Content-Sha256".to_owned(), other.clone())];
    Failure::of(&Model { payload: other, query: in_query, ..rich() }).is_proven(&["payload"]);
}

#[test]
fn a_secret_that_was_spoiled_is_told_by_how() {
    let issued = "wJalr/UtnFEMI+K7MDENG";
    for (signer, given, code) in [
        ("wJalr/UtnFEMI+K7MDENG\n", issued, "secret_white_space"),
        (" wJalr/UtnFEMI+K7MDENG", issued, "secret_white_space"),
        (issued, "wJalr/UtnFEMI+K7MDENG\r\n", "secret_white_space"),
        (issued, "  wJalr/UtnFEMI+K7MDENG  ", "secret_white_space"),
        ("\"wJalr/UtnFEMI+K7MDENG\"", issued, "secret_quoted"),
        (issued, "'wJalr/UtnFEMI+K7MDENG'", "secret_quoted"),
        ("wJalr%2FUtnFEMI%2BK7MDENG", issued, "secret_encoded"),
        (issued, "wJalr%2FUtnFEMI%2BK7MDENG", "secret_encoded"),
        (issued, "wJalr/UtnFEMI K7MDENG", "secret_encoded"),
    ] {
        let model = Model { secret: signer.into(), ..rich() };
        let mut failure = Failure::of(&model);
        failure.credentials = credentials(&model.id, given);
        let explanation = failure.is_proven(&[code]);
        let shown = format!("{explanation} {explanation:?}");
        assert!(!shown.contains("MDENG"), "{shown}");
    }
}

#[test]
fn a_credential_that_was_changed_is_told() {
    let good = Failure::of(&rich());
    let mut other = good.clone().replaced("us-east-1", "eu-west-1");
    other.region = "eu-west-1";
    let explanation = other.is_proven(&["parameter_changed"]);
    assert_eq!(explanation.findings()[0].cause.name(), Some("X-Amz-Credential"));
    let explanation = good.replaced("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLF");
    explanation.is_proven(&["access_key_id"]);
}

#[test]
fn a_secret_in_the_place_of_the_id_is_told_without_being_shown() {
    let secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY";
    let model = Model { id: secret.into(), secret: secret.into(), ..rich() };
    let mut failure = Failure::of(&model);
    failure.credentials = credentials("AKIAIOSFODNN7EXAMPLE", secret);
    let explanation = failure.explain();
    assert_eq!(explanation.findings()[0].cause, Cause::SecretAsAccessKeyId);
    assert!(!format!("{explanation} {explanation:?}").contains(secret));
}

#[test]
fn nothing_is_claimed_that_was_not_found() {
    let mut failure = Failure::of(&rich());
    failure.credentials = credentials(&rich().id, "quite another secret");
    let explanation = failure.explain();
    let last = explanation.findings().last().unwrap();
    assert_eq!((last.cause.code(), last.evidence.as_str()), ("not_found", "suspected"));
    assert!(explanation.findings().iter().all(|finding| finding.evidence.as_str() != "proven"));
    assert!((1000..=10_000).contains(&explanation.tries()), "{}", explanation.tries());
}
