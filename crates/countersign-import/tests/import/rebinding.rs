//! Names that lead elsewhere when they are looked up again.

use std::{net::Ipv4Addr, sync::atomic::Ordering};

use countersign_import::{FetchError, Fetcher, Guard, PlainHttp};

use crate::server::{ALLOWED, Names, Server, fetch, fetcher, file, limits};

const TRIALS: usize = 1_000;

/// Two servers at one port: one at the address that is allowed, and a canary on the loopback.
async fn pair(answer: String) -> (Server, Server) {
    loop {
        let honest = Server::saying(answer.clone()).await;
        let port = honest.address.port();
        if let Ok(canary) = Server::at((Ipv4Addr::LOCALHOST, port)).await {
            return (honest, canary);
        }
    }
}

#[tokio::test]
async fn a_name_that_changes_its_mind_is_asked_once() {
    let (honest, canary) = pair(file("", "a,b\n")).await;
    let allowed = ALLOWED.to_string();
    let names = Names::new(&[&[&allowed], &["127.0.0.1"]]);
    let fetcher = fetcher(names.clone(), limits());
    let url = format!("http://rebind.example:{}/", honest.address.port());
    let mut fetched = 0;
    for trial in 0..TRIALS {
        match fetch(&fetcher, &url).await {
            Ok(bytes) => {
                assert_eq!(bytes, b"a,b\n");
                fetched += 1;
            }
            Err(error) => assert!(matches!(error, FetchError::NotPublic), "{trial}: {error:?}"),
        }
        assert_eq!(names.calls.load(Ordering::SeqCst), trial + 1, "it was asked again");
    }
    assert_eq!((fetched, honest.connections(), canary.connections()), (500, 500, 0));
}

#[tokio::test]
async fn a_redirect_to_the_same_name_is_a_new_question() {
    // The first answer of each fetch is right, the second is the loopback: a connection that was
    // kept would hide it, and one that was made anew without looking would reach the canary.
    let redirect = "HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n".to_owned();
    let (honest, canary) = pair(redirect).await;
    let allowed = ALLOWED.to_string();
    let fetcher = fetcher(Names::new(&[&[&allowed], &["127.0.0.1"]]), limits());
    let url = format!("http://rebind.example:{}/", honest.address.port());
    for _ in 0..100 {
        let refused = fetch(&fetcher, &url).await;
        assert!(matches!(refused, Err(FetchError::NotPublic)), "{refused:?}");
    }
    assert_eq!((honest.connections(), canary.connections()), (100, 0));
}

#[tokio::test]
async fn one_answer_of_two_is_no_way_in() {
    let (honest, canary) = pair(file("", "a")).await;
    let allowed = ALLOWED.to_string();
    let url = format!("http://both.example:{}/", honest.address.port());
    for answer in [[&*allowed, "127.0.0.1"], ["127.0.0.1", &*allowed]] {
        let refused = fetch(&fetcher(Names::new(&[&answer]), limits()), &url).await;
        assert!(matches!(refused, Err(FetchError::NotPublic)), "{refused:?}");
    }
    assert_eq!((honest.connections(), canary.connections()), (0, 0));
}

/// That the canary would have heard something.
#[tokio::test]
async fn without_the_guard_the_canary_is_reached() {
    let (_honest, canary) = pair(file("", "a")).await;
    let everything = ["0.0.0.0/0".parse().unwrap()];
    let guard = Guard::new(Names::new(&[&["127.0.0.1"]]))
        .with_http(PlainHttp::Allowed)
        .danger_allow_private_addresses(&everything);
    let open = Fetcher::new(guard, limits()).unwrap();
    let url = format!("http://rebind.example:{}/", canary.address.port());
    fetch(&open, &url).await.unwrap_err();
    assert_eq!(canary.connections(), 1);
}
