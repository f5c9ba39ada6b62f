//! What announces a file, and each way to do it wrong.

use serde_json::{Value, json};

use crate::{
    client::{Client, NOBODYS, done, faults, refused},
    common::{Answer, House},
    faulty::Faulty,
};

/// Announces a file of these members, as they stand in the JSON; one that is empty is not there.
/// Asks for a new version and for a new dataset, which have to answer the same.
async fn announce(ann: &Client<'_>, dataset: &str, members: [&str; 3]) -> Answer {
    let members = ["filename", "file_size", "content_type"].into_iter().zip(members);
    let members = members.filter(|(_, value)| !value.is_empty());
    let members = members.map(|(name, value)| format!("\"{name}\":{value}")).collect::<Vec<_>>();
    let body = format!("{{{}}}", members.join(","));
    let reupload = format!("/datasets/{dataset}/reupload/presigned");
    let answer = ann.call("POST", &reupload, &body).await;
    let ingest = ann.call("POST", "/ingest/upload/presigned", &body).await;
    assert_eq!(answer.status, ingest.status, "{body}");
    if answer.status != 201 {
        assert_eq!(answer.body, ingest.body, "{body}");
    }
    answer
}

const NAME: &str = "\"a.csv\"";
const SIZE: &str = "1";
const TYPE: &str = "\"text/csv\"";

#[tokio::test]
async fn a_file_name_is_one_of_1_to_255_characters_and_no_path() {
    let (house, storage) = Faulty::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let long = format!("\"{}.csv\"", "ü".repeat(252));
    for (name, kind) in [
        ("", "missing"),
        ("null", "missing"),
        ("1", "string_type"),
        ("true", "string_type"),
        ("[]", "string_type"),
        ("{}", "string_type"),
        ("\"\"", "value_error"),
        ("\" \"", "value_error"),
        ("\".\"", "value_error"),
        ("\"..\"", "value_error"),
        ("\"a/b.csv\"", "value_error"),
        ("\"/a.csv\"", "value_error"),
        ("\"../a.csv\"", "value_error"),
        ("\"a\\\\b.csv\"", "value_error"),
        ("\"a\\u0000.csv\"", "value_error"),
        ("\"a\\n.csv\"", "value_error"),
        ("\"a\\r\\nX: y.csv\"", "value_error"),
        ("\"a\\u0085.csv\"", "value_error"),
        ("\"a\\u007f.csv\"", "value_error"),
        (&long, "string_too_long"),
    ] {
        let refusal = announce(&ann, &dataset, [name, SIZE, TYPE]).await;
        assert_eq!(faults(&refusal), [format!("body.filename {kind}")], "{name}");
    }
    assert_eq!(storage.calls(), 0);
    let longest = format!("{}.csv", "ü".repeat(251));
    for name in [&*longest, "a.csv", "%2e%2e%2f.csv", "a\"b.csv", "🦀 .csv", "-.csv"] {
        let shown = Value::from(name).to_string();
        let begun = done(&announce(&ann, &dataset, [&shown, SIZE, TYPE]).await, 201);
        let job = ann.get(&format!("/jobs/{}", begun["job_id"].as_str().unwrap())).await;
        assert_eq!(done(&job, 200)["source_filename"], name);
    }
}

#[tokio::test]
async fn an_extension_is_one_of_eleven_in_either_case() {
    let (house, storage) = Faulty::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let allowed = "['.zip', '.gpkg', '.geojson', '.json', '.csv', '.tsv', '.tif', '.tiff', '.xlsx', '.xls', '.parquet']";
    for (name, shown) in [
        ("a.exe", ".exe"),
        ("a.CSVX", ".csvx"),
        ("a.csv.gz", ".gz"),
        ("a.tar", ".tar"),
        ("a.jsonl", ".jsonl"),
        ("a.pdf", ".pdf"),
        ("a", ""),
        ("csv", ""),
        ("a.", ""),
        (".csv", ""),
        ("a.csv ", ""),
        ("a.c v", ""),
        ("a.çsv", ""),
    ] {
        let name = Value::from(name).to_string();
        let refusal = announce(&ann, &dataset, [&name, SIZE, TYPE]).await;
        let detail = format!("File extension '{shown}' not allowed. Allowed: {allowed}");
        refused(&refusal, 422, &detail);
    }
    assert_eq!(storage.calls(), 0);
    for extension in
        ["zip", "gpkg", "geojson", "json", "csv", "tsv", "tif", "tiff", "xlsx", "xls", "parquet"]
    {
        for name in [format!("\"a.{extension}\""), format!("\"A.B.{}\"", extension.to_uppercase())]
        {
            let begun = done(&announce(&ann, &dataset, [&name, SIZE, TYPE]).await, 201);
            let s3_key = begun["s3_key"].as_str().unwrap();
            assert_eq!(s3_key.rsplit_once('.').unwrap().1, extension);
        }
    }
}

