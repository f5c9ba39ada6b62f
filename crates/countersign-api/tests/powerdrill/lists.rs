//! Pages, what they count, and what is looked for in them.

use serde_json::{Value, json};

use crate::{
    client::{Client, INVALID, INVALID_V1, data, members, refused},
    common::House,
};

/// One value of each record.
fn all(page: &Value, member: &str) -> Vec<String> {
    let records = page["records"].as_array().unwrap().iter();
    records.map(|record| record[member].as_str().unwrap().to_owned()).collect()
}

/// Pages of 23 records: what is asked for, which numbers come, and what the answer says of it.
const PAGES: [(&str, std::ops::Range<usize>, (u64, u64)); 12] = [
    ("", 0..10, (1, 10)),
    ("page_number=1", 0..10, (1, 10)),
    ("page_number=3", 20..23, (3, 10)),
    ("page_number=4", 0..0, (4, 10)),
    ("page_size=1", 0..1, (1, 1)),
    ("page_size=1&page_number=23", 22..23, (23, 1)),
    ("page_size=100", 0..23, (1, 100)),
    ("page_size=7&page_number=2", 7..14, (2, 7)),
    ("page_size=07&page_number=02", 7..14, (2, 7)),
    ("page_number=9223372036854775807", 0..0, (i64::MAX as u64, 10)),
    ("page_number=9223372036854775807&page_size=100", 0..0, (i64::MAX as u64, 100)),
    ("page_number=184467440737095517&page_size=100", 0..0, (184_467_440_737_095_517, 100)),
];

const NO_PAGES: [&str; 18] = [
    "page_size=0",
    "page_size=-1",
    "page_size=101",
    "page_size=abc",
    "page_size=",
    "page_size",
    "page_size=1.0",
    "page_size=1e1",
    "page_size=%2B1",
    "page_size=4294967297",
    "page_size=1&page_size=1",
    "page_number=0",
    "page_number=-1",
    "page_number=abc",
    "page_number=",
    "page_number=9223372036854775808",
    "page_number=18446744073709551617",
    "page_number=1&page_number=2",
];

async fn check_pages(client: &Client<'_>, path: &str, newest_first: &[String]) {
    for (query, range, (number, size)) in PAGES {
        let page = data(&client.get(&format!("{path}?{query}")).await);
        assert_eq!(all(&page, "id"), newest_first[range], "{query}");
        assert_eq!(page["total_items"], newest_first.len(), "{query}");
        assert_eq!((&page["page_number"], &page["page_size"]), (&json!(number), &json!(size)));
    }
    for query in NO_PAGES {
        refused(&client.get(&format!("{path}?{query}")).await, INVALID);
    }
    check_pages_of_v1(client, path, newest_first).await;
}

async fn check_pages_of_v1(client: &Client<'_>, path: &str, newest_first: &[String]) {
    let ask = async |query: &str| {
        let query = query.replace("page_size", "pageSize").replace("page_number", "pageNumber");
        client.v1("GET", &format!("{path}?{query}"), &Value::Null).await
    };
    for (query, range, (number, size)) in PAGES {
        let page = data(&ask(query).await);
        assert_eq!(members(&page), ["pageNumber", "pageSize", "records", "total"]);
        assert_eq!(all(&page, "id"), newest_first[range], "{query}");
        assert_eq!(page["total"], newest_first.len(), "{query}");
        assert_eq!((&page["pageNumber"], &page["pageSize"]), (&json!(number), &json!(size)));
    }
    for query in NO_PAGES {
        refused(&ask(query).await, INVALID_V1);
    }
    // The words of the other generation mean nothing.
    let page = client.v1("GET", &format!("{path}?page_size=0"), &Value::Null).await;
    assert_eq!(data(&page)["records"].as_array().unwrap().len(), newest_first.len().min(10));
}

#[tokio::test]
async fn datasets_are_listed_in_pages_from_the_newest_on() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let bob = Client::new(&house, "acme", "bob").await;
    Client::new(&house, "evil", "eve").await.dataset("theirs").await;
    let mut ids = Vec::new();
    for number in 0..23 {
        let owner = if number % 2 == 0 { &ann } else { &bob };
        ids.insert(0, owner.dataset(&format!("d{number}")).await);
    }
    check_pages(&ann, "/datasets", &ids).await;
    check_pages(&bob, "/datasets", &ids).await;
}

#[tokio::test]
async fn data_sources_are_listed_in_pages_from_the_newest_on() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    let mut ids = Vec::new();
    for number in 0..23 {
        let made = ann.source(&dataset, &format!("{number}.csv"), "a").await;
        ids.insert(0, made["id"].as_str().unwrap().to_owned());
    }
    let other = ann.dataset("other").await;
    ann.source(&other, "a.csv", "a").await;
    check_pages(&ann, &format!("/datasets/{dataset}/datasources"), &ids).await;
    // Neither are those that are gone counted.
    let path = format!("/datasets/{dataset}/datasources");
    data(&ann.delete(&format!("{path}/{}", ids[5])).await);
    let page = data(&ann.get(&format!("{path}?page_size=6")).await);
    assert_eq!((&page["total_items"], page["records"].as_array().unwrap().len()), (&json!(22), 6));
    assert_eq!(page["records"][5]["id"], ids[6].as_str());
}

