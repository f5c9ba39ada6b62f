//! What only shows on a connection: framing, `Expect`, bodies that break off.

use std::{fmt::Write, net::SocketAddr, time::Duration};

use countersign_storage::{ObjectKey, PutRequest, StoreError, bytes_of};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::{
    broken::{Broken, End},
    client::{Call, Sign},
    world::World,
};

pub(crate) struct Server {
    pub(crate) world: World,
    listener_address: SocketAddr,
}

impl Server {
    pub(crate) async fn of(world: World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listener_address = listener.local_addr().unwrap();
        let router = world.router.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { world, listener_address }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.listener_address).await.unwrap()
    }

    /// Sends bytes and reads until the other side closes, or is silent for a while.
    pub(crate) async fn exchange(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes.as_ref()).await.unwrap();
        read(&mut stream).await
    }
}

pub(crate) async fn read(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(Ok(count)) = timeout(Duration::from_millis(300), stream.read(&mut buffer)).await {
        if count == 0 {
            all.extend_from_slice(b"[closed]");
            break;
        }
        all.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8(all).unwrap()
}

pub(crate) fn head(call: &Call, more: &str) -> String {
    let mut text = format!("{} {} HTTP/1.1\r\n", call.method, call.target);
    for (name, value) in &call.headers {
        write!(text, "{name}: {value}\r\n").unwrap();
    }
    format!("{text}{more}\r\n")
}

#[tokio::test]
async fn a_body_is_asked_for_only_when_it_is_wanted() {
    let server = Server::of(World::new()).await;
    let expect = "Content-Length: 3\r\nExpect: 100-continue\r\n";
    let refused = [
        Sign::new("PUT", "k").sign().target(|it| it.replace("/k?", "/l?")),
        Sign::new("PUT", "denied").sign(),
        Sign::new("PUT", "k").query(&[("acl", "")]).sign(),
        Sign::new("PUT", "k").headers(&[("x-amz-acl", "private")]).sign(),
        Sign::new("PUT", "k").query(&[("partNumber", "1"), ("uploadId", "none")]).sign(),
    ];
    for call in refused {
        let answer = server.exchange(head(&call, expect)).await;
        assert!(answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 501"), "{answer}");
        assert!(!answer.contains("100 Continue"), "{answer}");
        assert!(answer.contains("connection: close") && answer.ends_with("[closed]"), "{answer}");
    }

    let mut stream = server.connect().await;
    stream.write_all(head(&Sign::new("PUT", "k").sign(), expect).as_bytes()).await.unwrap();
    assert_eq!(read(&mut stream).await, "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"abc").await.unwrap();
    assert!(read(&mut stream).await.starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(server.world.stored("k").await.unwrap(), b"abc");
}

#[tokio::test]
async fn a_body_that_ends_in_two_ways_is_refused() {
    let server = Server::of(World::new()).await;
    let put = Sign::new("PUT", "k").sign();
    let chunked = "3\r\nabc\r\n0\r\n\r\n";
    for (more, body) in [
        ("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", chunked),
        ("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", chunked),
        ("Transfer-Encoding: chunked\r\n", chunked),
        ("Transfer-Encoding: identity\r\nContent-Length: 3\r\n", "abc"),
        ("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"),
        ("Content-Length: 3, 3\r\n", "abc"),
        ("Content-Length: +3\r\n", "abc"),
        ("Content-Length: -3\r\n", "abc"),
        ("Content-Length: 99999999999999999999999\r\n", "abc"),
        ("Content-Length : 3\r\n", "abc"),
        ("Content-Length: 3\r\n folded\r\n", "abc"),
    ] {
        let answer = server.exchange(head(&put, more) + body).await;
        assert!(
            answer.starts_with("HTTP/1.1 400") || answer.starts_with("HTTP/1.1 411"),
            "{more}{answer}"
        );
        assert!(answer.ends_with("[closed]"), "{more}{answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{more}{answer}");
        assert_eq!(server.world.stored("k").await, None, "{more}");
    }
}

/// S-03: the length that the signature binds is the one by which the server cuts the body off.
#[tokio::test]
async fn the_length_that_was_signed_is_the_length_that_is_read() {
    let server = Server::of(World::new()).await;
    let bound = Sign::new("PUT", "k").headers(&[("content-length", "3")]).sign();
    let next = head(&Call::get("k"), "Connection: close\r\n");
    let answer = server.exchange(head(&bound, "") + "abc" + &next).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 2, "{answer}");
    assert_eq!(server.world.stored("k").await.unwrap(), b"abc");

    for length in ["03", "2", "4", "3 3"] {
        let changed = bound.clone().without("content-length").header("content-length", length);
        let answer = server.exchange(head(&changed, "") + "abcd").await;
        assert!(answer.starts_with("HTTP/1.1 40"), "{length}: {answer}");
    }
    let chunked = bound.without("content-length").header("transfer-encoding", "chunked");
    let answer = server.exchange(head(&chunked, "") + "3\r\nxyz\r\n0\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert_eq!(server.world.stored("k").await.unwrap(), b"abc");
}

#[tokio::test]
async fn a_body_that_breaks_off_stores_nothing() {
    let server = Server::of(World::new()).await;
    let call = Sign::new("PUT", "k").sign().header("content-length", "10");
    let mut stream = server.connect().await;
    stream.write_all((head(&call, "") + "abc").as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let answer = read(&mut stream).await;
    assert!(!answer.contains(" 200 "), "{answer}");
    let mut stream = server.connect().await;
    stream.write_all((head(&call, "") + "abc").as_bytes()).await.unwrap();
    drop(stream);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.world.stored("k").await, None);
}

/// H-07
#[tokio::test]
async fn a_host_is_named_once() {
    let server = Server::of(World::new()).await;
    server.exchange(head(&Call::put("k", ""), "")).await;
    let get = Call::get("k");
    for call in [
        get.clone().target(|it| format!("http://localhost:8080{it}")),
        get.clone().target(|it| format!("http://other:8080{it}")),
        get.clone().header("host", "other"),
        get.clone().without("host").header("host", "other"),
        get.clone().without("host"),
        get.clone().without("host").header("x-forwarded-host", "localhost:8080"),
        get.clone().without("host").header("host", "localhost:8080.").header("forwarded", "host=a"),
    ] {
        let answer = server.exchange(head(&call, "Connection: close\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 40"), "{call:?} {answer}");
    }
    let answer = server.exchange(head(&get, "X-Forwarded-Host: other\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn a_download_that_fails_is_never_complete() {
    for end in [End::Begin, End::Error, End::Nothing] {
        let inside = World::new().backend;
        let key = ObjectKey::new("k").unwrap();
        inside.objects().put(&key, bytes_of("0123456789"), PutRequest::new(10)).await.unwrap();
        let server = Server::of(World::over(Broken::over(inside, || StoreError::Full, end))).await;
        let answer = server.exchange(head(&Call::get("k"), "")).await;
        if end == End::Begin {
            assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
            continue;
        }
        assert!(answer.contains("content-length: 10\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n01234[closed]"), "{answer}");
    }
}

#[tokio::test]
async fn an_answer_without_a_body_says_no_length() {
    let server = Server::of(World::new()).await;
    let put = server.exchange(head(&Call::put("k", "abc"), "") + "abc").await;
    assert!(put.contains("content-length: 0\r\n"), "{put}");
    let preflight = server.exchange(head(&Call::get("k").method("OPTIONS"), "")).await;
    let unchanged = server.exchange(head(&Call::get("k").header("if-none-match", "*"), "")).await;
    for (status, answer) in [("204", preflight), ("304", unchanged)] {
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(!answer.contains("content-length") && !answer.contains("transfer-enc"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    }
    let head_of = server.exchange(head(&Call::get("k").method("HEAD"), "")).await;
    assert!(
        head_of.contains("content-length: 3\r\n") && head_of.ends_with("\r\n\r\n"),
        "{head_of}"
    );
}
