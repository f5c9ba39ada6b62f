//! Files that come in a form.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use axum::body::{Body, Bytes};
use countersign_storage::ObjectKey;
use futures_util::{
    StreamExt,
    future::{self, Either},
    stream,
};
use serde_json::json;

use crate::{
    client::{Client, Field, MIB, chunked, data, form, text_of},
    common,
    spy::Spy,
};

/// A body as a connection brings it: a piece, and then a while nothing.
fn dripping(bytes: Vec<u8>, len: usize) -> Body {
    let (mut bytes, mut is_due) = (Bytes::from(bytes), false);
    Body::from_stream(stream::poll_fn(move |cx| {
        is_due = !is_due;
        if !is_due {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let piece = bytes.split_to(len.min(bytes.len()));
        Poll::Ready((!piece.is_empty()).then_some(Ok::<_, std::convert::Infallible>(piece)))
    }))
}

async fn check_kept(client: &Client<'_>, (query, body): (&str, Body), bytes: &[u8]) {
    let kept = data(&client.send_form(query, body).await);
    let handle = kept["file_object_key"].as_str().unwrap();
    assert_eq!(kept, json!({ "file_object_key": handle }));
    let key = ObjectKey::new(handle).unwrap();
    assert!(client.house.stored(&key).await.unwrap() == bytes);
    let made = data(
        &client
            .post(
                "/datasources",
                json!({
                    "name": "a.txt", "type": "FILE", "file_object_key": handle,
                }),
            )
            .await,
    );
    assert_eq!(made["size"], bytes.len());
}

#[tokio::test]
async fn a_form_has_its_fields_in_any_order_and_its_user_in_either_place() {
    let (house, _) = Spy::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let (user, file) =
        (|| Field::Text("user_id", "ann"), || Field::File("file", "a.csv", b"a,b\n"));
    let large = "x".repeat(64 * 1024);
    let other = || Field::Text("other", &large);
    for (query, fields) in [
        ("", vec![file(), user()]),
        ("", vec![user(), file()]),
        ("", vec![user(), file(), user()]),
        ("?user_id=ann", vec![file()]),
        ("?user_id=ann", vec![user(), file()]),
        ("?user_id=ann", vec![file(), user(), user()]),
        ("?other=1", vec![other(), file(), other(), user(), other()]),
        ("", vec![Field::File("other", "x.exe", b"MZ"), file(), user()]),
        ("", vec![file(), Field::File("other", "x.exe", &[0; 512 * 1024]), user()]),
    ] {
        let body = form(&fields);
        check_kept(&ann, (query, chunked(body.clone())), b"a,b\n").await;
        check_kept(&ann, (query, dripping(body, 700)), b"a,b\n").await;
    }
}

#[tokio::test]
async fn a_form_may_come_byte_by_byte() {
    let (house, _) = Spy::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    // What looks like the end of the file is not, up to its last byte.
    let bytes =
        b"\r\n--X-BOUNDAR\r\n--X-BOUND\r\r\n\n-\r\n--x-boundary--\r\n--X-BOUNDAR-\r\n".as_slice();
    let body = form(&[Field::File("file", "a.txt", bytes), Field::Text("user_id", "ann")]);
    for len in 1..=24 {
        check_kept(&ann, ("", dripping(body.clone(), len)), bytes).await;
    }
    check_kept(&ann, ("", chunked(body)), bytes).await;
}

#[tokio::test]
async fn a_file_comes_through_whole_however_fast_it_is_sent() {
    let (house, spy) = Spy::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let bytes = text_of(20 * MIB);
    let body = form(&[Field::Text("user_id", "ann"), Field::File("file", "a.txt", &bytes)]);
    check_kept(&ann, ("", chunked(body)), &bytes).await;
    let bytes = &bytes[..9 * MIB];
    let body = form(&[Field::File("file", "a.txt", bytes), Field::Text("user_id", "ann")]);
    check_kept(&ann, ("", dripping(body, 100_000)), bytes).await;
    assert_eq!(spy.stored(&house).await.len(), 2);
}

#[tokio::test]
async fn a_form_may_have_as_many_fields_and_as_much_text_as_is_said() {
    let (house, _) = Spy::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let large = "x".repeat(64 * 1024);
    let mut fields: Vec<_> = (0..98).map(|_| Field::Text("other", &large)).collect();
    fields.push(Field::Text("user_id", "ann"));
    fields.push(Field::File("file", "a.txt", b"a"));
    check_kept(&ann, ("", dripping(form(&fields), 32 * 1024)), b"a").await;
}

#[tokio::test]
async fn a_request_that_is_given_up_leaves_nothing() {
    let (house, spy) = Spy::house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    for mib in [1, 9] {
        let mut body = form(&[Field::File("file", "a.txt", &text_of(mib * MIB))]);
        body.truncate(mib * MIB);
        let has_come = Arc::new(AtomicBool::new(false));
        let (flag, is_read) = (Arc::clone(&has_come), has_come);
        let rest = stream::poll_fn(move |_| {
            flag.store(true, Ordering::Relaxed);
            Poll::<Option<Result<Bytes, axum::Error>>>::Pending
        });
        let body = dripping(body, 64 * 1024).into_data_stream().chain(rest);
        let request = ann.send_form("?user_id=ann", Body::from_stream(body));
        let until = future::poll_fn(|_| {
            if is_read.load(Ordering::Relaxed) { Poll::Ready(()) } else { Poll::Pending }
        });
        let request = pin!(request);
        assert!(matches!(future::select(request, until).await, Either::Right(_)));
    }
    assert_eq!(spy.keys().len(), 2);
    common::wait_secs(2 * 86_400);
    house.app.sweep_doomed().await;
    assert_eq!(spy.stored(&house).await, []);
    let left = countersign_catalog::Catalog::doomed(&*house.catalog, 10, common::now()).await;
    assert_eq!(left.unwrap(), []);
}
