//! Our `Signer` signs what that of `object_store` signs, which others wrote.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use countersign::{Addressing, Credentials, Endpoint, Region, SecretKey, Timestamp};
use countersign_storage::{StoreSigner, UrlSigner};
use http::{HeaderName, HeaderValue, Method};
use object_store::{
    Error,
    aws::AmazonS3Builder,
    client::{
        ClientOptions, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest,
        HttpResponse, HttpService,
    },
    path::Path,
    signer::{SignedUrlOptions, Signer, Url},
};

const ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const TOKEN: &str = "IQoJb3JpZ2luX2Vj/+==";

static NOW: AtomicI64 = AtomicI64::new(0);

fn clock() -> Timestamp {
    Timestamp::from_unix_secs(NOW.load(Ordering::SeqCst)).unwrap()
}

fn ours(credentials: Credentials, prefix: &str) -> StoreSigner {
    let endpoint = Endpoint::parse("https://s3.example:8443", Addressing::Path).unwrap();
    let (bucket, region) = (endpoint.bucket("data").unwrap(), Region::new("eu-central-1").unwrap());
    let urls = UrlSigner::new(credentials, region, bucket, clock()).with_prefix(prefix);
    StoreSigner::new(urls, clock)
}

fn credentials() -> Credentials {
    let secret = SecretKey::new(SECRET).unwrap();
    Credentials::new(ID, secret).unwrap().with_session_token(TOKEN).unwrap()
}

/// Nothing is sent.
#[derive(Debug)]
struct Offline;

impl HttpConnector for Offline {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Self))
    }
}

#[async_trait::async_trait]
impl HttpService for Offline {
    async fn call(&self, _: HttpRequest) -> Result<HttpResponse, HttpError> {
        Err(HttpError::new(HttpErrorKind::Unknown, std::io::Error::other("offline")))
    }
}

fn theirs() -> impl Signer {
    AmazonS3Builder::new()
        .with_endpoint("https://s3.example:8443")
        .with_bucket_name("data")
        .with_region("eu-central-1")
        .with_access_key_id(ID)
        .with_secret_access_key(SECRET)
        .with_token(TOKEN)
        .with_http_connector(Offline)
        .build()
        .unwrap()
}

fn parameters(url: &Url) -> BTreeMap<String, String> {
    url.query_pairs().into_owned().collect()
}

#[tokio::test]
async fn a_url_is_the_one_that_object_store_makes() {
    let part = [("partNumber", "7"), ("uploadId", "a+b/c=")];
    let typed = |options: SignedUrlOptions| {
        let digest = HeaderValue::from_static("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        options
            .with_signed_header(http::header::CONTENT_TYPE, HeaderValue::from_static("text/csv"))
            .with_signed_header(HeaderName::from_static("x-amz-checksum-sha256"), digest)
    };
    let options = [
        SignedUrlOptions::new(),
        SignedUrlOptions::new().with_query(part),
        typed(SignedUrlOptions::new()),
        typed(SignedUrlOptions::new().with_query(part)),
    ];
    let mut compared = 0;
    for path in ["k", "objects/ü ñ+a%41?&#.csv", "a/b/c~d"] {
        for method in [Method::GET, Method::PUT, Method::HEAD, Method::DELETE] {
            for options in &options {
                let (path, life) = (Path::parse(path).unwrap(), Duration::from_mins(10));
                let expected =
                    theirs().signed_url_opts(method.clone(), &path, life, options).await.unwrap();
                let at = Timestamp::parse(&parameters(&expected)["X-Amz-Date"]).unwrap();
                NOW.store(at.unix_secs(), Ordering::SeqCst);
                let url = ours(credentials(), "")
                    .signed_url_opts(method.clone(), &path, life, options)
                    .await
                    .unwrap();
                assert_eq!(parameters(&url), parameters(&expected), "{url}\n{expected}");
                assert_eq!(url.path(), expected.path());
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 48);
}

#[tokio::test]
async fn what_cannot_be_bound_is_refused() {
    let (signer, path) = (ours(credentials(), "below"), Path::from("k"));
    let sign = |life, options: SignedUrlOptions| {
        let (signer, path) = (&signer, &path);
        async move {
            signer.signed_url_opts(Method::PUT, path, Duration::from_secs(life), &options).await
        }
    };
    let url = sign(600, SignedUrlOptions::new()).await.unwrap();
    assert_eq!(url.path(), "/data/below/k");
    for name in ["X-Amz-Checksum-Sha256", "x-amz-acl", "X-Amz-Expires"] {
        let refused = sign(600, SignedUrlOptions::new().with_query([(name, "x")])).await;
        assert!(matches!(refused, Err(Error::NotSupported { .. })), "{name}");
    }
    let host = (http::header::HOST, HeaderValue::from_static("evil.example"));
    let twice = SignedUrlOptions::new()
        .with_signed_header(http::header::CONTENT_TYPE, HeaderValue::from_static("a/b"))
        .with_signed_header(http::header::CONTENT_TYPE, HeaderValue::from_static("c/d"));
    for options in [SignedUrlOptions::new().with_signed_header(host.0, host.1), twice] {
        assert!(matches!(sign(600, options).await, Err(Error::Generic { .. })));
    }
    for life in [0, 604_801] {
        assert!(matches!(sign(life, SignedUrlOptions::new()).await, Err(Error::Generic { .. })));
    }
}

#[tokio::test]
async fn no_url_outlives_its_credentials() {
    fn noon() -> Timestamp {
        Timestamp::parse("20261121T120000Z").unwrap()
    }
    let (path, life) = (Path::from("k"), Duration::from_mins(10));
    for (left_secs, expires) in [(-1, None), (0, None), (1, Some("1")), (60, Some("60"))] {
        let ends = Timestamp::from_unix_secs(noon().unix_secs() + left_secs).unwrap();
        let endpoint = Endpoint::parse("https://s3.example", Addressing::Path).unwrap();
        let (bucket, region) = (endpoint.bucket("b").unwrap(), Region::new("r").unwrap());
        let urls = UrlSigner::new(credentials().with_expiry(ends), region, bucket, noon());
        let url = StoreSigner::new(urls, noon).signed_url(Method::GET, &path, life).await;
        let found = url.ok().map(|url| parameters(&url)["X-Amz-Expires"].clone());
        assert_eq!(found.as_deref(), expires, "{left_secs} s are left");
    }
}
