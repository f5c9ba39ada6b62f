use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::any,
};
use countersign::{
    Claim, Endpoint, PrefixTokenKey, Region, RequestHead, Resource, Service, Timestamp, Verified,
    Verifier, VerifyError,
};
use countersign_storage::{ObjectKey, StoreError};
use http::{Method, request::Parts};

use crate::{
    Access, Grants, PrefixUploads, SigningKeys,
    answer::{self, Trace},
    download::{self, Content},
    exchange::{self, Offer},
    fault::Fault,
    head, intake,
    prefix::Prefixes,
    task::Task,
    upload::{self, Kind},
};

/// The data plane: serves objects to whoever has a URL that verifies, as S3 would.
///
/// - Every request is verified as it was received; nothing is served to one that is not.
/// - A URL for GET serves HEAD too. Nothing else is served that was not signed.
/// - Bytes stream, both ways.
///
/// ```
/// use std::sync::Arc;
///
/// use async_trait::async_trait;
/// use countersign::*;
/// use countersign_gateway::*;
/// use countersign_storage::{Backend, Bound, ObjectKey, UrlSigner};
/// use tower::ServiceExt;
///
/// /// One key, which may do all in one bucket.
/// #[derive(Debug)]
/// struct One(Credentials, Backend);
///
/// #[async_trait]
/// impl SigningKeys for One {
///     async fn signing_key(
///         &self,
///         id: &str,
///         scope: Scope<'_>,
///     ) -> Result<Option<Arc<SigningKey>>, Unavailable> {
///         let is_known = id == self.0.access_key_id();
///         Ok(is_known.then(|| Arc::new(SigningKey::derive(&self.0, scope))))
///     }
/// }
///
/// #[async_trait]
/// impl Grants for One {
///     async fn grant(&self, access: &Access<'_>) -> Result<Grant, Refusal> {
///         if access.bucket == "data" { Ok(Grant::new(self.1.clone())) } else { Err(Refusal::Denied) }
///     }
/// }
///
/// fn now() -> Timestamp {
///     Timestamp::parse("20261121T120000Z").unwrap_or(Timestamp::MIN)
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let endpoint = Endpoint::parse("http://localhost:8080/s3", Addressing::Path)?;
/// let region = Region::new("us-east-1")?;
/// let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")?;
/// let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret)?;
/// let signer = UrlSigner::new(credentials.clone(), region, endpoint.bucket("data")?, now());
///
/// let one = Arc::new(One(credentials, Backend::memory()));
/// let gateway = Gateway::new(endpoint, region, one.clone(), one, now);
/// let router = gateway.router();
///
/// let key = ObjectKey::new("reports/2026.csv")?;
/// let url = signer.put(&key, &Bound::default(), Lifetime::from_secs(60)?, now())?;
/// let target = url.as_str().strip_prefix("http://localhost:8080").ok_or("another host")?;
/// let request = http::Request::put(target)
///     .header("host", "localhost:8080")
///     .header("content-length", "5")
///     .body(String::from("a,b\n1"))?;
/// let response = router.oneshot(request).await?;
/// assert_eq!(response.status(), 200);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Follows [GetObject](https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html),
/// [PutObject](https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html) and
/// [UploadPart](https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html) of S3.
#[derive(Debug)]
pub struct Gateway {
    endpoint: Endpoint,
    verifier: Verifier,
    keys: Arc<dyn SigningKeys>,
    grants: Arc<dyn Grants>,
    clock: fn() -> Timestamp,
    prefixes: Option<Prefixes>,
}

impl Gateway {
    /// Answers at an endpoint, the one that is signed into URLs, for a region. `clock` says what
    /// time it is.
    #[must_use]
    pub fn new(
        endpoint: Endpoint,
        region: Region<'_>,
        keys: Arc<dyn SigningKeys>,
        grants: Arc<dyn Grants>,
        clock: fn() -> Timestamp,
    ) -> Self {
        let verifier = Verifier::new(region, Service::S3);
        Self { endpoint, verifier, keys, grants, clock, prefixes: None }
    }

    /// Takes files by prefix tokens too, at [`PREFIX_PATH`](crate::PREFIX_PATH). The base path of
    /// the endpoint has to be another; where it has none, no bucket of that name is reached.
    ///
    /// [`PrefixUploads`] has an example.
    #[must_use]
    pub fn with_prefix_uploads(self, key: PrefixTokenKey, uploads: Arc<dyn PrefixUploads>) -> Self {
        let prefixes = Some(Prefixes::new(key, uploads, self.clock));
        Self { prefixes, ..self }
    }

