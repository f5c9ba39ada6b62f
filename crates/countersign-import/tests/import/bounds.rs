//! Servers that have no end, no haste or no truth.

use std::time::{Duration, Instant};

use countersign_import::{FetchError, Limits};
use tokio::{io::AsyncWriteExt as _, time::sleep};

use crate::server::{ALLOWED, Names, Server, fetch, fetcher, file, limits};

/// Sends a head, and then the same bytes for ever.
async fn endless(head: &'static str, bytes: &'static [u8], pause: Duration) -> Server {
    Server::with(ALLOWED.into(), move |_, mut stream| {
        Box::pin(async move {
            stream.write_all(head.as_bytes()).await?;
            loop {
                stream.write_all(bytes).await?;
                if !pause.is_zero() {
                    sleep(pause).await;
                }
            }
        })
    })
    .await
}

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const LONG: &str = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";

async fn refused(server: &Server, limits: Limits) -> FetchError {
    let begun = Instant::now();
    let found = fetch(&fetcher(Names::none(), limits), &server.url("/")).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(5), "{found:?} took {:?}", begun.elapsed());
    found
}

#[tokio::test]
async fn a_file_that_has_no_end_is_left_at_the_limit() {
    let mut chunk = b"1000\r\n".to_vec();
    chunk.extend([b'a'; 0x1000]);
    chunk.extend(b"\r\n");
    let server = endless(CHUNKED, chunk.leak(), Duration::ZERO).await;
    let found = refused(&server, limits()).await;
    assert!(matches!(found, FetchError::TooLarge { bytes_max: 1_048_576 }), "{found:?}");
}

#[tokio::test]
async fn a_file_that_says_that_it_is_too_long_is_not_begun() {
    let huge = "HTTP/1.1 200 OK\r\nContent-Length: 107374182400\r\n\r\n";
    let found = refused(&Server::saying(huge).await, limits()).await;
    assert!(matches!(found, FetchError::TooLarge { .. }), "{found:?}");
    for (len, is_taken) in [(1_048_576, true), (1_048_577, false)] {
        let server = Server::saying(file("", &"a".repeat(len))).await;
        let found = fetch(&fetcher(Names::none(), limits()), &server.url("/")).await;
        assert_eq!(found.is_ok(), is_taken, "{len}");
    }
}

#[tokio::test]
async fn a_file_that_drips_is_too_slow() {
    let server = endless(LONG, b"a", Duration::from_millis(100)).await;
    let limits = Limits { slow_max: Duration::from_secs(1), ..limits() };
    let found = refused(&server, limits).await;
    assert!(matches!(found, FetchError::TooSlow { bytes_per_sec_min: 1_024 }), "{found:?}");
}

#[tokio::test]
async fn a_file_that_is_fast_enough_and_too_long_on_its_way_is_too_late() {
    let server = endless(LONG, &[b'a'; 2_000], Duration::from_millis(100)).await;
    let limits = Limits {
        total_max: Duration::from_secs(2),
        slow_max: Duration::from_millis(500),
        ..limits()
    };
    let found = refused(&server, limits).await;
    assert!(matches!(found, FetchError::TooLate { .. }), "{found:?}");
}

