//! Servers that send us elsewhere.

use std::net::IpAddr;

use countersign_import::{FetchError, UrlFault};
use tokio::io::AsyncWriteExt as _;

use crate::server::{ALLOWED, Names, Server, fetch, fetcher, file, limits};

fn redirect(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nLocation: {location}\r\nContent-Length: 6\r\n\r\nsecret")
}

#[tokio::test]
async fn every_redirect_is_checked_as_the_first_url_was() {
    let canary = Server::canary().await;
    let port = canary.address.port();
    let fetcher = fetcher(Names::new(&[&["127.0.0.1"]]), limits());
    let mut count = 0;
    for status in [301, 302, 303, 307, 308] {
        for (location, fault) in [
            (format!("http://127.0.0.1:{port}/"), UrlFault::NotPublic),
            (format!("//127.0.0.1:{port}/"), UrlFault::NotPublic),
            (format!("http://2130706433:{port}/"), UrlFault::NotPublic),
            (format!("http://[::ffff:127.0.0.1]:{port}/"), UrlFault::NotPublic),
            (format!("http://a@127.0.0.1:{port}/"), UrlFault::Userinfo),
            (format!("http:\\\\127.0.0.1:{port}/"), UrlFault::Malformed),
            ("http://169.254.169.254/latest/meta-data/".into(), UrlFault::NotPublic),
            ("http://10.0.0.1/".into(), UrlFault::NotPublic),
            ("https://[fd00::1]/".into(), UrlFault::NotPublic),
            ("file:///etc/passwd".into(), UrlFault::Scheme),
            ("gopher://127.0.0.1:6379/_x".into(), UrlFault::Scheme),
            ("data:text/csv,a".into(), UrlFault::Scheme),
            ("http://[::1".into(), UrlFault::Malformed),
            (format!("/{}", "a".repeat(9_000)), UrlFault::TooLong { len_max: 8_192 }),
        ] {
            let server = Server::saying(redirect(status, &location)).await;
            let found = fetch(&fetcher, &server.url("/")).await;
            let is_right = matches!(found, Err(FetchError::Redirect(found)) if found == fault);
            assert!(is_right, "{status} {location}: {found:?}");
            count += 1;
        }
        // Names: it is what they lead to.
        for location in [format!("http://localhost:{port}/"), format!("http://x.example:{port}/")] {
            let server = Server::saying(redirect(status, &location)).await;
            let found = fetch(&fetcher, &server.url("/")).await;
            assert!(matches!(found, Err(FetchError::NotPublic)), "{location}: {found:?}");
        }
    }
    assert_eq!((count, canary.connections()), (70, 0));
}

#[tokio::test]
async fn three_redirects_are_followed_and_not_a_fourth() {
    let counting = Server::with(ALLOWED.into(), |head, mut stream| {
        Box::pin(async move {
            let left: u32 = head[5..6].parse().unwrap();
            let answer = match left {
                0 => file("", "a"),
                left => redirect(302, &format!("{}", left - 1)),
            };
            stream.write_all(answer.as_bytes()).await?;
            stream.shutdown().await
        })
    })
    .await;
    let fetcher = fetcher(Names::none(), limits());
    for left in 0..=3 {
        assert_eq!(fetch(&fetcher, &counting.url(&format!("/{left}"))).await.unwrap(), b"a");
    }
    let before = counting.connections();
    let found = fetch(&fetcher, &counting.url("/4")).await;
    assert!(matches!(found, Err(FetchError::TooManyRedirects { redirects_max: 3 })), "{found:?}");
    assert_eq!(counting.connections() - before, 4);
    let circle = Server::saying(redirect(301, "/")).await;
    let found = fetch(&fetcher, &circle.url("/")).await;
    assert!(matches!(found, Err(FetchError::TooManyRedirects { .. })), "{found:?}");
    assert_eq!(circle.connections(), 4);
}

#[tokio::test]
async fn nothing_is_told_to_where_a_redirect_leads() {
    // The query of the first URL is a secret of the first server's.
    let last = Server::with(IpAddr::from(ALLOWED), |head, mut stream| {
        Box::pin(async move {
            stream.write_all(file("", &head).as_bytes()).await?;
            stream.shutdown().await
        })
    })
    .await;
    let first = Server::saying(redirect(307, &last.url("/b?c=d#e"))).await;
    let fetcher = fetcher(Names::none(), limits());
    let head = fetch(&fetcher, &first.url("/a.csv?X-Amz-Signature=canary")).await.unwrap();
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("GET /b?c=d HTTP/1.1\r\n"), "{head}");
    assert!(!head.contains("canary") && !head.to_ascii_lowercase().contains("referer"), "{head}");
}

#[tokio::test]
async fn a_redirect_without_a_place_is_none() {
    let fetcher = fetcher(Names::none(), limits());
    for (answer, status) in [
        ("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", 302),
        ("HTTP/1.1 300 X\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", 300),
        ("HTTP/1.1 304 X\r\nLocation: /\r\n\r\n", 304),
        ("HTTP/1.1 206 X\r\nContent-Length: 1\r\n\r\na", 206),
        ("HTTP/1.1 204 X\r\n\r\n", 204),
        ("HTTP/1.1 404 X\r\nContent-Length: 6\r\n\r\nsecret", 404),
        ("HTTP/1.1 500 X\r\nContent-Length: 6\r\n\r\nsecret", 500),
    ] {
        let server = Server::saying(answer).await;
        let found = fetch(&fetcher, &server.url("/")).await.unwrap_err();
        assert!(matches!(found, FetchError::Status { status: it } if it == status), "{found:?}");
        assert!(!format!("{found:?} {found}").contains("secret"), "{found:?}");
    }
    for locations in ["Location: /a\r\nLocation: /b\r\n", "Location: /\u{e9}\r\n"] {
        let answer = format!("HTTP/1.1 302 X\r\n{locations}Content-Length: 0\r\n\r\n");
        let server = Server::saying(answer).await;
        let found = fetch(&fetcher, &server.url("/")).await;
        assert!(matches!(found, Err(FetchError::Malformed(_))), "{locations}: {found:?}");
    }
}
