//! Forms that are refused, and leave nothing behind.

use axum::{
    body::{Body, Bytes},
    http::Request,
};
use countersign::Timestamp;
use countersign_catalog::{Catalog, UploadRef};
use futures_util::stream;

use crate::{
    client::{
        BAD_EXTENSION, Client, EMPTY, Field, INVALID, MIB, NOT_FOUND, TEAM, TOO_LARGE, chunked,
        data, form, refused,
    },
    common::{self, House},
    spy::Spy,
};

/// No key that was ever written has bytes, a record, or a place on the list of the doomed.
async fn assert_nothing_is_left(house: &House, spy: &Spy, of: &str) {
    assert_eq!(spy.stored(house).await, [], "{of}");
    for key in spy.keys() {
        let recorded = house.catalog.upload(UploadRef::ObjectKey(key.as_str())).await.unwrap();
        assert!(recorded.is_none(), "{of}");
    }
    let doomed = house.catalog.doomed(1_000, Timestamp::MAX).await.unwrap();
    assert_eq!(doomed, [], "{of}");
}

const FILE: Field<'_> = Field::File("file", "a.csv", b"a,b\n");
const ANN: Field<'_> = Field::Text("user_id", "ann");

/// Forms that are whole, and why they are refused.
fn wrong_forms() -> Vec<(&'static str, Vec<Field<'static>>, (u16, u32))> {
    let bob = || Field::Text("user_id", "bob");
    let file = |name| Field::File("file", name, b"a");
    let text: &'static str = "x".repeat(64 * 1024 + 1).leak();
    let mut many: Vec<_> = (0..99).map(|_| Field::Text("other", "")).collect();
    many.extend([FILE, ANN]);
    vec![
        ("", vec![], INVALID),
        ("", vec![FILE], INVALID),
        ("", vec![ANN], INVALID),
        ("?user_id=ann", vec![], INVALID),
        ("", vec![FILE, Field::Text("user_id", "eve")], NOT_FOUND),
        ("", vec![Field::Text("user_id", "eve"), FILE], NOT_FOUND),
        ("", vec![FILE, Field::Text("user_id", "")], NOT_FOUND),
        ("", vec![FILE, Field::Text("user_id", " ann")], NOT_FOUND),
        ("?user_id=eve", vec![FILE], NOT_FOUND),
        ("", vec![FILE, ANN, bob()], INVALID),
        ("", vec![bob(), FILE, ANN], INVALID),
        ("?user_id=bob", vec![ANN, FILE], INVALID),
        ("?user_id=bob", vec![FILE, ANN], INVALID),
        ("?user_id=ann&user_id=ann", vec![FILE], INVALID),
        ("", vec![FILE, FILE, ANN], INVALID),
        ("", vec![ANN, FILE, FILE], INVALID),
        ("", vec![ANN, Field::Text("file", "a,b\n")], INVALID),
        ("", vec![ANN, FILE, Field::Text("file", "a,b\n")], INVALID),
        ("", vec![ANN, Field::File("File", "a.csv", b"a")], INVALID),
        ("", vec![FILE, Field::File("user_id", "ann", b"ann")], INVALID),
        ("", vec![ANN, file("")], INVALID),
        ("", vec![ANN, file("a.exe")], BAD_EXTENSION),
        ("", vec![file("a"), ANN], BAD_EXTENSION),
        ("", vec![ANN, FILE, file("a.exe")], INVALID),
        ("", vec![ANN, Field::File("file", "a.csv", b"")], EMPTY),
        ("", vec![Field::File("file", "a.csv", b""), ANN], EMPTY),
        ("", vec![FILE, ANN, Field::Text("other", text)], TOO_LARGE),
        ("", vec![Field::Text("user_id", text), FILE], TOO_LARGE),
        ("", many, TOO_LARGE),
    ]
}

