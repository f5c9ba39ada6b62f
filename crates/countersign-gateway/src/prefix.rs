//! Files that come by prefix tokens: `PUT /p/<token>/<name>`.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::any,
};
use countersign::{PayloadRule, PrefixTokenKey, Timestamp};
use countersign_storage::{Backend, ObjectInfo, ObjectKey, PutMode, PutRequest, StoreError};
use http::{Method, request::Parts};
use tokio::time::timeout;

use crate::{
    Refusal,
    answer::{self, Trace},
    exchange::{self, Offer},
    fault::Fault,
    file_name::FileName,
    head, intake,
    upload::{self, Kind},
};

/// Where files come that are put by prefix tokens. Below it are the token and the name of the file:
/// `/p/<token>/<name>`.
pub const PREFIX_PATH: &str = "/p";

/// The routes of prefix tokens alone, for whoever has the objects behind another data plane: an S3
/// that serves its own URLs. [`PREFIX_PATH`] and all below it, for any method.
///
/// To be merged into another router, not nested: what is verified is the target as it was received.
///
/// ```no_run
/// # fn uploads() -> std::sync::Arc<dyn countersign_gateway::PrefixUploads> { unimplemented!() }
/// # fn now() -> countersign::Timestamp { countersign::Timestamp::MIN }
/// let key = countersign::MasterKey::new([7; 32]).prefix_token_key();
/// let router = countersign_gateway::prefix_router(key, uploads(), now);
/// ```
pub fn prefix_router(
    key: PrefixTokenKey,
    uploads: Arc<dyn PrefixUploads>,
    clock: fn() -> Timestamp,
) -> Router {
    Prefixes::new(key, uploads, clock).router()
}

/// How long a file may take, from when it is asked where it goes until it is recorded. Whoever said
/// where may clear up what is not recorded after a day: no bytes may come to a key after that.
const UPLOAD_TIMEOUT: Duration = Duration::from_hours(12);

/// The most of a parameter's name that is repeated. What is longer may be no name, but a token.
const PARAMETER_LEN_MAX: usize = 32;

