//! An API over a catalog in a temporary folder and a bucket in memory, and a client for it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    thread_local,
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use countersign::{
    Addressing, Claim, Credentials, Endpoint, MasterKey, PrefixTokenKey, Region, RequestHead,
    Scope, SecretKey, Service, SigningKey, Timestamp, Verifier,
};
use countersign_api::{App, issue_api_key};
use countersign_catalog::{SqliteCatalog, TeamName, UserId};
use countersign_storage::{
    Backend, ObjectKey, PrefixSigner, PutRequest, UrlSigner, bytes_of, collect,
};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

pub(crate) const ENDPOINT: &str = "http://localhost:8080/s3";
pub(crate) const PREFIX_BASE: &str = "http://localhost:8080/p";
const REGION: &str = "us-east-1";

thread_local! {
    /// Each test has its own: the tests of a process run at once, each in a thread.
    static NOW: AtomicI64 = const { AtomicI64::new(1_795_000_000) };
}

pub(crate) fn now() -> Timestamp {
    NOW.with(|now| Timestamp::from_unix_secs(now.load(Ordering::Relaxed)).unwrap())
}

pub(crate) fn wait_secs(secs: i64) {
    NOW.with(|now| now.fetch_add(secs, Ordering::Relaxed));
}

pub(crate) struct House {
    pub(crate) app: Arc<App>,
    pub(crate) backend: Backend,
    pub(crate) catalog: Arc<SqliteCatalog>,
    pub(crate) router: Router,
    key: SigningKey,
    _folder: tempfile::TempDir,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::over(Backend::memory()).await
    }

    /// As a new one, with another storage.
    pub(crate) async fn over(backend: Backend) -> Self {
        Self::with(backend, |app| app).await
    }

    /// As a new one, with another storage, and what else an API may have.
    pub(crate) async fn with(backend: Backend, more: impl FnOnce(App) -> App) -> Self {
        Self::build(backend, None, more).await
    }

    /// As a new one, whose URLs may be signed with a key that ends.
    pub(crate) async fn build(
        backend: Backend,
        end: Option<Timestamp>,
        more: impl FnOnce(App) -> App,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let catalog =
            Arc::new(SqliteCatalog::open(&folder.path().join("catalog.sqlite")).await.unwrap());
        let scope = Scope::new(now().date(), Region::new(REGION).unwrap(), Service::S3);
        let key = SigningKey::derive(&credentials(), scope);
        let app = Arc::new(more(app(&catalog, &backend, end)));
        let router = countersign_api::router(Arc::clone(&app));
        Self { app, backend, catalog, router, key, _folder: folder }
    }

    /// A new API key of a user in a team.
    pub(crate) async fn key(&self, team: &str, user: &str) -> String {
        let (team, user) = (TeamName::new(team).unwrap(), UserId::new(user).unwrap());
        let owner = countersign_catalog::Catalog::ensure_user(&*self.catalog, &team, &user, now());
        let owner = owner.await.unwrap();
        issue_api_key(&*self.catalog, &owner, now()).await.unwrap().reveal().into()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let is_empty = bytes.is_empty() && matches!(parts.status.as_u16(), 204 | 302);
        let body = if is_empty { b"null" } else { &bytes[..] };
        let body = serde_json::from_slice(body).unwrap_or_else(|error| {
            panic!("{} with {bytes:?}, which is no JSON: {error}", parts.status)
        });
        assert_eq!(parts.headers["cache-control"], "no-store");
        assert_eq!(parts.headers["x-content-type-options"], "nosniff");
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn call(&self, key: &str, method: &str, path: &str, body: &str) -> Answer {
        let request = Request::builder().method(method).uri(path).header("x-api-key", key);
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// The key in the bucket that a URL of ours is for, once its signature was found right.
    pub(crate) fn verified(&self, method: &str, url: &str, headers: &[(&str, &str)]) -> ObjectKey {
        self.checked(method, url, headers).unwrap_or_else(|| panic!("{method} is refused at {url}"))
    }

    /// As [`verified`](Self::verified); `None` for a signature that is wrong.
    pub(crate) fn checked(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
    ) -> Option<ObjectKey> {
        let endpoint = endpoint();
        let target = url.strip_prefix(endpoint.origin()).unwrap();
        let headers = [&[("host", endpoint.authority())], headers].concat();
        let claim =
            Claim::parse(&RequestHead { method, target, headers: headers.as_slice() }).unwrap();
        let verifier = Verifier::new(Region::new(REGION).unwrap(), Service::S3);
        let verified = verifier.check(&claim, now()).ok()?.verify(Some(&self.key)).ok()?;
        let resource = verified.resource(&endpoint).unwrap();
        assert_eq!(resource.bucket, "countersign");
        Some(ObjectKey::new(resource.key.unwrap()).unwrap())
    }

    /// Does what a PUT through the URL does.
    pub(crate) async fn put(&self, url: &str, content_type: &str, bytes: &'static [u8]) {
        let length = bytes.len().to_string();
        let headers = [("content-type", content_type), ("content-length", length.as_str())];
        let key = self.verified("PUT", url, &headers);
        self.store(&key, bytes).await;
    }

    pub(crate) async fn store(&self, key: &ObjectKey, bytes: &'static [u8]) {
        let put = PutRequest::new(bytes.len() as u64);
        self.backend.objects().put(key, bytes_of(bytes), put).await.unwrap();
    }

    /// What is stored at a key, if anything is.
    pub(crate) async fn stored(&self, key: &ObjectKey) -> Option<Vec<u8>> {
        let object = self.backend.objects().open(key).await.ok()?;
        Some(collect(object.read(0..u64::MAX)).await.unwrap().to_vec())
    }
}

fn credentials() -> Credentials {
    let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY").unwrap();
    Credentials::new("AKIAIOSFODNN7EXAMPLE", secret).unwrap()
}

/// An API over these records and these bytes, as each process has one.
pub(crate) fn app(catalog: &Arc<SqliteCatalog>, backend: &Backend, end: Option<Timestamp>) -> App {
    let region = Region::new(REGION).unwrap();
    let bucket = endpoint().bucket("countersign").unwrap();
    let credentials = match end {
        Some(end) => credentials().with_expiry(end),
        None => credentials(),
    };
    let signer = UrlSigner::new(credentials, region, bucket, now());
    let signers = (signer, PrefixSigner::new(prefix_token_key(), PREFIX_BASE));
    App::new(catalog.clone(), backend.clone(), signers, now)
}

pub(crate) fn prefix_token_key() -> PrefixTokenKey {
    MasterKey::new([7; 32]).prefix_token_key()
}

fn endpoint() -> Endpoint {
    Endpoint::parse(ENDPOINT, Addressing::Path).unwrap()
}
