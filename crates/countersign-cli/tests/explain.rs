//! `countersign explain`, as a script and a person use it.

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const SIGNATURE: &str = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
const URL: &str = "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
    &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
    &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
    &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
const NOON: [&str; 2] = ["--now", "20130524T120000Z"];

fn run(arguments: &[&str], secret: Option<&str>, input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.arg("explain").args(arguments).env_clear();
    if let Some(secret) = secret {
        command.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
        command.env("AWS_SECRET_ACCESS_KEY", secret);
    }
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    // A command that reads no input may end before it is written.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let shown = [&output.stdout[..], &output.stderr[..]].concat();
    let shown = String::from_utf8(shown).unwrap();
    assert!(!shown.contains(SECRET) && !shown.contains(SIGNATURE), "{shown}");
    output
}

fn explain(arguments: &[&str]) -> (Option<i32>, Value) {
    let output = run(&[arguments, &NOON, &["--json"]].concat(), Some(SECRET), "");
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

fn causes(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["cause"].as_str().unwrap()).collect()
}

#[test]
fn a_url_that_holds_exits_with_nought() {
    let (status, report) = explain(&[URL]);
    assert_eq!((status, &report["verdict"]), (Some(0), &"holds".into()));
    assert_eq!(report["signature"], "right");
    assert_eq!(causes(&report), [""; 0]);
}

#[test]
fn each_way_to_give_a_request_leads_to_the_cause() {
    let target = URL.strip_prefix("https://examplebucket.s3.amazonaws.com").unwrap();
    for (arguments, cause) in [
        (&[URL, "-X", "HEAD"][..], "method"),
        (&[URL, "--request", "PUT"], "method"),
        (&[URL, "-H", "Host: examplebucket.s3.amazonaws.com:443"], "host_port"),
        (&[URL, "-H", "x-amz-acl: private"], "header_not_signed"),
        (&[target, "-H", "host: EXAMPLEBUCKET.s3.amazonaws.com"], "host_case"),
        (&[URL, "--region", "eu-west-1"], "region"),
        (&[URL, "--service", "s3express"], "service"),
        (
            &[
                &URL.replace("examplebucket.", "proxy."),
                "--also-host",
                "examplebucket.s3.amazonaws.com",
            ],
            "host_alias",
        ),
        (&[&URL.replace('&', "&amp;")], "url_html_escaped"),
        (&[&URL[..120]], "cut_off"),
        (&["https://h/k"], "anonymous"),
    ] {
        let (status, report) = explain(arguments);
        assert_eq!((status, causes(&report)), (Some(1), vec![cause]), "{report}");
    }
}

#[test]
fn an_expired_url_says_for_how_long() {
    let output = run(&[URL, "--json", "--now", "20130525T000001Z"], Some(SECRET), "");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["stage"], &report["answer"]["status"]), (&"time".into(), &403.into()));
    assert_eq!(report["findings"][0]["secs"], 1);
    assert_eq!(report["findings"][0]["evidence"], "seen");
}

#[test]
fn a_transcript_of_curl_is_a_request() {
    let target = URL.strip_prefix("https://examplebucket.s3.amazonaws.com").unwrap();
    let transcript = format!(
        "* Trying\n> HEAD {target} HTTP/1.1\r\n> Host: examplebucket.s3.amazonaws.com\r\n\
         > Accept: */*\r\n> \r\n< HTTP/1.1 403\n"
    );
    let arguments = [&["--curl-verbose", "-", "--json"], &NOON[..]].concat();
    let output = run(&arguments, Some(SECRET), &transcript);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(causes(&report), ["method"]);
    assert_eq!(report["findings"][0]["signed"], "GET");
}

/// Of the form of S3's answer.
#[test]
fn without_a_secret_the_answer_of_the_server_does() {
    let canonical_request = "GET\n/base/test.txt\nX-Amz-Algorithm=AWS4-HMAC-SHA256\
        &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
        &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\n\
        host:examplebucket.s3.amazonaws.com\n\nhost\nUNSIGNED-PAYLOAD";
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>SignatureDoesNotMatch</Code>\
         <CanonicalRequest>{}</CanonicalRequest></Error>",
        canonical_request.replace('&', "&amp;"),
    );
    let arguments = [&[URL, "--server-answer", "-"], &NOON[..]].concat();
    let output = run(&arguments, None, &xml);
    assert_eq!(output.status.code(), Some(1));
    let expected = "\
without the secret no more can be said than this

1. something was put before the path (by what the server says)
     signed    /test.txt
     received  /base/test.txt
                ^
   Sign for the path that the server receives, or have the proxy leave it.
";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn a_secret_with_a_line_break_is_told() {
    let output = run(&[&[URL, "--json"], &NOON[..]].concat(), Some(&format!("{SECRET}\n")), "");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(causes(&report), ["secret_white_space"]);
}

#[test]
fn misuse_exits_with_two() {
    for arguments in [
        &[][..],
        &["nonsense"],
        &["/k"],
        &[URL, "--now", "noon"],
        &[URL, "-H", "no colon"],
        &[URL, "--curl-verbose", "-"],
        &[URL, "--server-answer", "/no/such/file"],
        &[URL, "--server-answer", "-"],
    ] {
        assert_eq!(run(arguments, None, "no XML").status.code(), Some(2), "{arguments:?}");
    }
}