#[tokio::test]
async fn a_form_that_is_refused_leaves_nothing() {
    let (house, spy) = Spy::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    house.key("acme", "bob").await;
    house.key("evil", "eve").await;
    for (index, (query, fields, refusal)) in wrong_forms().into_iter().enumerate() {
        let answer = ann.send_form(query, chunked(form(&fields))).await;
        refused(&answer, refusal);
        assert_nothing_is_left(&house, &spy, &format!("{index}: {query}")).await;
    }
    assert!(spy.keys().len() > 8, "most had stored their file before they were refused");
    data(&ann.send_form("", chunked(form(&[FILE, ANN]))).await);
    assert_eq!(spy.stored(&house).await.len(), 1);
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let (house, spy) = Spy::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for content_type in [
        None,
        Some(""),
        Some("application/json"),
        Some("multipart/form-data"),
        Some("multipart/form-data; charset=utf-8"),
        Some("multipart/mixed; boundary=X-BOUNDARY"),
        Some("multipart/form-data; boundary=Y"),
        Some("multipart/form-data; boundary="),
        Some("application/x-www-form-urlencoded"),
        Some("x"),
    ] {
        let mut request = Request::post(format!("{TEAM}/file/upload-datasource"));
        request = request.header("x-pd-api-key", &ann.key);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let answer = house.send(request.body(chunked(form(&[FILE, ANN]))).unwrap()).await;
        refused(&answer, INVALID);
        assert_nothing_is_left(&house, &spy, &format!("{content_type:?}")).await;
    }
    for body in ["", "x", "{}", "--X-BOUNDARY", "--X-BOUNDARY\r\n", "--X-BOUNDARYx\r\n\r\n"] {
        refused(&ann.send_form("?user_id=ann", Body::from(body)).await, INVALID);
    }
    assert_nothing_is_left(&house, &spy, "no form").await;
}

#[tokio::test]
async fn a_form_that_breaks_off_anywhere_leaves_nothing() {
    let (house, spy) = Spy::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let whole = form(&[FILE, ANN]);
    // The last line break is nobody's, nor are the dashes before it: RFC 2046 has an epilogue.
    for len in 0..whole.len() - "--\r\n".len() {
        let answer = ann.send_form("", Body::from(whole[..len].to_vec())).await;
        refused(&answer, INVALID);
        if len % 7 > 0 {
            continue;
        }
        // The same, but the connection fails.
        let start = Bytes::from(whole[..len].to_vec());
        let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        let broken = Body::from_stream(stream::iter([Ok(start), Err(broken)]));
        refused(&ann.send_form("", broken).await, INVALID);
    }
    assert_nothing_is_left(&house, &spy, "broken off").await;
    for mib in [1, 9] {
        let mut body = form(&[ANN, Field::File("file", "a.csv", &vec![b'x'; mib * MIB])]);
        body.truncate(mib * MIB);
        refused(&ann.send_form("", chunked(body)).await, INVALID);
        assert_nothing_is_left(&house, &spy, &format!("{mib} MiB")).await;
    }
    common::wait_secs(2 * 86_400);
    house.app.sweep_doomed().await;
    assert_nothing_is_left(&house, &spy, "swept").await;
}

/// A body that begins so and goes on so, of 8 MiB.
fn endless(start: &str, piece: &str) -> Body {
    let pieces = Bytes::from(piece.repeat(64 * 1024 / piece.len()));
    let start = Bytes::from(start.to_owned());
    let pieces = std::iter::once(start).chain(std::iter::repeat_n(pieces, 8 * MIB / (64 * 1024)));
    Body::from_stream(stream::iter(pieces.map(Ok::<_, std::convert::Infallible>)))
}

#[tokio::test]
async fn what_is_too_long_for_anything_but_a_file_is_refused() {
    let (house, spy) = Spy::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let head = "--X-BOUNDARY\r\nContent-Disposition: form-data; name=\"";
    let text = format!("{head}other\"\r\n\r\n");
    let file = format!("{head}file\"; filename=\"a.csv\"\r\n\r\na\r\n");
    for (what, start, piece) in [
        ("a preamble", String::new(), "x"),
        ("a preamble of lines", String::new(), "\r\n"),
        ("a preamble that looks like the boundary", String::new(), "\r\n--X-BOUNDAR"),
        ("padding", "--X-BOUNDARY".into(), " "),
        ("a header", head.into(), "x"),
        ("headers", "--X-BOUNDARY\r\n".into(), "X-A: b\r\n"),
        ("a text", text.clone(), "x"),
        ("a text of lines", text, "\r\n"),
        ("a header after a file", format!("{file}{head}"), "x"),
        ("padding after a file", format!("{file}--X-BOUNDARY"), "\t"),
        ("a text after a file", format!("{file}{head}user_id\"\r\n\r\n"), "x"),
    ] {
        refused(&ann.send_form("", endless(&start, piece)).await, TOO_LARGE);
        assert_nothing_is_left(&house, &spy, what).await;
    }
}

#[tokio::test]
async fn a_form_without_end_is_no_upload() {
    let (house, spy) = Spy::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    // 8 MiB of empty fields: too many, long before.
    let field = "--X-BOUNDARY\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n\r\n";
    refused(&ann.send_form("", endless("", field)).await, TOO_LARGE);
    assert_nothing_is_left(&house, &spy, "fields").await;
    // 8 MiB of a file, and then nothing.
    let start =
        "--X-BOUNDARY\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n";
    let body = endless(start, "x");
    refused(&ann.send_form("?user_id=ann", body).await, INVALID);
    assert_nothing_is_left(&house, &spy, "a file").await;
}
