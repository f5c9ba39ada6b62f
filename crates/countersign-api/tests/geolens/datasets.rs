//! Datasets: made, listed in pages, and the same in every dialect.

use serde_json::{Value, json};

use crate::{
    client::{Client, NOBODYS, done, faults, refused},
    common::{House, wait_secs},
};

const COLUMNS: &str = r#"[{"name":"a","type":"text"}]"#;

#[tokio::test]
async fn a_dataset_says_what_it_has_to_and_no_more() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let columns = json!([
        { "name": "Zone", "type": "text" },
        { "name": "_n", "type": "integer" },
        { "name": "x1", "type": "float" },
        { "name": "day", "type": "date" },
        { "name": "ok", "type": "boolean" },
    ]);
    let mut listed = Vec::new();
    for path in ["/datasets/create", "/datasets/create/"] {
        let body = json!({ "title": "Straßen 🦀", "columns": columns, "x": [1] });
        let made = done(&ann.post(path, &body).await, 201);
        let id = made["id"].as_str().unwrap();
        let expected = json!({
            "id": id,
            "record_id": id,
            "table_name": format!("dataset_{}", id.replace('-', "")),
            "title": "Straßen 🦀",
            "summary": null,
            "feature_count": null,
            "column_info": columns,
            "source_filename": null,
            "current_version": 0,
            "visibility": "internal",
            "created_by": null,
            "created_by_display": "ann",
            "created_at": "2026-11-18T11:06:40Z",
            "updated_at": "2026-11-18T11:06:40Z",
        });
        assert_eq!(made, expected);
        for path in [
            format!("/datasets/{id}"),
            format!("/datasets/{id}/"),
            format!("/datasets/{}", id.to_uppercase()),
        ] {
            assert_eq!(done(&ann.get(&path).await, 200), made);
        }
        assert!(id.len() == 36 && !id.bytes().any(|byte| byte.is_ascii_uppercase()), "{id}");
        // There may be many columns in each dataset of a list, so they are not in it.
        let mut in_list = made.clone();
        in_list.as_object_mut().unwrap().remove("column_info").unwrap();
        listed.insert(0, in_list);
    }
    for path in ["/datasets", "/datasets/"] {
        let page = done(&ann.get(path).await, 200);
        assert_eq!(page, json!({ "datasets": listed, "total": 2 }));
    }
}

#[tokio::test]
async fn a_dataset_is_as_new_as_its_current_version() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let begun = ann.completed(Some(&dataset), b"a,b\n").await;
    wait_secs(61);
    done(&ann.commit(&begun).await, 202);
    let shown = ann.datasets().await.remove(0);
    assert_eq!(shown["created_at"], "2026-11-18T11:06:40Z");
    assert_eq!(shown["updated_at"], "2026-11-18T11:07:41Z");
    assert_eq!(shown["current_version"], 1);
    assert_eq!(shown["source_filename"], "a.csv");
    let mut alone = ann.read(&dataset).await;
    let columns = alone.as_object_mut().unwrap().remove("column_info").unwrap();
    assert_eq!(columns, json!([{ "name": "a", "type": "text" }]));
    assert_eq!(alone, shown);
}

#[tokio::test]
async fn a_dataset_that_is_not_there_is_not_found() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    ann.dataset("d").await;
    for slash in ["", "/"] {
        let answer = ann.get(&format!("/datasets/{NOBODYS}{slash}")).await;
        refused(&answer, 404, "Dataset not found");
    }
}

#[tokio::test]
async fn a_title_has_1_to_500_characters() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let make = async |title: &str| {
        let body = format!("{{\"title\":{title},\"columns\":{COLUMNS}}}");
        ann.call("POST", "/datasets/create/", &body).await
    };
    for chars in [1, 500] {
        let title = "ü".repeat(chars);
        assert_eq!(done(&make(&format!("\"{title}\"")).await, 201)["title"], title);
    }
    let long = format!("\"{}\"", "ü".repeat(501));
    for (title, kind) in [
        (&*long, "string_too_long"),
        ("\"\"", "value_error"),
        ("\" \"", "value_error"),
        ("\"a\\nb\"", "value_error"),
        ("\"a\\u0000\"", "value_error"),
        ("null", "missing"),
        ("1", "string_type"),
        ("true", "string_type"),
        ("[]", "string_type"),
        ("{}", "string_type"),
    ] {
        assert_eq!(faults(&make(title).await), [format!("body.title {kind}")], "{title}");
    }
    let without = ann.call("POST", "/datasets/create/", "{}").await;
    assert_eq!(faults(&without), ["body.title missing", "body.columns missing"]);
    assert_eq!(ann.datasets().await.len(), 2);
}

/// Pages of 52 datasets: what is asked for, and which come.
const PAGES: [(&str, std::ops::Range<usize>); 14] = [
    ("", 0..50),
    ("skip=0", 0..50),
    ("skip=0&limit=50", 0..50),
    ("limit=1", 0..1),
    ("limit=200", 0..52),
    ("limit=007&skip=02", 2..9),
    ("skip=1", 1..51),
    ("skip=51", 51..52),
    ("skip=52", 52..52),
    ("skip=50&limit=2", 50..52),
    ("skip=9223372036854775807", 52..52),
    ("skip=9223372036854775807&limit=200", 52..52),
    ("SKIP=1&other=x", 0..50),
    ("s%6Bip=1", 1..51),
];

