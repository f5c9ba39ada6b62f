use async_trait::async_trait;
use object_store::{
    ClientOptions,
    aws::{AmazonS3, AmazonS3Builder},
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
    },
    path::Path,
    signer::{Method, SignedUrlOptions, Signer as _, Url},
};

use super::{Presign, ready};
use crate::input::{ACCESS_KEY_ID, BUCKET, LIFETIME, ORIGIN, REGION, SECRET, Task, Upload};

/// `object_store` through its `Signer`, with ring. It reads the clock.
#[derive(Debug)]
pub(crate) struct ObjectStore {
    store: AmazonS3,
}

impl ObjectStore {
    /// With credentials that are there, and a client that connects to nothing.
    pub(crate) fn new() -> Self {
        let store = AmazonS3Builder::new()
            .with_access_key_id(ACCESS_KEY_ID)
            .with_secret_access_key(SECRET)
            .with_region(REGION)
            .with_bucket_name(BUCKET)
            .with_endpoint(ORIGIN)
            .with_virtual_hosted_style_request(true)
            .with_http_connector(Nowhere)
            .build();
        Self { store: store.unwrap() }
    }
}

impl Presign for ObjectStore {
    const NAME: &'static str = "object_store 0.14";

    type Url = Url;

    fn presign(&self, task: Task<'_>) -> Url {
        match task {
            Task::Get(key) => {
                // `Path::from` would encode what is no safe file name, and sign another key.
                let path = Path::parse(key).unwrap();
                ready(self.store.signed_url(Method::GET, &path, LIFETIME)).unwrap()
            }
            Task::Part(Upload { key, id, .. }, number) => {
                let path = Path::parse(key).unwrap();
                let options = SignedUrlOptions::new()
                    .with_query([("partNumber", number.to_string()), ("uploadId", id.to_owned())]);
                let url = self.store.signed_url_opts(Method::PUT, &path, LIFETIME, &options);
                ready(url).unwrap()
            }
        }
    }

    fn text(url: &Url) -> String {
        url.as_str().to_owned()
    }
}

/// In the place of an HTTP client, which takes longer to build than all peers, and is not needed to
/// presign.
#[derive(Debug, Clone, Copy)]
struct Nowhere;

impl HttpConnector for Nowhere {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(*self))
    }
}

#[async_trait]
impl HttpService for Nowhere {
    async fn call(&self, _: HttpRequest) -> Result<HttpResponse, HttpError> {
        Err(HttpError::new(HttpErrorKind::Connect, std::io::Error::other("there is no network")))
    }
}
