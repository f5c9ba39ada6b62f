//! Files that come in a form, in the first generation: by the reference, and by the older guide.

use serde_json::{Value, json};

use crate::{
    client::{Client, Field, IMPOSSIBLE, INVALID_V1, chunked, data, form, refused},
    common::House,
    spy::Spy,
};

const FILE: Field<'_> = Field::File("file", "a.csv", b"a,b\n");

/// Where forms are taken that have to name a user, and where they need not.
const REFERENCE: [&str; 4] = [
    "/api/v1/team/file/upload-datasource",
    "/api/v1/team/file/upload_datasource",
    "/v1/team/file/upload-datasource",
    "/v1/team/file/upload_datasource",
];
const GUIDE: [&str; 4] = [
    "/api/v1/file/upload_datasource",
    "/api/v1/file/upload-datasource",
    "/v1/file/upload_datasource",
    "/v1/file/upload-datasource",
];

/// Whose the file of an answer is.
async fn owner_of(client: &Client<'_>, kept: &Value) -> Value {
    let handle = kept["fileKey"].as_str().unwrap();
    assert_eq!(*kept, json!({ "fileKey": handle }));
    let new = json!({ "fileName": "a.csv", "type": "FILE", "fileKey": handle });
    for user in ["ann", "bob"] {
        let answer = client.v1("POST", &format!("/datasources?userId={user}"), &new).await;
        if answer.body["code"] == 0 {
            assert_eq!(data(&answer)["userId"], user);
            return user.into();
        }
        refused(&answer, IMPOSSIBLE);
    }
    Value::Null
}

#[tokio::test]
async fn a_form_is_taken_at_every_place_that_the_vendor_has_for_it() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    Client::new(&house, "acme", "bob").await;
    let named = |user: &'static str| vec![FILE, Field::Text("userId", user)];
    for path in REFERENCE.into_iter().chain(GUIDE) {
        for (query, fields, owner) in [
            ("?userId=ann", vec![FILE], "ann"),
            ("?userId=bob", vec![FILE], "bob"),
            ("", named("bob"), "bob"),
            ("?userId=bob", named("bob"), "bob"),
        ] {
            let body = chunked(form(&fields));
            let kept = data(&ann.send_form_to(&format!("{path}{query}"), body).await);
            assert_eq!(owner_of(&ann, &kept).await, owner, "{path}{query}");
        }
    }
    for path in GUIDE {
        let kept = data(&ann.send_form_to(path, chunked(form(&[FILE]))).await);
        assert_eq!(owner_of(&ann, &kept).await, "ann", "who has the key");
    }
}

#[tokio::test]
async fn a_form_that_is_refused_leaves_nothing() {
    let (house, spy) = Spy::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    house.key("acme", "bob").await;
    house.key("evil", "eve").await;
    let named = |user: &'static str| vec![FILE, Field::Text("userId", user)];
    for path in [REFERENCE[0], REFERENCE[3], GUIDE[0], GUIDE[3]] {
        for (query, fields, refusal) in [
            ("?userId=eve", vec![FILE], IMPOSSIBLE),
            ("", named("eve"), IMPOSSIBLE),
            ("", named(""), IMPOSSIBLE),
            ("?userId=ann", named("bob"), INVALID_V1),
            ("?userId=ann&userId=ann", vec![FILE], INVALID_V1),
            ("?userId=ann", vec![], INVALID_V1),
            ("?userId=ann", vec![FILE, FILE], INVALID_V1),
            ("?userId=ann", vec![Field::Text("file", "a,b")], INVALID_V1),
            ("?userId=ann", vec![Field::File("file", "a.exe", b"MZ")], IMPOSSIBLE),
            ("?userId=ann", vec![Field::File("file", "a.csv", b"")], IMPOSSIBLE),
        ] {
            let answer = ann.send_form_to(&format!("{path}{query}"), chunked(form(&fields))).await;
            refused(&answer, refusal);
            assert_eq!(spy.stored(&house).await, [], "{path}{query}");
        }
    }
    for path in REFERENCE {
        let answer = ann.send_form_to(path, chunked(form(&[FILE]))).await;
        refused(&answer, INVALID_V1);
        // That is what the other generation calls it.
        let other = vec![FILE, Field::Text("user_id", "ann")];
        refused(&ann.send_form_to(path, chunked(form(&other))).await, INVALID_V1);
    }
    assert_eq!(spy.stored(&house).await, []);
    for (method, path, refusal) in [
        ("GET", "/v1/file/upload_datasource", (405, 100)),
        ("POST", "/v1/file/nothing", (404, 100_001)),
        ("POST", "/api/v1/file/", (404, 100_001)),
        ("POST", "/v1/file", (404, 100_001)),
    ] {
        refused(&house.call(&ann.key, method, path, "").await, refusal);
    }
}