/// Takes the files that come by prefix tokens.
///
/// ```
/// use std::sync::Arc;
///
/// use async_trait::async_trait;
/// use countersign::*;
/// use countersign_gateway::*;
/// use countersign_storage::{Backend, ObjectInfo, ObjectKey};
/// use tower::ServiceExt;
///
/// /// One grant, whose files are kept under their names.
/// #[derive(Debug)]
/// struct One(Backend);
///
/// #[async_trait]
/// impl PrefixUploads for One {
///     async fn begin(&self, arrival: &Arrival<'_>) -> Result<Landing, Refusal> {
///         if arrival.grant != [1; 16] {
///             return Err(Refusal::Denied);
///         }
///         let key = ObjectKey::new(format!("files/{}", arrival.name));
///         let key = key.map_err(|_| Refusal::InvalidName)?;
///         Ok(Landing::new(self.0.clone(), key, "application/jsonl"))
///     }
///
///     async fn finish(
///         &self,
///         _: &Arrival<'_>,
///         _: &Landing,
///         _: &ObjectInfo,
///     ) -> Result<(), Refusal> {
///         Ok(())
///     }
/// }
/// # #[derive(Debug)]
/// # struct Nobody;
/// # #[async_trait]
/// # impl SigningKeys for Nobody {
/// #     async fn signing_key(
/// #         &self,
/// #         _: &str,
/// #         _: Scope<'_>,
/// #     ) -> Result<Option<Arc<SigningKey>>, Unavailable> {
/// #         Ok(None)
/// #     }
/// # }
/// # #[async_trait]
/// # impl Grants for Nobody {
/// #     async fn grant(&self, _: &Access<'_>) -> Result<Grant, Refusal> {
/// #         Err(Refusal::Denied)
/// #     }
/// # }
/// # fn now() -> Timestamp {
/// #     Timestamp::parse("20261121T120000Z").unwrap_or(Timestamp::MIN)
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// # let endpoint = Endpoint::parse("http://localhost:8080/s3", Addressing::Path)?;
/// # let gateway = Gateway::new(
/// #     endpoint, Region::new("us-east-1")?, Arc::new(Nobody), Arc::new(Nobody), now,
/// # );
///
/// let key = MasterKey::new([7; 32]).prefix_token_key();
/// let uploads = Arc::new(One(Backend::memory()));
/// let router = gateway.with_prefix_uploads(key.clone(), uploads).router();
///
/// let token = key.issue([1; 16], now().checked_add_secs(3600).ok_or("after the year 9999")?);
/// let request = http::Request::put(format!("{PREFIX_PATH}/{}/a%20file.jsonl", token.as_str()))
///     .header("content-length", "2")
///     .body(String::from("{}"))?;
/// let response = router.oneshot(request).await?;
/// assert_eq!(response.status(), 200);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[async_trait]
pub trait PrefixUploads: fmt::Debug + Send + Sync + 'static {
    /// Where the bytes of a file go, if it may come at all. Asked before a byte is read, and not
    /// for a request that is refused anyway.
    ///
    /// # Errors
    ///
    /// [`Refusal`], with what the client is told. Whoever returns [`Refusal::Unavailable`] logs why.
    async fn begin(&self, arrival: &Arrival<'_>) -> Result<Landing, Refusal>;

    /// Gives up a file that was begun, and whose bytes did not come or could not be stored.
    ///
    /// By default, nothing. Not called where the future that waits for the bytes is dropped.
    async fn abandon(&self, landing: &Landing) {
        let _ = landing;
    }

    /// Records a file whose bytes are stored. It is acknowledged only after this.
    ///
    /// Not called where the bytes did not come, nor always where they did, and dropped wherever it
    /// waits: the connection may break, or the time be over. So it records all or nothing, and what
    /// was begun and is not recorded is for whoever began it to clear up.
    ///
    /// # Errors
    ///
    /// [`Refusal`], as for [`begin`](Self::begin). The bytes stay where they are.
    async fn finish(
        &self,
        arrival: &Arrival<'_>,
        landing: &Landing,
        stored: &ObjectInfo,
    ) -> Result<(), Refusal>;
}

/// A file that somebody has a token for. Only the gateway makes one, once the token was right and
/// the name is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Arrival<'a> {
    /// The grant that the token names.
    pub grant: [u8; 16],
    /// The name of the file, decoded: 1 to 255 bytes without slash, backslash and controls, and
    /// neither `.` nor `..`.
    pub name: &'a str,
}

/// Where the bytes of a file go, and as what. A key that has an object is not written to, unless it
/// is said that [it cannot have one](Self::at_new_key).
#[derive(Debug, Clone)]
pub struct Landing {
    backend: Backend,
    key: ObjectKey,
    content_type: Box<str>,
    mode: PutMode,
}

impl Landing {
    /// Has the bytes stored in this backend, at a key that has no object yet, with a media type:
    /// the client's is not stored.
    #[must_use]
    pub fn new(backend: Backend, key: ObjectKey, content_type: impl Into<Box<str>>) -> Self {
        Self { backend, key, content_type: content_type.into(), mode: PutMode::Create }
    }

    /// Says that the key was never anybody's, and never will be: nobody has to look whether it has
    /// an object. An S3 takes files over 8 MiB only so.
    #[must_use]
    pub fn at_new_key(self) -> Self {
        Self { mode: PutMode::Overwrite, ..self }
    }

