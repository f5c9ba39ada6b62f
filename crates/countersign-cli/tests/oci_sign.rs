//! `oci-sign`, as a script uses it. What it signs is held against Oracle's SDK by `oci_sdk.py` in
//! `tests/foreign`; here is how it answers.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

const PKCS8: &str = include_str!("../../countersign/tests/data/oci-keys/pkcs8.pem");
const ENCRYPTED: &str = include_str!("../../countersign/tests/data/oci-keys/encrypted_pkcs1.pem");
const EC: &str = include_str!("../../countersign/tests/data/oci-keys/ec.pem");
const ORACLE: &str = include_str!("../../countersign/tests/data/oci-request-signing/vectors.json");
const KEY_ID: &str = "tenancy/user/20:3b";

fn batch(lines: &[Value]) -> Vec<Value> {
    let input = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let mut child = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["oci-sign", "--batch"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let secrets = PKCS8.lines().chain(ENCRYPTED.lines()).filter(|line| line.len() == 64);
    for secret in secrets {
        for text in [&output.stdout, &output.stderr] {
            assert!(!String::from_utf8_lossy(text).contains(secret));
        }
    }
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

fn get() -> Value {
    json!({
        "id": {"any": 1},
        "key_id": KEY_ID,
        "private_key_pem": PKCS8,
        "method": "GET",
        "target": "/n/ns/b?limit=1",
        "headers": [
            ["Date", "Thu, 05 Jan 2014 21:31:40 GMT"],
            ["(request-target)", ""],
            ["host", "h.example"],
        ],
        "nobody": "knows this field",
    })
}

#[test]
fn a_batch_signs_the_list_that_it_is_given() {
    let line = get();
    let other = json!([["host", "h"], ["x-date", "any"], ["x-a", "b"], ["(request-target)", ""]]);
    let answers = batch(&[line.clone(), with(&line, json!({"id": 2, "headers": other}))]);
    assert_eq!(answers[0]["id"], json!({"any": 1}));
    let text = "date: Thu, 05 Jan 2014 21:31:40 GMT\n(request-target): get /n/ns/b?limit=1\n\
        host: h.example";
    assert_eq!(answers[0]["signing_string"], text);
    let signature = answers[0]["signature"].as_str().unwrap();
    assert_eq!(
        answers[0]["authorization"],
        format!(
            "Signature algorithm=\"rsa-sha256\",headers=\"date (request-target) host\",\
             keyId=\"{KEY_ID}\",signature=\"{signature}\",version=\"1\""
        ),
    );
    let text = "host: h\nx-date: any\nx-a: b\n(request-target): get /n/ns/b?limit=1";
    assert_eq!(answers[1]["signing_string"], text);
}

#[test]
fn a_body_is_bound_but_for_uploads() {
    let line = get();
    let upload = "/n/ns/b/bucket/o/a%2Fb";
    let cases = [
        (json!({"method": "DELETE"}), None),
        (json!({"method": "HEAD"}), None),
        (json!({"method": "PUT"}), Some("missing_header")),
        (json!({"method": "POST"}), Some("missing_header")),
        (json!({"method": "PATCH"}), Some("missing_header")),
        (json!({"method": "PUT", "target": upload}), None),
        (json!({"method": "PUT", "target": "/n/ns/b/bucket/u/a?uploadPartNum=1"}), None),
        (json!({"method": "POST", "target": upload}), Some("missing_header")),
        (json!({"method": "POST", "target": "/n/ns/b/bucket/u/a"}), Some("missing_header")),
        (json!({"method": "PUT", "target": "/n/ns/b/bucket/p/a"}), Some("missing_header")),
        (json!({"method": "PUT", "target": "/n/ns/b/bucket/o/../p"}), Some("missing_header")),
    ];
    let lines: Vec<_> = cases.iter().map(|(change, _)| with(&line, change.clone())).collect();
    for (answer, (change, code)) in batch(&lines).iter().zip(&cases) {
        assert_eq!(answer["error"]["code"].as_str(), *code, "{change}");
        assert_eq!(answer["signature"].is_string(), code.is_none(), "{change}");
    }
}

#[test]
fn what_cannot_be_signed_is_refused_by_name() {
    let line = get();
    let small: Value = serde_json::from_str(ORACLE).unwrap();
    let headers = |more: &[Value]| {
        let list = [line["headers"].as_array().unwrap().as_slice(), more].concat();
        json!({ "headers": list })
    };
    let many: Vec<_> = (0..50).map(|number| json!([format!("x-{number}"), "1"])).collect();
    let cases = [
        (json!({"key_id": null}), "missing_field"),
        (json!({"private_key_pem": null}), "missing_field"),
        (json!({"headers": null}), "missing_field"),
        (json!({"headers": {"host": "h"}}), "invalid_field"),
        (json!({"headers": []}), "missing_header"),
        (json!({"key_id": "tenancy/user"}), "invalid_key_id"),
        (json!({"key_id": "tenancy/user/\"f"}), "invalid_key_id"),
        (json!({"private_key_pem": "hush"}), "invalid_private_key"),
        (json!({"private_key_pem": EC}), "invalid_private_key"),
        (json!({"private_key_pem": PKCS8.replacen("MII", "M!I", 1)}), "invalid_private_key"),
        (json!({"private_key_pem": ENCRYPTED}), "encrypted_private_key"),
        (json!({"private_key_pem": small["private_key_pem"]}), "private_key_too_small"),
        (json!({"method": "GET\n"}), "invalid_method"),
        (json!({"method": "OPTIONS"}), "invalid_method"),
        (json!({"method": "get"}), "invalid_method"),
        (json!({"target": "n"}), "invalid_target"),
        (json!({"target": "/a b"}), "invalid_target"),
        (headers(&[json!(["x-a", "b\nhost: evil"])]), "invalid_header"),
        (headers(&[json!(["x a", "b"])]), "invalid_header"),
        (headers(&[json!(["Authorization", "b"])]), "reserved_name"),
        (headers(&[json!(["HOST", "h.example"])]), "duplicate_name"),
        (headers(&many), "too_many"),
    ];
    let lines: Vec<_> = cases.iter().map(|(change, _)| with(&line, change.clone())).collect();
    for (answer, (change, code)) in batch(&lines).iter().zip(&cases) {
        assert_eq!(answer["error"]["code"], *code, "{change}");
        assert_eq!(answer["id"], json!({"any": 1}));
    }
}

#[test]
fn there_is_no_other_way_than_a_batch() {
    let command = || Command::new(env!("CARGO_BIN_EXE_countersign"));
    let output = command().arg("oci-sign").stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}
