//! The binary, as a script uses it. What it signs and verifies is held against botocore and a real
//! S3 server by the scripts in `tests/foreign`; here is how it answers.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const SIGNATURE: &str = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";

fn countersign(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(arguments)
        .env_clear()
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    // A command without `--batch` does not read its input, and may close it first.
    let _ = writer.join().unwrap();
    for text in [&output.stdout, &output.stderr] {
        assert!(!String::from_utf8_lossy(text).contains(SECRET));
    }
    output
}

fn batch(command: &str, lines: &[Value]) -> Vec<Value> {
    let input = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let output = countersign(&[command, "--batch"], &input);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn with(line: &Value, changes: Value) -> Value {
    let mut line = line.clone();
    let (Some(fields), Value::Object(changes)) = (line.as_object_mut(), changes) else {
        panic!("not objects")
    };
    fields.extend(changes);
    line
}

/// The documented example, as a line for `presign --batch`.
fn documented() -> Value {
    json!({
        "id": "documented",
        "credentials": {
            "access_key_id": "AKIAIOSFODNN7EXAMPLE",
            "secret_access_key": SECRET,
            "session_token": null,
        },
        "region": "us-east-1",
        "service": "s3",
        "endpoint": "https://s3.amazonaws.com",
        "bucket": "examplebucket",
        "addressing": "virtual",
        "method": "GET",
        "key": "test.txt",
        "query": [],
        "signed_headers": {},
        "time": "20130524T000000Z",
        "expires": 86_400,
        "nobody": "knows this field",
    })
}

/// The documented example, as a line for `verify --batch`.
fn received() -> Value {
    let url = batch("presign", &[documented()])[0]["url"].as_str().unwrap().to_owned();
    let host = "examplebucket.s3.amazonaws.com";
    let target = url.strip_prefix(&format!("https://{host}")).unwrap();
    json!({
        "id": 7,
        "credentials": {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": SECRET},
        "region": "us-east-1",
        "method": "GET",
        "target": target,
        "headers": {"Host": host},
        "now": "20130524T120000Z",
    })
}

#[test]
fn a_batch_presigns_the_documented_example() {
    let line = documented();
    let upload = with(
        &line,
        json!({"id": null, "method": "PUT", "signed_headers": {"Content-Type": "text/csv"}}),
    );
    let answers = batch("presign", &[line, upload]);
    assert_eq!(answers[0]["id"], "documented");
    assert_eq!(answers[0]["signature"], SIGNATURE);
    assert_eq!(answers[0]["expires_at"], "20130525T000000Z");
    assert_eq!(answers[0]["required_headers"], json!({}));
    assert_eq!(answers[1]["required_headers"], json!({"content-type": "text/csv"}));
}

#[test]
fn a_bucket_operation_has_no_key_and_says_so() {
    let line = documented();
    let path = with(&line, json!({"key": null, "addressing": "path"}));
    let host = with(&line, json!({"key": null}));
    let mut misspelt = with(&line, json!({"kye": "k"}));
    misspelt.as_object_mut().unwrap().remove("key");
    let answers = batch("presign", &[path, host, misspelt]);
    let url = |index: usize| answers[index]["url"].as_str().unwrap();
    assert!(url(0).starts_with("https://s3.amazonaws.com/examplebucket?X-Amz-"));
    assert!(url(1).starts_with("https://examplebucket.s3.amazonaws.com/?X-Amz-"));
    assert_eq!(answers[2]["error"]["code"], "missing_field");
}

#[test]
fn what_cannot_be_signed_is_refused_by_name() {
    let line = documented();
    let cases = [
        (json!({"key": ""}), "invalid_key"),
        (json!({"key": "a\u{0}b"}), "invalid_key"),
        (json!({"key": "a".repeat(1025)}), "invalid_key"),
        (json!({"bucket": ".."}), "invalid_bucket"),
        (json!({"endpoint": "https://user@h"}), "invalid_endpoint"),
        (json!({"expires": 0}), "invalid_expires"),
        (json!({"expires": 604_801}), "invalid_expires"),
        (json!({"expires": "600"}), "invalid_field"),
        (json!({"expires": 6e2}), "invalid_field"),
        (json!({"time": "2013-05-24T00:00:00Z"}), "invalid_time"),
        (json!({"time": "99991231T235959Z"}), "invalid_expires"),
        (json!({"method": "GET\n/"}), "invalid_method"),
        (json!({"region": "us/east"}), "invalid_region"),
        (json!({"addressing": "either"}), "invalid_field"),
        (json!({"query": [["x-amz-date", "1"]]}), "reserved_name"),
        (json!({"query": [["a", "1"], ["a", "2"]]}), "duplicate_name"),
        (json!({"query": [["", "1"]]}), "invalid_query"),
        (json!({"signed_headers": {"a": "b\r\nc: d"}}), "invalid_header"),
        (json!({"signed_headers": {"host": "elsewhere"}}), "reserved_name"),
        (
            json!({"credentials": {"access_key_id": "a", "secret_access_key": ""}}),
            "invalid_credentials",
        ),
    ];
    let lines: Vec<_> = cases.iter().map(|(change, _)| with(&line, change.clone())).collect();
    for (answer, (change, code)) in batch("presign", &lines).iter().zip(&cases) {
        assert_eq!(answer["error"]["code"], *code, "{change}");
        assert_eq!(answer["id"], "documented");
    }
}

#[test]
fn every_verdict_can_be_had() {
    let good = received();
    let target = good["target"].as_str().unwrap().to_owned();
    let swap = |from: &str, to: &str| {
        assert!(target.contains(from));
        json!({ "target": target.replace(from, to) })
    };
    let host = "examplebucket.s3.amazonaws.com";
    let cases = [
        (json!({}), "ok"),
        (json!({"now": "20130523T234500Z"}), "ok"),
        (json!({"now": "20130523T234459Z"}), "not_yet_valid"),
        (json!({"now": "20130524T235959Z"}), "ok"),
        (json!({"now": "20130525T000000Z"}), "expired"),
        (json!({"method": "HEAD"}), "signature_mismatch"),
        (json!({"headers": {"Host": "elsewhere"}}), "signature_mismatch"),
        (json!({"headers": {}}), "signature_mismatch"),
        (swap("/test.txt", "/Test.txt"), "signature_mismatch"),
        (swap("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLF"), "unknown_key"),
        (swap("us-east-1", "us-east-2"), "wrong_scope"),
        (swap("%2F20130524%2F", "%2F20130525%2F"), "wrong_scope"),
        (swap("aws4_request", "aws4_reques"), "wrong_scope"),
        (json!({"region": "eu-west-1"}), "wrong_scope"),
        (swap("Expires=86400", "Expires=604801"), "expires_too_long"),
        (swap("SignedHeaders=host", "SignedHeaders=date"), "unsigned_header"),
        (json!({"headers": {"Host": host, "x-amz-acl": "public-read"}}), "unsigned_header"),
        (swap("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"), "malformed"),
        (swap("X-Amz-Date=20130524T000000Z&", ""), "malformed"),
        (swap("test.txt", "te%st.txt"), "malformed"),
    ];
    let lines: Vec<_> = cases.iter().map(|(change, _)| with(&good, change.clone())).collect();
    for (answer, (change, verdict)) in batch("verify", &lines).iter().zip(&cases) {
        assert_eq!(answer["verdict"], *verdict, "{change}: {answer}");
        assert_eq!(answer["id"], 7);
    }
}

/// `sig-v4-header-based-auth`: a part of an object.
fn signed_in_the_header() -> Value {
    let authorization = "AWS4-HMAC-SHA256 \
         Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
         SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,\
         Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let headers = json!({
        "Host": "examplebucket.s3.amazonaws.com",
        "Range": "bytes=0-9",
        "x-amz-content-sha256": empty,
        "x-amz-date": "20130524T000000Z",
        "Authorization": authorization,
    });
    with(&received(), json!({"target": "/test.txt", "headers": headers, "now": "20130524T000000Z"}))
}

#[test]
fn a_request_that_is_signed_in_its_header_gets_a_verdict_too() {
    let good = signed_in_the_header();
    let header = |name: &str, value: Value| {
        let headers = with(&good["headers"], json!({ name: value }));
        json!({ "headers": headers })
    };
    let authorization = good["headers"]["Authorization"].as_str().unwrap();
    let swap = |from: &str, to: &str| {
        assert!(authorization.contains(from));
        header("Authorization", json!(authorization.replace(from, to)))
    };
    let presigned = received()["target"].clone();
    let cases = [
        (json!({}), "ok"),
        (json!({"now": "20130524T001500Z"}), "ok"),
        (json!({"now": "20130523T234500Z"}), "ok"),
        (json!({"now": "20130524T001501Z"}), "time_skewed"),
        (json!({"now": "20130523T234459Z"}), "time_skewed"),
        (json!({"method": "HEAD"}), "signature_mismatch"),
        (json!({"target": "/test.txt?versionId=1"}), "signature_mismatch"),
        (json!({ "target": presigned }), "malformed"),
        (header("Range", json!("bytes=0-")), "signature_mismatch"),
        (header("x-amz-date", json!("20130524T000001Z")), "signature_mismatch"),
        (header("x-amz-acl", json!("public-read")), "unsigned_header"),
        (header("x-amz-content-sha256", json!("STREAMING-UNSIGNED-PAYLOAD-TRAILER")), "malformed"),
        (header("Authorization", json!("Bearer token")), "malformed"),
        (header("Authorization", json!("AWS AKID:c2lnbmF0dXJl")), "malformed"),
        (swap("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLF"), "unknown_key"),
        (swap("us-east-1", "us-east-2"), "wrong_scope"),
        (swap("host;range", "range"), "unsigned_header"),
    ];
    let lines: Vec<_> = cases.iter().map(|(change, _)| with(&good, change.clone())).collect();
    for (answer, (change, verdict)) in batch("verify", &lines).iter().zip(&cases) {
        assert_eq!(answer["verdict"], *verdict, "{change}: {answer}");
    }
    assert_eq!(batch("verify", &lines)[0]["expires_at"], "20130524T001501Z");
    let skewed = json!({
        "id": 7,
        "verdict": "time_skewed",
        "signed_at": "20130524T000000Z",
        "now": "20130524T001501Z",
        "maximum": 900,
    });
    assert_eq!(batch("verify", &lines)[3], skewed);
}

#[test]
fn an_ok_says_until_when_and_whose() {
    let answers = batch("verify", &[received()]);
    let expected = json!({
        "id": 7,
        "verdict": "ok",
        "expires_at": "20130525T000000Z",
        "access_key_id": "AKIAIOSFODNN7EXAMPLE",
    });
    assert_eq!(answers, [expected]);
}

#[test]
fn one_url_is_presigned_and_verified_without_a_batch() {
    let place = ["--endpoint", "https://s3.amazonaws.com", "--bucket", "examplebucket"];
    let what = ["--addressing", "virtual", "--key", "test.txt", "--expires", "86400"];
    let when = ["--time", "20130524T000000Z"];
    let arguments = [&["presign"], &place[..], &what[..], &when[..]].concat();
    let output = countersign(&arguments, "");
    assert!(output.status.success());
    let url = String::from_utf8(output.stdout).unwrap();
    assert!(url.trim_end().ends_with(SIGNATURE), "{url}");

    let verify = |now| countersign(&["verify", url.trim_end(), "--now", now], "");
    assert_eq!(verify("20130524T120000Z").status.code(), Some(0));
    let late = verify("20130525T000000Z");
    assert_eq!(late.status.code(), Some(1));
    assert!(String::from_utf8(late.stdout).unwrap().contains("\"expired\""));
    assert_eq!(countersign(&["verify", "nonsense"], "").status.code(), Some(2));
    assert_eq!(countersign(&["presign", "--bucket", "b"], "").status.code(), Some(2));
}

/// What botocore 1.44.5 makes of the same, `tests/post_policy/documented.rs` of the core has its
/// policy in full.
fn form() -> Value {
    json!({
        "id": "form",
        "credentials": {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": SECRET},
        "region": "us-east-1",
        "endpoint": "https://s3.us-east-1.amazonaws.com",
        "bucket": "examplebucket",
        "addressing": "virtual",
        "key": "user/é\"/${filename}",
        "fields": {"acl": "private"},
        "conditions": [{"acl": "private"}, ["content-length-range", 0, 10]],
        "time": "20151229T000000Z",
        "expires": 3600,
    })
}

const FORM_SIGNATURE: &str = "07d65ed2d93bda3d3c4eb5874046293b6417207775e27eb3dc45f15071821e2d";

#[test]
fn a_batch_makes_the_form_that_botocore_makes() {
    let input = form().to_string();
    let output = countersign(&["policy", "--batch"], &input);
    let text = String::from_utf8(output.stdout).unwrap();
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(answer["signature"], FORM_SIGNATURE);
    assert_eq!(answer["fields"]["x-amz-signature"], FORM_SIGNATURE);
    assert_eq!(answer["fields"]["policy"], answer["policy"]);
    assert_eq!(answer["url"], "https://examplebucket.s3.us-east-1.amazonaws.com/");
    assert_eq!(answer["expires_at"], "20151229T010000Z");
    // The object has the order of the form.
    let place = |name: &str| text.find(&format!("\"{name}\":")).unwrap();
    let names = ["acl", "key", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "policy"];
    assert!(names.is_sorted_by_key(|name| place(name)));
}

#[test]
fn what_cannot_be_a_form_is_refused_by_name() {
    let line = form();
    for (changes, code) in [
        (json!({"conditions": [["in", "$acl", "a"]]}), "invalid_condition"),
        (json!({"conditions": {}}), "invalid_field"),
        (json!({"fields": {"acl": "a\nb"}}), "invalid_form_field"),
        (json!({"fields": {"Policy": "x"}}), "reserved_name"),
        (json!({"fields": {"acl": "a", "ACL": "b"}}), "duplicate_name"),
        (json!({"fields": {"acl": "x".repeat(70_000)}}), "too_long"),
        (json!({"conditions": vec![json!({"a": "b"}); 101]}), "too_many"),
        (json!({"key": "${filename}.csv"}), "invalid_key"),
        (json!({"key": null}), "missing_field"),
        (json!({"expires": 604_801}), "invalid_expires"),
        (json!({"time": "99991231T235959Z"}), "invalid_expires"),
    ] {
        let answer = batch("policy", &[with(&line, changes.clone())]);
        assert_eq!(answer[0]["error"]["code"], code, "{changes}");
    }
}

#[test]
fn one_form_is_made_without_a_batch() {
    let arguments = [
        "policy",
        "--endpoint=https://s3.us-east-1.amazonaws.com",
        "--bucket=examplebucket",
        "--key=user/é\"/${filename}",
        "--addressing=virtual",
        "--field=acl=private",
        "--condition={\"acl\": \"private\"}",
        "--condition=[\"content-length-range\", 0, 10]",
        "--time=20151229T000000Z",
    ];
    let output = countersign(&arguments, "");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "https://examplebucket.s3.us-east-1.amazonaws.com/");
    assert_eq!(lines[1..3], ["acl=private", "key=user/é\"/${filename}"]);
    assert_eq!(lines.last(), Some(&&*format!("x-amz-signature={FORM_SIGNATURE}")));
    let wrong = countersign(&[&arguments[..], &["--condition=[]"]].concat(), "");
    assert_eq!(wrong.status.code(), Some(2));
}
