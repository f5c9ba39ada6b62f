//! Data sources out of other people's servers.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use countersign_api::{App, ImportLimits};
use countersign_import::{Fetcher, Guard, Limits, PlainHttp, SystemResolver};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::Semaphore,
    time::{sleep, timeout},
};

use crate::{
    client::{
        BAD_EXTENSION, Client, INVALID, NO_SOURCE, NO_URL, NOT_FOUND, NOT_OWNER, data, refused,
    },
    common::{Answer, House},
    spy::Spy,
};

/// Where the files of the tests are: the one address that is allowed.
const ORIGIN: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// What no answer may have.
const SECRET: &str = "X-Amz-Signature=9ca0c58d508926a5";

/// A server that sends the first bytes of an answer, and the rest once it may.
pub(crate) struct Origin {
    address: SocketAddr,
    may_go_on: Arc<Semaphore>,
    closed: Arc<Semaphore>,
}

impl Origin {
    pub(crate) async fn new(answer: impl Into<Vec<u8>>, first_len: usize) -> Self {
        let listener = TcpListener::bind((ORIGIN, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let answer: Arc<[u8]> = answer.into().into();
        let may_go_on = Arc::new(Semaphore::new(0));
        let closed = Arc::new(Semaphore::new(0));
        let (gate, end) = (Arc::clone(&may_go_on), Arc::clone(&closed));
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (answer, gate, end) =
                    (Arc::clone(&answer), Arc::clone(&gate), Arc::clone(&end));
                tokio::spawn(async move {
                    let mut head = [0; 4_096];
                    let _ = stream.read(&mut head).await?;
                    let (first, rest) = answer.split_at(first_len);
                    stream.write_all(first).await?;
                    tokio::select! {
                        permit = gate.acquire() => permit.unwrap().forget(),
                        _ = stream.read_u8() => {
                            end.add_permits(1);
                            return Ok(());
                        }
                    }
                    stream.write_all(rest).await?;
                    stream.shutdown().await
                });
            }
        });
        Self { address, may_go_on, closed }
    }

    /// One that sends all at once.
    pub(crate) async fn saying(answer: impl Into<Vec<u8>>) -> Self {
        let origin = Self::new(answer, 0).await;
        origin.may_go_on.add_permits(1_000);
        origin
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/files/a?{SECRET}#f", self.address)
    }

    pub(crate) fn go_on(&self) {
        self.may_go_on.add_permits(1);
    }

    /// Waits until nobody listens any more.
    pub(crate) async fn is_left(&self) {
        let closed = timeout(Duration::from_secs(5), self.closed.acquire()).await;
        closed.expect("the connection is open").unwrap().forget();
    }
}

