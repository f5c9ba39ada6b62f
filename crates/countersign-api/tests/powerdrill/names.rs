//! Names, descriptions, types: what is taken, kept and shown.

use serde_json::{Value, json};

use crate::{
    client::{
        BAD_EXTENSION, Client, Field, INVALID, NO_SOURCE, NOT_FOUND, TOO_LARGE, chunked, data,
        form, parameter, refused,
    },
    common::House,
};

/// What is a name nowhere.
fn no_names() -> Vec<Value> {
    let mut wrong = vec![Value::Null, json!(7), json!(true), json!(["a.csv"]), json!({ "a": 1 })];
    let texts =
        ["", " ", "\t", "\u{3000}", "\u{a0}", "a\n.csv", "a\0.csv", "a\u{7f}.csv", "a\u{85}.csv"];
    wrong.extend(texts.map(Value::from));
    wrong.push(format!("{}.csv", "a".repeat(1_021)).into());
    wrong.push(format!("{}.csv", "ü".repeat(1_021)).into());
    wrong
}

#[tokio::test]
async fn what_is_no_name_is_refused_wherever_one_stands() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let handle = ann.upload("a.csv", "a").await;
    for name in no_names() {
        refused(&ann.post("/datasets", json!({ "name": name })).await, INVALID);
        let wish = json!({ "name": name, "type": "FILE", "file_object_key": handle });
        let path = format!("/datasets/{dataset}/datasources");
        refused(&ann.post(&path, wish.clone()).await, INVALID);
        refused(&ann.post("/datasources", wish).await, INVALID);
        let size = json!({ "file_name": name, "file_size": 1 });
        refused(&ann.post("/file/init-multipart-upload", size).await, INVALID);
    }
    for path in ["/datasets", "/datasources", "/file/init-multipart-upload"] {
        let body = json!({ "type": "FILE", "file_object_key": handle, "file_size": 1 });
        refused(&ann.post(path, body).await, INVALID);
    }
    // A form has headers, which have no controls anyway.
    for name in ["", " ", &*format!("{}.csv", "ü".repeat(1_021))] {
        let form = form(&[Field::Text("user_id", "ann"), Field::File("file", name, b"a")]);
        refused(&ann.send_form("", chunked(form)).await, INVALID);
    }
    assert_eq!(ann.datasets_total().await, 1);
    data(&ann.try_source(&dataset, "a.csv", &handle).await);
}

#[tokio::test]
async fn a_long_name_is_kept_whole_and_shown_cut() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for letter in ["a", "ü", "🦀"] {
        for chars in [1, 124, 125, 1_020] {
            let stem = letter.repeat(chars);
            let name = format!("{stem}.csv");
            let shown: String = name.chars().take(128).collect();
            let dataset = ann.dataset(&name).await;
            let page = data(&ann.get("/datasets?page_size=1").await);
            assert_eq!(page["records"][0]["name"], shown);

            let made = ann.source(&dataset, &name, "a").await;
            assert_eq!(made["name"], shown);
            let path = format!("/datasets/{dataset}/datasources");
            assert_eq!(data(&ann.get(&path).await)["records"], json!([made]));
            let one = format!("{path}/{}", made["id"].as_str().unwrap());
            assert_eq!(data(&ann.get(&one).await), made);
            // Cut to what a file system takes, its extension stays.
            let link = data(&ann.post(&format!("{one}/presign"), json!({})).await);
            let url = link["presigned_url"].as_str().unwrap();
            let disposition = parameter(url, "response-content-disposition");
            let extension = disposition.trim_end_matches("%22").rsplit_once('.').unwrap().1;
            assert_eq!(extension, "csv", "{disposition}");
            house.verified("GET", url, &[]);
        }
    }
    // The end that is not shown counts.
    let name = format!("{}{}", "a".repeat(200), "needle");
    let dataset = ann.dataset(&name).await;
    let found = data(&ann.get("/datasets?search=NEEDLE").await);
    assert_eq!(found["records"][0]["id"], dataset.as_str());
    let handle = ann.upload("a.csv", "a").await;
    let one = format!("{}1.csv", "a".repeat(200));
    data(&ann.try_source(&dataset, &one, &handle).await);
    let other = format!("{}2.csv", "a".repeat(200));
    refused(&ann.try_source(&dataset, &other, &handle).await, NO_SOURCE);
}

#[tokio::test]
async fn a_name_may_be_as_odd_as_its_owner_likes() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    for name in [
        "../../etc/passwd.csv",
        "C:\\temp\\a.csv",
        "a/b.csv",
        " a.csv",
        "a\"b.csv",
        "a;b=c.csv",
        "%2e%2e%2f.csv",
        "<script>.csv",
        "\u{202e}vsc.csv",
        "'; DROP TABLE data_sources; --.csv",
        "a.pdf.csv",
    ] {
        let handle = ann.upload("a.csv", "a").await;
        assert!(handle.starts_with("objects/") && handle.len() == 48, "{handle}");
        let made = data(&ann.try_source(&dataset, name, &handle).await);
        assert_eq!(made["name"], name);
        let path = format!("/datasets/{dataset}/datasources/{}", made["id"].as_str().unwrap());
        let link = data(&ann.post(&format!("{path}/presign"), json!({})).await);
        let url = link["presigned_url"].as_str().unwrap();
        assert_eq!(house.verified("GET", url, &[]).as_str(), handle);
        let disposition = parameter(url, "response-content-disposition");
        assert!(!disposition.contains("%2F") && !disposition.contains("%5C"), "{url}");
    }
}