/// What is no page, and why.
const NO_PAGES: [(&str, &[&str]); 18] = [
    ("limit=0", &["query.limit greater_than_equal"]),
    ("limit=-1", &["query.limit greater_than_equal"]),
    ("limit=201", &["query.limit less_than_equal"]),
    ("limit=4294967297", &["query.limit less_than_equal"]),
    ("limit=18446744073709551617", &["query.limit less_than_equal"]),
    ("limit=1.5", &["query.limit int_parsing"]),
    ("limit=x", &["query.limit int_parsing"]),
    ("limit=", &["query.limit int_parsing"]),
    ("limit", &["query.limit int_parsing"]),
    ("limit=1e1", &["query.limit int_parsing"]),
    ("limit=%2B1", &["query.limit int_parsing"]),
    ("limit=1&limit=1", &["query.limit value_error"]),
    ("skip=-1", &["query.skip greater_than_equal"]),
    ("skip=1.5", &["query.skip int_parsing"]),
    ("skip=x", &["query.skip int_parsing"]),
    ("skip=9223372036854775808", &["query.skip less_than_equal"]),
    ("skip=0&skip=1", &["query.skip value_error"]),
    ("limit=201&skip=-1", &["query.skip greater_than_equal", "query.limit less_than_equal"]),
];

#[tokio::test]
async fn datasets_are_listed_in_pages_from_the_newest_on() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let bob = Client::new(&house, "acme", "bob").await;
    Client::new(&house, "evil", "eve").await.dataset("theirs").await;
    let mut ids = Vec::new();
    for number in 0..52 {
        let owner = if number % 2 == 0 { &ann } else { &bob };
        ids.insert(0, owner.dataset(&format!("d{number}")).await);
    }
    for (query, range) in PAGES {
        for client in [&ann, &bob] {
            let page = done(&client.get(&format!("/datasets/?{query}")).await, 200);
            let listed = page["datasets"].as_array().unwrap().iter();
            let listed: Vec<_> = listed.map(|it| it["id"].as_str().unwrap()).collect();
            assert_eq!(listed, ids[range.clone()], "{query}");
            assert_eq!(page["total"], 52, "{query}");
        }
    }
    for (query, expected) in NO_PAGES {
        assert_eq!(faults(&ann.get(&format!("/datasets/?{query}")).await), expected, "{query}");
        assert_eq!(faults(&ann.get(&format!("/datasets?{query}")).await), expected, "{query}");
    }
    let refusal = ann.get("/datasets?limit=201").await;
    let expected = json!([{
        "type": "less_than_equal",
        "loc": ["query", "limit"],
        "msg": "Input should be less than or equal to 200",
        "input": "201",
    }]);
    assert_eq!(refusal.body["detail"], expected);
}

/// One value of each.
fn all<'a>(listed: &'a [Value], member: &str) -> Vec<&'a str> {
    listed.iter().map(|it| it[member].as_str().unwrap()).collect()
}

#[tokio::test]
async fn all_dialects_see_the_same_datasets() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let ours = ann.dataset("ours").await;
    let theirs = json!({ "name": "theirs", "description": "by the other\none" });
    let theirs = ann.powerdrill("POST", "/datasets", theirs).await["id"].take();
    let theirs = theirs.as_str().unwrap().strip_prefix("dataset-").unwrap().to_owned();

    let listed = ann.datasets().await;
    assert_eq!(all(&listed, "id"), [&*theirs, &*ours]);
    assert_eq!(all(&listed, "title"), ["theirs", "ours"]);
    assert_eq!(listed[0]["summary"], "by the other\none");
    assert_eq!(ann.read(&theirs).await["column_info"], json!([]));
    assert_eq!(listed[0]["current_version"], 0);

    let records = ann.powerdrill("GET", "/datasets", json!({})).await;
    assert_eq!(records["total_items"], 2);
    let records = records["records"].as_array().unwrap();
    assert_eq!(all(records, "id"), [format!("dataset-{theirs}"), format!("dataset-{ours}")]);
    assert_eq!(all(records, "name"), ["theirs", "ours"]);

    // A dataset of the other dialect gets versions as well.
    let begun = ann.completed(Some(&theirs), b"a,b\n").await;
    done(&ann.commit(&begun).await, 202);
    assert_eq!(ann.datasets().await[0]["current_version"], 1);
}

#[tokio::test]
async fn a_version_is_a_data_source() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let begun = ann.brought(Some(&dataset), b"a,b\n").await;
    assert_eq!(ann.versions(&dataset).await, [] as [Value; 0]);
    done(&ann.complete(&begun).await, 200);
    assert_eq!(ann.versions(&dataset).await, [] as [Value; 0]);
    done(&ann.commit(&begun).await, 202);
    let versions = ann.versions(&dataset).await;
    let expected = json!([{
        "id": versions[0]["id"],
        "dataset_id": format!("dataset-{dataset}"),
        "name": "a.csv",
        "type": "FILE",
        "status": "synched",
        "size": 4,
    }]);
    assert_eq!(Value::from(versions.clone()), expected);
    assert_eq!(ann.download(&dataset, &versions[0]).await, b"a,b\n");

    let path = format!("/datasets/{dataset}/datasources/{}", versions[0]["id"].as_str().unwrap());
    ann.powerdrill("DELETE", &path, json!({})).await;
    assert_eq!(ann.versions(&dataset).await, [] as [Value; 0]);
    assert_eq!(begun.stored(&house).await, [None, None]);
    // Its number is not given again, and the job says what it said.
    let shown = ann.datasets().await.remove(0);
    assert_eq!((&shown["current_version"], &shown["source_filename"]), (&json!(1), &Value::Null));
    assert_eq!(ann.job(&begun).await["status"], "complete");
    assert_eq!(ann.job(&begun).await["error_message"], Value::Null);
    let next = ann.completed(Some(&dataset), b"c,d\n").await;
    done(&ann.commit(&next).await, 202);
    assert_eq!(ann.datasets().await[0]["current_version"], 2);
}