#[tokio::test]
async fn a_size_is_a_whole_number_from_1_byte_to_500_mib() {
    let (house, storage) = Faulty::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    for (size, kind) in [
        ("", "missing"),
        ("null", "missing"),
        ("0", "greater_than_equal"),
        ("-1", "greater_than_equal"),
        ("-9223372036854775808", "greater_than_equal"),
        ("-0", "int_parsing"),
        ("1.5", "int_parsing"),
        ("1.0", "int_parsing"),
        ("1e3", "int_parsing"),
        ("\"1\"", "int_parsing"),
        ("\"\"", "int_parsing"),
        ("true", "int_parsing"),
        ("[]", "int_parsing"),
        ("[1]", "int_parsing"),
        ("{}", "int_parsing"),
        ("-9223372036854775809", "int_parsing"),
        ("18446744073709551616", "int_parsing"),
        ("9223372036854775808", "less_than_equal"),
        ("18446744073709551615", "less_than_equal"),
    ] {
        let refusal = announce(&ann, &dataset, [NAME, size, TYPE]).await;
        assert_eq!(faults(&refusal), [format!("body.file_size {kind}")], "{size}");
    }
    for (size, shown) in [
        ("524288001", "500.0"),
        ("524340428", "500.0"),
        ("524340429", "500.1"),
        ("525336576", "501.0"),
        ("4294967297", "4096.0"),
        ("9223372036854775807", "8796093022208.0"),
    ] {
        let refusal = announce(&ann, &dataset, [NAME, size, TYPE]).await;
        let detail = format!("File size ({shown} MB) exceeds the maximum allowed (500 MB).");
        refused(&refusal, 422, &detail);
    }
    assert_eq!(storage.calls(), 0);
    for size in ["1", "2", "524288000"] {
        done(&announce(&ann, &dataset, [NAME, size, TYPE]).await, 201);
    }
}

#[tokio::test]
async fn a_content_type_is_one_header_value_of_255_characters() {
    let (house, storage) = Faulty::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let of_length = |length: usize| format!("\"text/{}\"", "x".repeat(length - 5));
    for (content_type, kind) in [
        (&*of_length(256), "string_too_long"),
        ("1", "string_type"),
        ("false", "string_type"),
        ("[]", "string_type"),
        ("{}", "string_type"),
        ("\"\"", "value_error"),
        ("\"text\"", "value_error"),
        ("\"text/\"", "value_error"),
        ("\"text/csv \"", "value_error"),
        ("\"text/csv\\r\\nX: y\"", "value_error"),
        ("\"text/csv\\u0000\"", "value_error"),
        ("\"text/çsv\"", "value_error"),
    ] {
        let refusal = announce(&ann, &dataset, [NAME, SIZE, content_type]).await;
        assert_eq!(faults(&refusal), [format!("body.content_type {kind}")], "{content_type}");
    }
    assert_eq!(storage.calls(), 0);
    for content_type in [&*of_length(255), "", "null", TYPE, "\"text/csv; charset=utf-8\""] {
        done(&announce(&ann, &dataset, [NAME, SIZE, content_type]).await, 201);
    }
}

#[tokio::test]
async fn all_that_is_wrong_is_said_at_once() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let refusal = announce(&ann, &dataset, ["", "\"7\"", "[1]"]).await;
    faults(&refusal);
    let expected = json!([
        { "type": "missing", "loc": ["body", "filename"], "msg": "Field required", "input": null },
        {
            "type": "int_parsing",
            "loc": ["body", "file_size"],
            "msg": "Input should be a valid integer, unable to parse string as an integer",
            "input": "7",
        },
        {
            "type": "string_type",
            "loc": ["body", "content_type"],
            "msg": "Input should be a valid string",
            "input": [],
        },
    ]);
    assert_eq!(refusal.body["detail"], expected);
    // Before an extension is looked at, which is no matter of the shape.
    let refusal = announce(&ann, &dataset, ["\"a.exe\"", "0", ""]).await;
    assert_eq!(faults(&refusal), ["body.file_size greater_than_equal"]);
    let empty = announce(&ann, &dataset, ["", "", ""]).await;
    assert_eq!(faults(&empty), ["body.filename missing", "body.file_size missing"]);
}

/// The paths that take a body which has to be there, and may not be there.
const REQUIRED: [&str; 3] = ["/datasets/create/", "/ingest/upload/presigned", "/ingest/commit/{}"];
const OPTIONAL: [&str; 4] = [
    "/datasets/{}/reupload/{}/preview",
    "/ingest/upload/presigned/{}/complete",
    "/datasets/{}/reupload/presigned/{}/complete",
    "/datasets/{}/reupload/{}/commit",
];

#[tokio::test]
async fn a_body_is_a_json_object_of_64_kib() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(32), "]".repeat(32));
    let heavy = format!("{{\"a\":[{}]}}", vec!["{}"; 2_000].join(","));
    let wrong = ["[]", "null", "1", "\"a\"", "x", "{", "{\"a\":1,}", "{}{}", &deep, &heavy];
    for path in REQUIRED.into_iter().chain(OPTIONAL) {
        let path = path.replace("{}", NOBODYS);
        for wrong in wrong {
            let refusal = ann.call("POST", &path, wrong).await;
            assert_eq!(faults(&refusal), ["body json_invalid"], "{path}");
        }
        let padded = |len: usize| format!("{{\"x\":\"{}\"}}", "x".repeat(len - 8));
        refused(&ann.call("POST", &path, &padded(65_537)).await, 413, "Request body too large.");
        assert_ne!(ann.call("POST", &path, &padded(65_536)).await.status, 413, "{path}");
    }
    for path in REQUIRED.map(|path| path.replace("{}", NOBODYS)) {
        assert_eq!(faults(&ann.call("POST", &path, "").await), ["body json_invalid"], "{path}");
    }
    for path in OPTIONAL.map(|path| path.replace("{}", NOBODYS)) {
        assert_eq!(ann.call("POST", &path, "").await.status, 404, "{path}");
    }
}