    /// The bucket.
    #[must_use]
    pub const fn backend(&self) -> &Backend {
        &self.backend
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &ObjectKey {
        &self.key
    }
}

/// The half of the gateway that prefix tokens reach.
#[derive(Debug)]
pub(crate) struct Prefixes {
    key: PrefixTokenKey,
    uploads: Arc<dyn PrefixUploads>,
    clock: fn() -> Timestamp,
}

impl Prefixes {
    pub(crate) fn new(
        key: PrefixTokenKey,
        uploads: Arc<dyn PrefixUploads>,
        clock: fn() -> Timestamp,
    ) -> Self {
        Self { key, uploads, clock }
    }

    pub(crate) fn router(self) -> Router {
        let paths = ["", "/", "/{*rest}"].map(|rest| format!("{PREFIX_PATH}{rest}"));
        let routed = |router: Router<_>, path: &String| router.route(path, any(serve));
        paths.iter().fold(Router::new(), routed).with_state(Arc::new(self))
    }

    async fn answer(&self, parts: &Parts, offer: &mut Offer) -> Result<Response, Fault> {
        match parts.method {
            Method::PUT => {}
            Method::OPTIONS => return Ok(answer::preflight("PUT")),
            _ => return Err(Fault::Method("PUT, OPTIONS")),
        }
        head::check_framing(&parts.headers)?;
        let target = head::target(parts)?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (token, name) = below_prefix(path);
        // Before anything else is said: a stranger learns nothing about names, headers or queries.
        let verified = self.key.verify(token, (self.clock)())?;
        let name = FileName::parse(name).ok_or(Refusal::InvalidName)?;
        check_query(query)?;
        let payload = upload::payload(&parts.headers)?;
        let put = upload::request(&parts.headers, payload, Kind::File)?;

        let arrival = Arrival { grant: verified.grant(), name: name.as_str() };
        let taken = timeout(UPLOAD_TIMEOUT, self.take(&arrival, payload, put, offer)).await;
        Ok(answer::tagged(&taken.map_err(|_| Fault::TooSlow)??.etag))
    }

    /// Has the bytes stored, and then recorded.
    async fn take(
        &self,
        arrival: &Arrival<'_>,
        payload: PayloadRule,
        put: PutRequest,
        offer: &mut Offer,
    ) -> Result<ObjectInfo, Fault> {
        let landing = self.uploads.begin(arrival).await?;
        let put = put.with_content_type(String::from(&*landing.content_type));
        let put = put.with_mode(landing.mode.clone());
        let chunks = intake::chunks(offer.take());
        let stored = landing.backend.objects().put(&landing.key, chunks, put).await;
        let stored = match stored {
            Ok(stored) => stored,
            Err(error) => {
                // What has the key is somebody else's.
                if !matches!(error, StoreError::AlreadyExists) {
                    self.uploads.abandon(&landing).await;
                }
                return Err(upload::fault(payload, error));
            }
        };
        self.uploads.finish(arrival, &landing, &stored).await?;
        Ok(stored)
    }
}

async fn serve(State(prefixes): State<Arc<Prefixes>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // Not the path that was received: the token stands in it.
    let trace = Trace::new(PREFIX_PATH);
    let mut offer = Offer::new(body);
    let answered = prefixes.answer(&parts, &mut offer).await;
    exchange::end(answered, &parts.headers, offer, &trace).await
}

/// The token and the name, as they were received. What is not there is no token, or no name.
fn below_prefix(path: &str) -> (&str, &str) {
    let below = path.strip_prefix(PREFIX_PATH).and_then(|rest| rest.strip_prefix('/'));
    let below = below.unwrap_or_default();
    below.split_once('/').unwrap_or((below, ""))
}

/// Refuses a query: what it asks for is another operation. One that is empty asks for nothing.
fn check_query(query: &str) -> Result<(), Fault> {
    if query.is_empty() {
        return Ok(());
    }
    let name = query.split(['=', '&']).next().unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let is_name = (1..=PARAMETER_LEN_MAX).contains(&name.len()) && name.bytes().all(is_plain);
    Err(Fault::NotImplemented(if is_name { name } else { "query" }.into()))
}
