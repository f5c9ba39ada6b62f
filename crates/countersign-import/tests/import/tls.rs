//! Over TLS, the server has to be the one that was meant, whatever its address.

use std::{net::IpAddr, sync::Arc};

use countersign_import::{FetchError, Fetcher, SetUpError};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{ServerConfig, crypto::ring, pki_types::PrivatePkcs8KeyDer};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use crate::server::{ALLOWED, Names, fetch, file, guard, limits};

/// A server with a certificate of its own, and the certificate. It answers by the name that it was
/// asked for in the handshake.
async fn tls_server(name: &str, answer: impl Fn(&str) -> String + Send + 'static) -> (u16, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key.into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((IpAddr::from(ALLOWED), 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let asked = stream.get_ref().1.server_name().unwrap_or("nobody").to_owned();
            stream.read_u8().await.unwrap();
            stream.write_all(answer(&asked).as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
            // Without its farewell: what the length says is enough.
            stream.get_mut().0.shutdown().await.unwrap();
        }
    });
    (port, cert.pem())
}

/// As the server would, but for what the tests allow and trust.
fn trusting(pem: &str) -> Fetcher {
    let allowed = ALLOWED.to_string();
    let guard = guard(Names::new(&[&[&allowed]]));
    Fetcher::with_root_certificates(guard, limits(), pem.as_bytes()).unwrap()
}

#[tokio::test]
async fn the_name_of_the_url_is_asked_for_and_certified() {
    let echo = |asked: &str| file("", asked);
    let (port, pem) = tls_server("files.example", echo).await;
    let url = format!("https://files.example:{port}/");
    assert_eq!(fetch(&trusting(&pem), &url).await.unwrap(), b"files.example");
    // Another name, the bare address, and a certificate that nobody knows.
    let (_, other_pem) = tls_server("files.example", echo).await;
    for (wrong, pem) in [
        (format!("https://other.example:{port}/"), &pem),
        (format!("https://{ALLOWED}:{port}/"), &pem),
        (url, &other_pem),
    ] {
        let found = fetch(&trusting(pem), &wrong).await;
        assert!(matches!(found, Err(FetchError::Untrusted(_))), "{wrong}: {found:?}");
    }
}

#[tokio::test]
async fn a_redirect_from_https_to_http_is_not_followed() {
    let down = |_: &str| {
        "HTTP/1.1 302 X\r\nLocation: http://files.example/\r\nContent-Length: 0\r\n\r\n".to_owned()
    };
    let (port, pem) = tls_server("files.example", down).await;
    let found = fetch(&trusting(&pem), &format!("https://files.example:{port}/")).await;
    assert!(matches!(found, Err(FetchError::Downgrade)), "{found:?}");
}

#[test]
fn certificates_that_are_none_are_refused() {
    for wrong in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let built =
            Fetcher::with_root_certificates(guard(Names::none()), limits(), wrong.as_bytes());
        assert!(matches!(built, Err(SetUpError::RootCertificates)), "{built:?}");
    }
}
