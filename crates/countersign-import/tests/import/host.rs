//! What a server is told.

use tokio::io::AsyncWriteExt as _;

use crate::server::{ALLOWED, Names, Server, fetch, fetcher, file, limits};

#[tokio::test]
async fn a_server_is_told_its_name_and_nothing_of_us() {
    let server = Server::with(ALLOWED.into(), |head, mut stream| {
        Box::pin(async move {
            stream.write_all(file("", &head).as_bytes()).await?;
            stream.shutdown().await
        })
    })
    .await;
    let allowed = ALLOWED.to_string();
    let fetcher = fetcher(Names::new(&[&[&allowed]]), limits());
    let port = server.address.port();
    let url = format!("http://Files.Example.:{port}/%7Ea/../b%2Fc?d=e&f=%41 g#h");
    let head = String::from_utf8(fetch(&fetcher, &url).await.unwrap()).unwrap();
    let expected = format!(
        "GET /b%2Fc?d=e&f=%41%20g HTTP/1.1\r\nhost: files.example.:{port}\r\nuser-agent: \
         countersign/{}\r\naccept: */*\r\naccept-encoding: identity\r\nconnection: close\r\n\r\n",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(head, expected);
}
