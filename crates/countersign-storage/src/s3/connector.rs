//! The store as an `object_store`, whose requests are sent by our own client: signed by the core,
//! held to our deadlines, repeated by our rules. It knows neither the endpoint nor the credentials.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use countersign::Method;
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, RetryConfig,
    aws::AmazonS3Builder,
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
        HttpResponseBody, HttpService,
    },
};
use percent_encoding::percent_decode_str;

use super::{
    client::{Call, Client, Payload, Repeat},
    error::S3Error,
};

/// What it believes to be the endpoint. [RFC 6761] keeps the name from being any.
///
/// [RFC 6761]: https://www.rfc-editor.org/rfc/rfc6761#section-6.4
const PLACEHOLDER: &str = "http://s3.invalid";

/// The bucket that it names is the real one, for it stands in its errors.
pub(super) fn object_store(
    client: Arc<Client>,
    bucket: &str,
) -> Result<Arc<dyn ObjectStore>, object_store::Error> {
    let retry = RetryConfig {
        // A download that broke goes on where it broke. Requests are repeated by our client.
        max_retries: 2,
        retry_timeout: Duration::from_mins(15),
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(1),
            base: 2.,
        },
    };
    let store = AmazonS3Builder::new()
        .with_endpoint(PLACEHOLDER)
        .with_allow_http(true)
        .with_bucket_name(bucket)
        .with_skip_signature(true)
        .with_disable_bulk_delete(true)
        .with_retry(retry)
        .with_http_connector(Connector { client, path_start: format!("/{bucket}/").into() })
        .build()?;
    Ok(Arc::new(store))
}

#[derive(Clone)]
struct Connector {
    client: Arc<Client>,
    /// What the paths of all objects begin with.
    path_start: Arc<str>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Connector {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (head, mut body) = request.into_parts();
        let mut chunks = Vec::new();
        while let Some(frame) = body.frame().await {
            chunks.extend(frame?.into_data().ok());
        }
        match self.answer(&head, chunks).await {
            Ok(answer) => Ok(answer.map(|body| HttpResponseBody::new(body.map_err(broken)))),
            Err(error) => refused(error),
        }
    }
}

impl Connector {
    async fn answer(
        &self,
        head: &http::request::Parts,
        chunks: Vec<Bytes>,
    ) -> Result<http::Response<super::silence::Receiving>, S3Error> {
        let method = match head.method {
            http::Method::GET => Method::GET,
            http::Method::HEAD => Method::HEAD,
            http::Method::PUT => Method::PUT,
            http::Method::DELETE => Method::DELETE,
            // Uploads in parts and copies are not left to it.
            _ => return Err(S3Error::malformed("a method that is not asked for")),
        };
        let key = head.uri.path().strip_prefix(&*self.path_start);
        let key = key.filter(|_| head.uri.query().is_none_or(str::is_empty));
        let key = key.ok_or(S3Error::malformed("a request that is not asked for"))?;
        let key = percent_decode_str(key).decode_utf8();
        let key = key.map_err(|_| S3Error::malformed("a key"))?;
        // Said twice, a condition is refused that was met the first time.
        let is_conditional = head.headers.contains_key(header::IF_NONE_MATCH)
            || head.headers.contains_key(header::IF_MATCH);
        let is_read = matches!(method, Method::GET | Method::HEAD);
        let repeat = if is_conditional && !is_read { Repeat::IfNotDone } else { Repeat::Always };
        let call = Call::new(method, &key, repeat)
            .with_headers(without_framing(head.headers.clone()))
            .with_body(Payload::Whole(chunks));
        self.client.send(call).await
    }
}

fn without_framing(mut headers: HeaderMap) -> HeaderMap {
    for name in [header::CONTENT_LENGTH, header::HOST, header::USER_AGENT] {
        headers.remove(name);
    }
    headers
}

/// The refusals that it has names for are handed to it as answers; all else as errors, which it does
/// not repeat.
fn refused(error: S3Error) -> Result<HttpResponse, HttpError> {
    if let S3Error::Refused { status, code } = &error
        && let Ok(status) = StatusCode::from_u16(*status)
        && is_named(status, code.as_deref())
    {
        let mut answer = HttpResponse::new(Bytes::new().into());
        *answer.status_mut() = status;
        return Ok(answer);
    }
    Err(HttpError::new(HttpErrorKind::Unknown, error))
}

fn is_named(status: StatusCode, code: Option<&str>) -> bool {
    match status {
        StatusCode::NOT_FOUND => matches!(code, None | Some("NoSuchKey")),
        StatusCode::PRECONDITION_FAILED | StatusCode::CONFLICT | StatusCode::NOT_MODIFIED => true,
        _ => false,
    }
}

fn broken(error: S3Error) -> HttpError {
    let kind = match error {
        S3Error::Silent { .. } => HttpErrorKind::Timeout,
        _ => HttpErrorKind::Interrupted,
    };
    HttpError::new(kind, error)
}

/// What our client said, out of an error that `object_store` put around it; else nothing but that
/// something is wrong with an answer.
pub(super) fn unwrapped(error: &(dyn std::error::Error + 'static)) -> S3Error {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<S3Error>() {
            return error.clone();
        }
        cause = error.source();
    }
    S3Error::malformed("it has another form")
}