    /// The routes: the base path of the endpoint, and all below it, for any method; and the same of
    /// the path of prefix tokens, where they are taken.
    ///
    /// To be merged into another router, not nested: what is verified is the target as it was
    /// received, whatever a router cut off.
    ///
    /// # Panics
    ///
    /// When both of these paths are the same.
    pub fn router(mut self) -> Router {
        let of_prefixes = self.prefixes.take().map(Prefixes::router).unwrap_or_default();
        let root = self.endpoint.as_bucket().root().to_string();
        let base = root.trim_end_matches('/');
        let paths = [String::from(base), format!("{base}/"), format!("{base}/{{*rest}}")];
        let routed = |router: Router<_>, path: &String| router.route(path, any(serve));
        let router = paths.iter().filter(|path| !path.is_empty()).fold(Router::new(), routed);
        router.with_state(Arc::new(self)).merge(of_prefixes)
    }

    async fn answer(
        &self,
        parts: &Parts,
        offer: &mut Offer,
        trace: &Trace,
    ) -> Result<Response, Fault> {
        match parts.method {
            Method::GET | Method::HEAD | Method::PUT => {}
            Method::OPTIONS => return Ok(answer::preflight("GET, HEAD, PUT")),
            _ => return Err(Fault::Method("GET, HEAD, PUT, OPTIONS")),
        }
        head::check_framing(&parts.headers)?;
        let target = head::target(parts)?;
        let now = (self.clock)();
        let headers = &parts.headers;
        let head = RequestHead { method: parts.method.as_str(), target, headers };

        let claim = Claim::parse(&head)?;
        let checked = self.verifier.check(&claim, now)?;
        let key = self.keys.signing_key(checked.access_key_id(), checked.scope()).await?;
        let mut verified = checked.verify(key.as_deref());
        let as_get;
        // S3 serves HEAD by a URL for GET: so do browsers and download managers expect. An unknown
        // key takes the same way, and so the same time.
        let is_other =
            matches!(verified, Err(VerifyError::SignatureMismatch | VerifyError::UnknownKey));
        if is_other && parts.method == Method::HEAD {
            as_get = Claim::parse(&RequestHead { method: Method::GET.as_str(), ..head })?;
            verified = self.verifier.check(&as_get, now)?.verify(key.as_deref());
        }
        self.serve(&verified?, parts, offer, trace, now).await
    }

    /// Does what a verified request asks for, if it is granted.
    async fn serve(
        &self,
        verified: &Verified<'_, '_>,
        parts: &Parts,
        offer: &mut Offer,
        trace: &Trace,
        now: Timestamp,
    ) -> Result<Response, Fault> {
        let Resource { bucket, key } = verified.resource(&self.endpoint).ok_or(Fault::Elsewhere)?;
        let key = key.ok_or_else(|| Fault::NotImplemented("bucket operation".into()))?;
        let key = ObjectKey::new(&*key).map_err(|_| Fault::Elsewhere)?;
        let task = Task::of(verified, now)?;
        let access = Access::new(verified.access_key_id(), &bucket, &key, task.operation());
        let grant = self.grants.grant(&access).await?;

        let backend = grant.backend();
        let payload = verified.payload();
        let refused = |error: StoreError| upload::fault(payload, error);
        match task {
            Task::Get(overrides) => {
                download::check_known(&parts.headers)?;
                let is_head = parts.method == Method::HEAD;
                let content = if is_head { Content::Omitted } else { Content::Sent };
                let object = backend.objects().open(&key).await?;
                download::serve(&object, &parts.headers, overrides, content, trace).await
            }
            Task::Put => {
                let put = upload::request(&parts.headers, payload, Kind::Object)?;
                let stored = backend.objects().put(&key, intake::chunks(offer.take()), put).await;
                Ok(answer::tagged(&stored.map_err(refused)?.etag))
            }
            Task::PutPart(upload, number) => {
                let put = upload::request(&parts.headers, payload, Kind::Part)?;
                let chunks = intake::chunks(offer.take());
                let stored = backend.parts().put_part(&key, &upload, number, chunks, put).await;
                Ok(answer::tagged(&stored.map_err(refused)?))
            }
        }
    }
}

async fn serve(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let trace = Trace::new(head::received_uri(&parts).path());
    let mut offer = Offer::new(body);
    let answered = gateway.answer(&parts, &mut offer, &trace).await;
    exchange::end(answered, &parts.headers, offer, &trace).await
}
