//! What the dialects share on HTTP: how much is read, what every answer says.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::{Body as RequestBody, Bytes, to_bytes},
    extract::{FromRequestParts, Path, Query as QueryOf},
    http::{HeaderMap, HeaderValue, Uri, header, request::Parts},
    response::Response,
};

use countersign::Timestamp;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use crate::{
    error::ApiError,
    fields::{Body, Query},
};

/// The largest JSON body that is read where nothing else is said, in bytes.
pub(crate) const BODY_LEN_MAX: usize = 64 * 1024;

/// An error that an answer came from, for whoever logs it.
#[derive(Clone)]
pub(crate) struct Failure(pub(crate) Arc<ApiError>);

/// The names of a request, where its dialect has such: ours, and the client's own.
#[derive(Clone)]
pub(crate) struct Trace {
    pub(crate) id: Uuid,
    pub(crate) external: Option<String>,
}

/// What every answer of the control plane says; and the one place that logs what is our fault.
pub(crate) async fn finish(mut response: Response) -> Response {
    let mut retry_after = None;
    if let Some(Failure(error)) = response.extensions().get() {
        log(error, response.extensions().get());
        if let ApiError::TooMany(excess) = &**error {
            retry_after = Some(HeaderValue::from(excess.retry_after_secs));
        }
    }
    let headers = response.headers_mut();
    if let Some(retry_after) = retry_after {
        headers.insert(header::RETRY_AFTER, retry_after);
    }
    // An answer may be a capability: no cache may keep it.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn log(error: &ApiError, trace: Option<&Trace>) {
    let id = trace.map(|trace| tracing::field::display(trace.id));
    // `Debug` escapes what a client may have put there for the eyes of whoever reads the log.
    let external = trace.and_then(|trace| trace.external.as_ref()).map(tracing::field::debug);
    match error {
        ApiError::Internal(source) => {
            tracing::error!(error = %chain(&**source), trace_id = id, external, "a request failed");
        }
        // Not the client's fault either, and some dialects answer them with HTTP 200.
        ApiError::Full | ApiError::Unavailable => {
            tracing::warn!(%error, trace_id = id, external, "a request was refused");
        }
        _ => {}
    }
}

/// A time as RFC 3339 has it, in UTC. A year that it has no digits for does not come out of our
/// clock.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    let at = OffsetDateTime::from_unix_timestamp(at.unix_secs()).ok();
    at.and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}

/// An error and its sources, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// Reads a JSON object of at most so many bytes.
pub(crate) async fn read_json(body: RequestBody, len_max: usize) -> Result<Body, ApiError> {
    Body::parse(&read_body(body, len_max).await?, len_max).ok_or(ApiError::NotJson)
}

/// Reads a JSON object that need not be there: no body at all is one without members.
pub(crate) async fn read_optional_json(body: RequestBody) -> Result<Body, ApiError> {
    let bytes = read_body(body, BODY_LEN_MAX).await?;
    if bytes.is_empty() {
        return Ok(Body::default());
    }
    Body::parse(&bytes, BODY_LEN_MAX).ok_or(ApiError::NotJson)
}

async fn read_body(body: RequestBody, len_max: usize) -> Result<Bytes, ApiError> {
    // What fails here is a body that is too long, or one that broke off and has nobody to answer.
    to_bytes(body, len_max).await.map_err(|_| ApiError::TooLarge)
}

/// Reads a query.
pub(crate) fn read_query(uri: &Uri) -> Query {
    // It fails for no text, and takes what is no UTF-8 as a sign that stands for that.
    Query(QueryOf::try_from_uri(uri).map(|QueryOf(pairs)| pairs).unwrap_or_default())
}

/// The one segment of a path that is no part of its route. One that is no UTF-8 names nothing, and is
/// told so like any other.
pub(crate) struct Segment(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(path.map(|Path(segment)| segment).unwrap_or_default()))
    }
}

/// A GET that mints is for somebody who asked: a browser that looks ahead did not.
pub(crate) fn refuse_prefetch(headers: &HeaderMap) -> Result<(), ApiError> {
    let is_prefetch = |name: &str| {
        let mut values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.any(|value| value.to_ascii_lowercase().contains("prefetch"))
    };
    if is_prefetch("sec-purpose") || is_prefetch("purpose") {
        return Err(ApiError::Prefetch);
    }
    Ok(())
}