#[tokio::test]
async fn whoever_reads_slowly_is_not_held_against_the_server() {
    let server = Server::saying(file("", &"a".repeat(1_000_000))).await;
    let limits = Limits { slow_max: Duration::from_millis(1), ..limits() };
    let fetcher = fetcher(Names::none(), limits);
    let url = fetcher.guard().parse(&server.url("/")).unwrap();
    let mut file = fetcher.fetch(&url).await.unwrap();
    sleep(Duration::from_secs(3)).await;
    let mut len = 0;
    while let Some(chunk) = file.chunk().await.unwrap() {
        len += chunk.len();
    }
    assert_eq!(len, 1_000_000);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left() {
    let limits = Limits { silence_max: Duration::from_millis(300), ..limits() };
    for beginning in ["", "HTTP/1.1 200 OK\r\nA: ", LONG] {
        let server = Server::with(ALLOWED.into(), move |_, mut stream| {
            Box::pin(async move {
                stream.write_all(beginning.as_bytes()).await?;
                sleep(Duration::from_mins(1)).await;
                Ok(())
            })
        })
        .await;
        let found = refused(&server, limits).await;
        assert!(matches!(found, FetchError::Silent { .. }), "{beginning:?}: {found:?}");
    }
    // A head that drips is as silent as none.
    let server = endless("HTTP/1.1 200 OK\r\nA: ", b"a", Duration::from_millis(20)).await;
    let found = refused(&server, limits).await;
    assert!(matches!(found, FetchError::Silent { .. }), "{found:?}");
    // So is one that tells us for ever to go on.
    let again = b"HTTP/1.1 100 Continue\r\n\r\n";
    let server = endless("", again, Duration::from_millis(5)).await;
    let found = refused(&server, limits).await;
    assert!(matches!(found, FetchError::Silent { .. }), "{found:?}");
}

#[tokio::test]
async fn a_head_has_an_end() {
    let endless_head = endless("HTTP/1.1 200 OK\r\nA: ", &[b'a'; 1_024], Duration::ZERO).await;
    let found = refused(&endless_head, limits()).await;
    assert!(matches!(found, FetchError::Malformed(_)), "{found:?}");
    let headers = "A: a\r\n".repeat(200);
    let found = refused(&Server::saying(file(&headers, "a")).await, limits()).await;
    assert!(matches!(found, FetchError::Malformed(_)), "{found:?}");
    let ten_mib = format!("A: {}\r\n", "a".repeat(10 * 1_048_576));
    let found = refused(&Server::saying(file(&ten_mib, "a")).await, limits()).await;
    assert!(matches!(found, FetchError::Malformed(_)), "{found:?}");
}

#[tokio::test]
async fn what_is_packed_is_not_unpacked() {
    for headers in [
        "Content-Encoding: gzip\r\n",
        "Content-Encoding: br\r\n",
        "Content-Encoding: zstd\r\n",
        "Content-Encoding: identity, gzip\r\n",
        "Content-Encoding: deflate\r\n",
    ] {
        let found = refused(&Server::saying(file(headers, "\u{1f}a")).await, limits()).await;
        assert!(matches!(found, FetchError::Encoded), "{headers}: {found:?}");
    }
    let twice = "Content-Encoding: identity\r\nContent-Encoding: gzip\r\n";
    let found = refused(&Server::saying(file(twice, "a")).await, limits()).await;
    assert!(matches!(found, FetchError::Malformed(_)), "{found:?}");
    let packed = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
    let found = refused(&Server::saying(packed).await, limits()).await;
    assert!(matches!(found, FetchError::Encoded), "{found:?}");
    for plain in ["", "Content-Encoding: identity\r\n", "Content-Encoding: IDENTITY\r\n"] {
        let server = Server::saying(file(plain, "a,b")).await;
        let found = fetch(&fetcher(Names::none(), limits()), &server.url("/")).await;
        assert_eq!(found.unwrap(), b"a,b", "{plain}");
    }
}

#[tokio::test]
async fn a_file_that_broke_off_is_no_file() {
    for cut in [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    ] {
        let found = refused(&Server::saying(cut).await, limits()).await;
        assert!(matches!(found, FetchError::BrokenOff(_)), "{cut:?}: {found:?}");
    }
    // Nobody could tell.
    let found = refused(&Server::saying("HTTP/1.1 200 OK\r\n\r\nabc").await, limits()).await;
    assert!(matches!(found, FetchError::NoLength), "{found:?}");
    // What is more than was said is not read.
    let more = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef";
    let server = Server::saying(more).await;
    let found = fetch(&fetcher(Names::none(), limits()), &server.url("/")).await;
    assert_eq!(found.unwrap(), b"abc");
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nT: t\r\n\r\n";
    let server = Server::saying(chunked).await;
    let found = fetch(&fetcher(Names::none(), limits()), &server.url("/")).await;
    assert_eq!(found.unwrap(), b"abc");
}

#[tokio::test]
async fn an_answer_that_is_read_in_two_ways_is_none() {
    for wrong in [
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\na",
        "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na",
        "SSH-2.0-OpenSSH_9.6\r\n",
        "+OK redis\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "",
    ] {
        let found = refused(&Server::saying(wrong).await, limits()).await;
        assert!(matches!(found, FetchError::Malformed(_)), "{wrong:?}: {found:?}");
        assert!(!format!("{found}").contains("redis"), "{found}");
    }
}

#[tokio::test]
async fn nobody_there_is_told() {
    let listener = tokio::net::TcpListener::bind((ALLOWED, 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let found = fetch(&fetcher(Names::none(), limits()), &url).await;
    assert!(matches!(found, Err(FetchError::Unreachable(_))), "{found:?}");
}

#[tokio::test]
async fn what_is_dropped_is_asked_no_more() {
    let (gone, heard) = std::sync::mpsc::channel();
    let server = Server::with(ALLOWED.into(), move |_, mut stream| {
        let gone = gone.clone();
        Box::pin(async move {
            stream.write_all(LONG.as_bytes()).await?;
            while stream.write_all(b"a").await.is_ok() {
                sleep(Duration::from_millis(10)).await;
            }
            gone.send(()).unwrap();
            Ok(())
        })
    })
    .await;
    let fetcher = fetcher(Names::none(), limits());
    let url = fetcher.guard().parse(&server.url("/")).unwrap();
    let mut file = fetcher.fetch(&url).await.unwrap();
    file.chunk().await.unwrap();
    drop(file);
    let waited = async {
        while heard.try_recv().is_err() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), waited).await.expect("the connection is open");
}
