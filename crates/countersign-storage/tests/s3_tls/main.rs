//! A store behind TLS: trusted by the certificates that were given, and by no others.

#[path = "../support/folder.rs"]
mod folder;
#[path = "../behaviour/server.rs"]
mod server;

use std::sync::Arc;

use countersign::{Credentials, SecretKey};
use countersign_storage::{
    ObjectKey, PutRequest, S3, S3Error, S3Settings, StoreError, bytes_of, collect,
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use server::{ACCESS_KEY_ID, BUCKET, SECRET, Server};

/// Puts TLS before a store. Returns the port, and the certificate in PEM.
async fn behind_tls(store: String) -> (u16, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed([String::from("localhost")]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let (acceptor, store) = (acceptor.clone(), store.clone());
            tokio::spawn(async move {
                // Who does not trust the certificate goes away.
                let Ok(mut client) = acceptor.accept(socket).await else { return };
                let address = store.strip_prefix("http://").unwrap();
                let mut upstream = TcpStream::connect(address).await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut upstream).await;
            });
        }
    });
    (port, cert.pem())
}

#[tokio::test]
async fn a_store_is_trusted_by_the_certificates_that_were_given() {
    let server = Server::start().await;
    let (port, pem) = behind_tls(server.endpoint()).await;
    let (_, stranger) = behind_tls(server.endpoint()).await;
    let settings = |host: &str| {
        let credentials = Credentials::new(ACCESS_KEY_ID, SecretKey::new(SECRET).unwrap()).unwrap();
        S3Settings::new(BUCKET, "us-east-1", format!("https://{host}:{port}"), credentials)
    };
    let key = ObjectKey::new("k").unwrap();
    let put = PutRequest::new(9 * 1024 * 1024);
    let body = vec![7; 9 * 1024 * 1024];

    let both = format!("{stranger}{pem}");
    let trusting = S3::new(settings("localhost").with_root_certificates(both.as_bytes())).unwrap();
    let backend = trusting.backend();
    backend.objects().put(&key, bytes_of(body.clone()), put).await.unwrap();
    let object = backend.objects().open(&key).await.unwrap();
    assert_eq!(collect(object.read(0..u64::MAX)).await.unwrap(), body);
    assert_eq!(server.uploads_at("k"), 0);

    for (wrong, why) in [
        (
            settings("localhost").with_root_certificates(stranger.as_bytes()),
            "another's certificate",
        ),
        (settings("127.0.0.1").with_root_certificates(pem.as_bytes()), "another name"),
        (settings("localhost"), "the system's certificates"),
    ] {
        let refused = S3::new(wrong).unwrap().backend().objects().open(&key).await.unwrap_err();
        let StoreError::Backend { source } = refused else { panic!("{why}: {refused:?}") };
        assert!(
            matches!(source.downcast_ref(), Some(S3Error::Unreachable(_))),
            "{why}: {source:?}"
        );
    }
}
