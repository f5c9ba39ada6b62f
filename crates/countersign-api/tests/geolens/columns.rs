//! The columns of a dataset: of which kinds they are, and how they are named.

use serde_json::{Value, json};

use crate::{
    client::{Client, done, faults},
    common::House,
};

/// Makes a dataset of these columns, as they stand in the JSON.
async fn make(ann: &Client<'_>, columns: &str) -> crate::common::Answer {
    let body = format!("{{\"title\":\"d\",\"columns\":{columns}}}");
    ann.call("POST", "/datasets/create/", &body).await
}

#[tokio::test]
async fn a_column_name_is_a_word_of_63_characters() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let long = "a".repeat(63);
    for name in ["a", "_", "__", "a1", "A_b_3", "select", &long] {
        let columns = json!([{ "name": name, "type": "text" }]);
        let made = done(&make(&ann, &columns.to_string()).await, 201);
        assert_eq!(made["column_info"], columns);
    }
    let too_long = "a".repeat(64);
    for (name, kind) in [
        ("", "value_error"),
        (" ", "value_error"),
        ("1", "value_error"),
        ("1a", "value_error"),
        ("a b", "value_error"),
        ("a-b", "value_error"),
        ("a.b", "value_error"),
        ("a\"b", "value_error"),
        ("a;b", "value_error"),
        ("a\0", "value_error"),
        ("a\n", "value_error"),
        ("ä", "value_error"),
        ("١", "value_error"),
        (&too_long, "string_too_long"),
    ] {
        let columns = json!([{ "name": name, "type": "text" }]).to_string();
        let refusal = make(&ann, &columns).await;
        assert_eq!(faults(&refusal), [format!("body.columns.0.name {kind}")], "{name:?}");
    }
    assert_eq!(ann.datasets().await.len(), 7);
}

#[tokio::test]
async fn what_is_no_list_of_columns_is_refused_where_it_is_wrong() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for (columns, expected) in [
        ("null", "body.columns missing"),
        ("{}", "body.columns list_type"),
        ("\"a\"", "body.columns list_type"),
        ("1", "body.columns list_type"),
        ("[\"a\"]", "body.columns list_type"),
        ("[null]", "body.columns list_type"),
        ("[[]]", "body.columns list_type"),
        ("[]", "body.columns value_error"),
        (r#"[{"type":"text"}]"#, "body.columns.0.name missing"),
        (r#"[{"name":null,"type":"text"}]"#, "body.columns.0.name missing"),
        (r#"[{"name":1,"type":"text"}]"#, "body.columns.0.name string_type"),
        (r#"[{"name":"a"}]"#, "body.columns.0.type missing"),
        (r#"[{"name":"a","type":1}]"#, "body.columns.0.type string_type"),
        (r#"[{"name":"a","type":"TEXT"}]"#, "body.columns.0.type value_error"),
        (r#"[{"name":"a","type":"varchar"}]"#, "body.columns.0.type value_error"),
        (r#"[{"name":"a","type":""}]"#, "body.columns.0.type value_error"),
        (r#"[{"name":"a","type":"text"},{"name":"b"}]"#, "body.columns.1.type missing"),
    ] {
        assert_eq!(faults(&make(&ann, columns).await), [expected], "{columns}");
    }
    assert_eq!(ann.datasets().await, [] as [Value; 0]);
}

#[tokio::test]
async fn no_two_columns_have_one_name_in_either_case() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let columns = |names: &[&str]| {
        let column = |name: &&str| json!({ "name": name, "type": "text" });
        names.iter().map(column).collect::<Value>().to_string()
    };
    for names in [&["a", "a"][..], &["a", "A"], &["ab", "x", "aB"], &["_", "b", "_"]] {
        let refusal = make(&ann, &columns(names)).await;
        assert_eq!(faults(&refusal), ["body.columns value_error"], "{names:?}");
        let message = &refusal.body["detail"][0]["msg"];
        assert_eq!(message, "Value error, two columns have one name");
    }
    let none = make(&ann, "[]").await;
    let message = &none.body["detail"][0]["msg"];
    assert_eq!(message, "Value error, at least one column is required");
    done(&make(&ann, &columns(&["a", "b", "aa", "_a", "a_"])).await, 201);
}

#[tokio::test]
async fn up_to_500_columns_keep_their_order() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let column = |number| json!({ "name": format!("c{}", 499 - number), "type": "float" });
    let columns: Value = (0..500).map(column).collect();
    let made = done(&make(&ann, &columns.to_string()).await, 201);
    assert_eq!(made["column_info"], columns);
    assert_eq!(ann.read(made["id"].as_str().unwrap()).await, made);
    let column = |number| json!({ "name": format!("c{number}"), "type": "float" });
    let columns: Value = (0..501).map(column).collect();
    let refusal = make(&ann, &columns.to_string()).await;
    assert_eq!(faults(&refusal), ["body.columns value_error"]);
    let message = &refusal.body["detail"][0]["msg"];
    assert_eq!(message, "Value error, a dataset has at most 500 columns");
    assert_eq!(ann.datasets().await.len(), 1);
}