pub(crate) fn file(body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

pub(crate) fn importing(limits: ImportLimits) -> impl FnOnce(App) -> App {
    let guard = Guard::new(Arc::new(SystemResolver))
        .with_http(PlainHttp::Allowed)
        .danger_allow_private_addresses(&[ORIGIN.to_string().parse().unwrap()])
        .with_own_url("http://files.example:8080")
        .unwrap();
    let fetcher = Fetcher::new(guard, Limits { bytes_max: 1_000, ..Limits::default() }).unwrap();
    move |app| app.with_imports(fetcher, limits)
}

pub(crate) async fn house() -> (House, Spy) {
    Spy::house_with(importing(ImportLimits::default())).await
}

impl Client<'_> {
    pub(crate) async fn try_import(&self, dataset: &str, name: &str, url: &str) -> Answer {
        let body = json!({ "name": name, "type": "FILE", "url": url });
        self.post(&format!("/datasets/{dataset}/datasources"), body).await
    }

    pub(crate) async fn import(&self, dataset: &str, name: &str, url: &str) -> Value {
        data(&self.try_import(dataset, name, url).await)
    }

    pub(crate) async fn read(&self, source: &Value) -> Answer {
        let [dataset, id] = ["dataset_id", "id"].map(|it| source[it].as_str().unwrap());
        self.get(&format!("/datasets/{dataset}/datasources/{id}")).await
    }

    /// A data source once it is not on its way any more.
    pub(crate) async fn settled(&self, source: &Value) -> Value {
        for _ in 0..500 {
            let found = data(&self.read(source).await);
            if found["status"] != "synching" {
                return found;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("{source} is on its way for ever");
    }
}

#[tokio::test]
async fn a_file_comes_from_its_url() {
    let (house, _) = house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("sales").await;
    let origin = Origin::new(file("a,b\n1,2\n"), 40).await;
    let begun = ann.import(&dataset, "sales.csv", &origin.url()).await;
    let shown = json!({
        "id": begun["id"], "dataset_id": dataset, "name": "sales.csv", "type": "FILE",
        "status": "synching", "size": null,
    });
    assert_eq!(begun, shown);
    let path = format!("/datasets/{dataset}/datasources");
    let listed = data(&ann.get(&format!("{path}?status=synching")).await);
    assert_eq!(listed["records"], json!([shown]));
    let link = format!("{path}/{}/presign", begun["id"].as_str().unwrap());
    refused(&ann.post(&link, json!({})).await, NO_URL);

    origin.go_on();
    let came = ann.settled(&begun).await;
    assert_eq!((&came["status"], &came["size"]), (&json!("synched"), &json!(8)));
    assert_eq!(came.get("reason"), None);
    let url = data(&ann.post(&link, json!({})).await);
    let key = house.verified("GET", url["presigned_url"].as_str().unwrap(), &[]);
    assert_eq!(house.stored(&key).await.unwrap(), b"a,b\n1,2\n");
    assert!(
        key.as_str().starts_with("objects/") && key.as_str().rsplit('.').next() == Some("csv"),
        "{key:?}"
    );
}

#[tokio::test]
async fn a_file_without_a_dataset_gets_one() {
    let (house, _) = house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let origin = Origin::saying(file("%PDF-1.7")).await;
    let body = json!({ "name": "a.pdf", "type": "FILE", "url": origin.url() });
    let begun = data(&ann.post("/datasources", body).await);
    assert_eq!(ann.settled(&begun).await["status"], "synched");
    let datasets = data(&ann.get("/datasets").await);
    assert_eq!(datasets["records"][0]["id"], begun["dataset_id"]);
    assert_eq!(datasets["records"][0]["name"], "a.pdf");
}

#[tokio::test]
async fn the_first_generation_imports_too() {
    let (house, _) = house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("sales").await;
    let origin = Origin::saying(file("a,b\n1,2\n")).await;
    let wish = json!({
        "name": "Sales of May", "fileName": "sales.csv", "type": "FILE", "url": origin.url(),
    });
    for path in [&*format!("/datasets/{dataset}/datasources"), "/datasources"] {
        let begun = data(&ann.v1_as_self("POST", path, &wish).await);
        assert_eq!(
            (&begun["status"], &begun["name"]),
            (&json!("synching"), &json!("Sales of May"))
        );
        assert_eq!(begun["fileName"], "sales.csv");
        let begun = json!({ "dataset_id": begun["datasetId"], "id": begun["id"] });
        assert_eq!(ann.settled(&begun).await["status"], "synched");
    }
    // The name of the file says what it has to be, not that of the data source.
    let wish = json!({ "name": "a.csv", "fileName": "a.exe", "type": "FILE", "url": origin.url() });
    let answer = ann.v1_as_self("POST", "/datasources", &wish).await;
    assert_eq!(answer.body["code"], 100_001);
}

#[tokio::test]
async fn what_is_no_such_file_is_invalid_and_says_why() {
    let (house, spy) = house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("sales").await;
    let html = "<html>Please log in, secret</html>";
    let redirect = "HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    let own = "HTTP/1.1 302 X\r\nLocation: http://files.example/\r\nContent-Length: 0\r\n\r\n";
    let cases: [(&str, Vec<u8>, &str); 12] = [
        ("a.pdf", file(html), "the content is not what the extension says"),
        ("a.xlsx", file(html), "the content is not what the extension says"),
        ("a.csv", file(b"a\0b"), "the content is not UTF-8 text"),
        ("a.csv", file(b"\x1f\x8b\x08"), "the content is not UTF-8 text"),
        ("a.csv", file(""), "the file is empty"),
        ("a.csv", file("a".repeat(1_001)), "the file has more than 1000 bytes"),
        (
            "a.csv",
            "HTTP/1.1 404 X\r\nContent-Length: 6\r\n\r\nsecret".into(),
            "the server answered with status 404",
        ),
        (
            "a.csv",
            redirect.into(),
            "the server redirects to a url that is not fetched: its host has no public address",
        ),
        (
            "a.csv",
            own.into(),
            "the server redirects to a url that is not fetched: it leads to this server",
        ),
        ("a.csv", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".into(), "the file broke off"),
        (
            "a.csv",
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\na".into(),
            "the server sends an encoded file, though it was asked for a plain one",
        ),
        ("a.csv", "SSH-2.0-secret\r\n".into(), "the server does not answer as it has to"),
    ];
    for (name, answer, reason) in cases {
        let origin = Origin::saying(answer).await;
        let begun = ann.import(&dataset, name, &origin.url()).await;
        let ended = ann.settled(&begun).await;
        let expected = json!({
            "id": begun["id"], "dataset_id": dataset, "name": name, "type": "FILE",
            "status": "invalid", "size": null, "reason": reason,
        });
        assert_eq!(ended, expected);
        assert!(!format!("{begun}{ended}").contains(SECRET));
    }
    let path = format!("/datasets/{dataset}/datasources?status=invalid");
    assert_eq!(data(&ann.get(&path).await)["total_items"], 12);
    assert!(spy.keys().len() > 5);
    assert!(spy.stored(&house).await.is_empty(), "refused bytes stay");
}

#[tokio::test]
async fn what_cannot_be_imported_is_refused_at_once() {
    let (house, _) = house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let eve = Client::new(&house, "acme", "eve").await;
    let bob = Client::new(&house, "zenith", "bob").await;
    let dataset = ann.dataset("sales").await;
    let right = "https://public.example/a.csv";
    for wrong in [
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/",
        "https://u:secret@public.example/",
        "file:///etc/passwd",
        "https://public.example\\@x/",
        "http://files.example/",
        "http://8.8.8.8:22/",
        "",
        "x",
        "ftp://public.example/",
        &format!("https://public.example/{}", "a".repeat(8_200)),
    ] {
        let answer = ann.try_import(&dataset, "a.csv", wrong).await;
        refused(&answer, INVALID);
        let message = answer.body["msg"].as_str().unwrap();
        assert!(message.starts_with("Invalid parameters: url: "), "{message}");
        assert!(!message.contains("secret") && message.len() < 100, "{message}");
    }
    refused(&ann.try_import(&dataset, "a.exe", right).await, BAD_EXTENSION);
    refused(&ann.try_import(&dataset, "a", right).await, BAD_EXTENSION);
    refused(&eve.try_import(&dataset, "a.csv", right).await, NOT_OWNER);
    let theirs = bob.try_import(&dataset, "a.csv", right).await;
    refused(&theirs, NOT_FOUND);
    let nobodys =
        bob.try_import(&format!("dataset-{}", uuid::Uuid::new_v4()), "a.csv", right).await;
    assert_eq!(theirs.body, nobodys.body);
    let path = format!("/datasets/{dataset}/datasources");
    assert_eq!(data(&ann.get(&path).await)["total_items"], 0);
    assert_eq!(ann.datasets_total().await, 1);
}

#[tokio::test]
async fn nothing_is_imported_unless_it_is_enabled() {
    let house = House::new().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("sales").await;
    let answer = ann.try_import(&dataset, "a.csv", "https://public.example/a.csv").await;
    refused(&answer, NO_SOURCE);
    let expected = "Fail to create datasource: importing from a url is disabled on this server";
    assert_eq!(answer.body["msg"], expected);
}

#[tokio::test]
async fn a_request_that_is_repeated_on_its_way_is_the_same() {
    let (house, _) = house().await;
    let ann = Client::new(&house, "acme", "ann").await;
    let dataset = ann.dataset("sales").await;
    let origin = Origin::new(file("a"), 10).await;
    let url = origin.url();
    let (first, second) =
        tokio::join!(ann.import(&dataset, "a.csv", &url), ann.import(&dataset, "a.csv", &url));
    assert_eq!(first, second);
    let other = ann.import(&dataset, "b.csv", &url).await;
    assert_ne!(first["id"], other["id"]);
    let body = json!({ "name": "c.csv", "type": "FILE", "url": url });
    let third = data(&ann.post("/datasources", body.clone()).await);
    assert_eq!(data(&ann.post("/datasources", body).await), third);
    for _ in 0..3 {
        origin.go_on();
    }
    for source in [&first, &other, &third] {
        assert_eq!(ann.settled(source).await["status"], "synched");
    }
    origin.go_on();
    // Once it is there, the file may be another one by now.
    let again = ann.import(&dataset, "a.csv", &url).await;
    assert_ne!(again["id"], first["id"]);
}