#[tokio::test]
async fn a_list_has_the_states_that_are_asked_for() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("d").await;
    ann.source(&dataset, "1.csv", "a").await;
    ann.source(&dataset, "2.csv", b"a\0").await;
    ann.source(&dataset, "3.csv", "a").await;
    let path = format!("/datasets/{dataset}/datasources");
    for (status, names) in [
        ("synched", &["3.csv", "1.csv"][..]),
        ("invalid", &["2.csv"]),
        ("synching", &[]),
        ("invalid,synched", &["3.csv", "2.csv", "1.csv"]),
        ("synched,invalid", &["3.csv", "2.csv", "1.csv"]),
        ("synched,synched,synched", &["3.csv", "1.csv"]),
        ("synching,invalid", &["2.csv"]),
        ("synching,synched,invalid", &["3.csv", "2.csv", "1.csv"]),
        ("synched,%20invalid", &["3.csv", "2.csv", "1.csv"]),
        ("synched%2Cinvalid", &["3.csv", "2.csv", "1.csv"]),
        ("", &["3.csv", "2.csv", "1.csv"]),
    ] {
        let page = data(&ann.get(&format!("{path}?status={status}")).await);
        assert_eq!(all(&page, "name"), names, "{status}");
        assert_eq!(page["total_items"], names.len(), "{status}");
        let page = ann.v1("GET", &format!("{path}?status={status}"), &Value::Null).await;
        assert_eq!(all(&data(&page), "name"), names, "{status}");
        assert_eq!(data(&page)["total"], names.len(), "{status}");
    }
    for status in [
        "ready",
        "SYNCHED",
        "synched,",
        ",",
        ",synched",
        "synched;invalid",
        "synched,x",
        "null",
        "%00",
    ] {
        refused(&ann.get(&format!("{path}?status={status}")).await, INVALID);
        let answer = ann.v1("GET", &format!("{path}?status={status}"), &Value::Null).await;
        refused(&answer, INVALID_V1);
    }
    refused(&ann.get(&format!("{path}?status=synched&status=invalid")).await, INVALID);
    let second = data(&ann.get(&format!("{path}?status=synched&page_size=1&page_number=2")).await);
    assert_eq!((all(&second, "name"), &second["total_items"]), (vec!["1.csv".into()], &json!(2)));
}

#[tokio::test]
async fn a_search_finds_text_and_has_no_wildcards() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for name in
        ["Sales 2026", "sales 100%", "cost_a", "costXa", "Übersicht", "a'b\"c", "a\\b", "[x]*?"]
    {
        ann.dataset(name).await;
    }
    let long = format!("?search={}", "x".repeat(128));
    for (query, names) in [
        ("?search=SALES", &["sales 100%", "Sales 2026"][..]),
        ("?search=sales+2", &["Sales 2026"]),
        ("?search=%25", &["sales 100%"]),
        ("?search=_", &["cost_a"]),
        ("?search=cost_a", &["cost_a"]),
        ("?search=COST", &["costXa", "cost_a"]),
        ("?search=%C3%9Cber", &["Übersicht"]),
        ("?search=bersicht", &["Übersicht"]),
        ("?search='", &["a'b\"c"]),
        ("?search=%5C", &["a\\b"]),
        ("?search=*", &["[x]*?"]),
        ("?search=%3F", &["[x]*?"]),
        ("?search=sales%00", &[]),
        ("?search=%00", &[]),
        ("?search=%FF", &[]),
        ("?search=nothing", &[]),
        (&long, &[]),
    ] {
        let page = data(&ann.get(&format!("/datasets{query}")).await);
        assert_eq!(all(&page, "name"), names, "{query}");
        assert_eq!(page["total_items"], names.len(), "{query}");
        let query = query.replace("search=", "name=");
        let page = data(&ann.v1("GET", &format!("/datasets{query}"), &Value::Null).await);
        assert_eq!(all(&page, "name"), names, "{query}");
        assert_eq!(page["total"], names.len(), "{query}");
    }
    for query in ["", "?search=", "?search"] {
        assert_eq!(data(&ann.get(&format!("/datasets{query}")).await)["total_items"], 8, "{query}");
    }
    let umlauts = format!("?search={}", "%C3%BC".repeat(128));
    data(&ann.get(&format!("/datasets{umlauts}")).await);
    refused(&ann.get(&format!("/datasets{umlauts}x")).await, INVALID);
    refused(&ann.get(&format!("/datasets{long}x")).await, INVALID);
    refused(&ann.get("/datasets?search=a&search=a").await, INVALID);
    for query in [format!("?name={}", "x".repeat(129)), "?name=a&name=a".into()] {
        refused(&ann.v1("GET", &format!("/datasets{query}"), &Value::Null).await, INVALID_V1);
    }
    data(&ann.post("/datasets", json!({ "name": "d", "description": "Of all Bees" })).await);
    assert_eq!(all(&data(&ann.get("/datasets?search=bees").await), "name"), ["d"]);
    let page = data(&ann.get("/datasets?search=sales&page_size=1&page_number=2").await);
    assert_eq!((all(&page, "name"), &page["total_items"]), (vec!["Sales 2026".into()], &json!(2)));
}
