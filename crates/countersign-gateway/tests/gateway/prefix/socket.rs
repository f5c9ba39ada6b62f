//! What only shows on a connection: `Expect`, and files that break off.

use std::time::Duration;

use tokio::{io::AsyncWriteExt, time::sleep};

use super::{put, request, token};
use crate::{
    client::Call,
    socket::{Server, head, read},
    world::World,
};

fn announced(rest: &str) -> Call {
    request("PUT", &token(), rest)
}

#[tokio::test]
async fn a_file_is_asked_for_only_when_it_is_wanted() {
    let server = Server::of(World::new()).await;
    let expect = "Content-Length: 3\r\nExpect: 100-continue\r\n";
    let refused = [
        announced("/k").target(|it| it.replace("CS01-0", "CS01-1")),
        announced("/k").method("POST"),
        announced("/a/b"),
        announced("/k?acl"),
        announced("/k").header("x-amz-acl", "private"),
        announced("/begin-denied"),
        announced("/begin-taken"),
        announced("/begin-misnamed"),
        announced("/begin-full"),
    ];
    for call in refused {
        let answer = server.exchange(head(&call, expect)).await;
        assert!(answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 50"), "{answer}");
        assert!(!answer.contains("100 Continue"), "{answer}");
        assert!(answer.contains("connection: close") && answer.ends_with("[closed]"), "{answer}");
    }

    let mut stream = server.connect().await;
    stream.write_all(head(&announced("/k"), expect).as_bytes()).await.unwrap();
    assert_eq!(read(&mut stream).await, "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"abc").await.unwrap();
    let answer = read(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("content-length: 0\r\n") && answer.contains("etag: \""), "{answer}");
    let record = server.world.files.record("k").unwrap();
    assert_eq!(server.world.stored(&record.key).await.unwrap(), b"abc");
    assert_eq!(server.world.files.finished(), 1);
}

#[tokio::test]
async fn a_file_that_breaks_off_is_not_recorded() {
    let server = Server::of(World::new()).await;
    let bytes = head(&announced("/k").header("content-length", "10"), "") + "abc";
    let mut stream = server.connect().await;
    stream.write_all(bytes.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let answer = read(&mut stream).await;
    assert!(!answer.contains(" 200 "), "{answer}");
    let mut stream = server.connect().await;
    stream.write_all(bytes.as_bytes()).await.unwrap();
    drop(stream);
    sleep(Duration::from_millis(100)).await;
    let files = &server.world.files;
    assert_eq!((files.begun().len(), files.finished(), files.record("k")), (2, 0, None));
    assert_eq!(files.abandoned(), 2);
    for key in ["files/1", "files/2"] {
        assert_eq!(server.world.stored(key).await, None);
    }
}

#[tokio::test]
async fn a_file_ends_in_one_way() {
    let server = Server::of(World::new()).await;
    let chunked = "3\r\nabc\r\n0\r\n\r\n";
    for (more, body) in [
        ("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", chunked),
        ("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", chunked),
        ("Transfer-Encoding: chunked\r\n", chunked),
        ("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"),
        ("Content-Length: 99999999999999999999999\r\n", "abc"),
    ] {
        let answer = server.exchange(head(&announced("/k"), more) + body).await;
        let is_refused = answer.starts_with("HTTP/1.1 400") || answer.starts_with("HTTP/1.1 411");
        assert!(is_refused && answer.ends_with("[closed]"), "{more}{answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{more}{answer}");
    }
    assert_eq!(server.world.files.begun(), [""; 0]);
}

/// A connection goes on after a file that was taken, and the next request is read as one.
#[tokio::test]
async fn the_next_request_is_the_next_request() {
    let server = Server::of(World::new()).await;
    let two = head(&put("a", "abc"), "") + "abc" + &head(&put("b", "xyz"), "") + "xyz";
    let answer = server.exchange(two).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 2, "{answer}");
    assert_eq!(server.world.files.begun(), ["a", "b"]);
}