#[tokio::test]
async fn only_the_extensions_of_the_documentation_are_taken() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let handle = ann.upload("a.csv", "a").await;
    for name in ["a", ".csv", "a.", "a.exe", "a.csv.gz", "a.csv ", "a.jsonl", "a.cs\u{301}v", "csv"]
    {
        refused(&ann.try_source(&dataset, name, &handle).await, BAD_EXTENSION);
        let wish = json!({ "name": name, "type": "FILE", "file_object_key": handle });
        refused(&ann.post("/datasources", wish).await, BAD_EXTENSION);
        let size = json!({ "file_name": name, "file_size": 1 });
        refused(&ann.post("/file/init-multipart-upload", size).await, BAD_EXTENSION);
        let form = form(&[Field::Text("user_id", "ann"), Field::File("file", name, b"a")]);
        refused(&ann.send_form("", chunked(form)).await, BAD_EXTENSION);
    }
    assert_eq!(ann.datasets_total().await, 1);
    for extension in
        "csv tsv md mdx json txt pdf pptx ppt doc docx xls xlsx CSV Pdf xLSx".split(' ')
    {
        let name = format!("a.b.{extension}");
        let begun = ann.begin(&name, 1).await;
        let end = format!(".{}", extension.to_ascii_lowercase());
        assert!(begun.file_object_key.ends_with(&end), "{}", begun.file_object_key);
        assert!(ann.upload(&name, "a").await.ends_with(&end));
    }
}

#[tokio::test]
async fn a_description_has_up_to_5000_characters_of_any_kind() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for text in [
        String::new(),
        "a\nb\tc".into(),
        "a\0b".into(),
        "x".repeat(5_000),
        "ü".repeat(5_000),
        "🦀".repeat(5_000),
    ] {
        data(&ann.post("/datasets", json!({ "name": "d", "description": text })).await);
        let page = data(&ann.get("/datasets?page_size=1").await);
        assert_eq!(page["records"][0]["description"], text);
    }
    data(&ann.post("/datasets", json!({ "name": "d", "description": null })).await);
    for wrong in [json!("x".repeat(5_001)), json!("ü".repeat(5_001)), json!(1), json!([])] {
        refused(
            &ann.post("/datasets", json!({ "name": "d", "description": wrong })).await,
            INVALID,
        );
    }
    assert_eq!(ann.datasets_total().await, 7);
}

#[tokio::test]
async fn the_type_is_file() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let handle = ann.upload("a.csv", "a").await;
    let path = format!("/datasets/{dataset}/datasources");
    for kind in [Value::Null, json!("file"), json!("FILE "), json!("URL"), json!(1), json!([])] {
        let wish = json!({ "name": "a.csv", "type": kind, "file_object_key": handle });
        refused(&ann.post(&path, wish.clone()).await, INVALID);
        refused(&ann.post("/datasources", wish).await, INVALID);
    }
    let wish = json!({ "name": "a.csv", "file_object_key": handle });
    refused(&ann.post(&path, wish).await, INVALID);
}

#[tokio::test]
async fn a_data_source_is_of_a_url_or_of_a_file() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let handle = ann.upload("a.csv", "a").await;
    let path = format!("/datasets/{dataset}/datasources");
    let url = "http://127.0.0.1:1/a.csv";
    for (wish, refusal) in [
        (json!({}), INVALID),
        (json!({ "url": null, "file_object_key": null }), INVALID),
        (json!({ "url": url, "file_object_key": handle }), INVALID),
        (json!({ "url": "", "file_object_key": handle }), INVALID),
        (json!({ "url": url, "file_object_key": "" }), INVALID),
        (json!({ "url": 1 }), INVALID),
        (json!({ "file_object_key": 1 }), INVALID),
        (json!({ "file_object_key": [handle] }), INVALID),
        (json!({ "url": url }), NO_SOURCE),
        (json!({ "url": url, "file_object_key": null }), NO_SOURCE),
        (json!({ "url": "file:///etc/passwd" }), NO_SOURCE),
        (json!({ "file_object_key": "" }), NOT_FOUND),
        (json!({ "file_object_key": "/tmp/x.csv" }), NOT_FOUND),
    ] {
        for path in [&*path, "/datasources"] {
            let mut wish = wish.clone();
            wish["name"] = "a.csv".into();
            wish["type"] = "FILE".into();
            refused(&ann.post(path, wish).await, refusal);
        }
    }
    assert_eq!(ann.datasets_total().await, 1);
    assert_eq!(data(&ann.get(&path).await)["total_items"], 0);
}

#[tokio::test]
async fn a_body_is_an_object_of_64_kib() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let padded = |len: usize| {
        let body = "{\"name\":\"d\",\"user_id\":\"ann\",\"x\":\"\"}";
        body.replace(":\"\"}", &format!(":\"{}\"}}", "x".repeat(len - body.len())))
    };
    data(&ann.call("POST", "/datasets", &padded(64 * 1024)).await);
    for path in
        ["/datasets", "/datasources", "/file/init-multipart-upload", "/datasets/x/datasources"]
    {
        refused(&ann.call("POST", path, &padded(64 * 1024 + 1)).await, TOO_LARGE);
        for wrong in ["", "x", "null", "1", "[]", "[{}]", "{\"name\":\"a\"", "\u{feff}{}", "{}{}"] {
            refused(&ann.call("POST", path, wrong).await, INVALID);
        }
        let nested = format!("{{\"x\":{}1{}}}", "[".repeat(33), "]".repeat(33));
        refused(&ann.call("POST", path, &nested).await, INVALID);
    }
    let one = "/datasets/x/datasources/y";
    refused(&ann.call("DELETE", one, &padded(64 * 1024 + 1)).await, TOO_LARGE);
    refused(&ann.call("POST", &format!("{one}/presign"), &padded(64 * 1024 + 1)).await, TOO_LARGE);
    assert_eq!(ann.datasets_total().await, 1);
}
