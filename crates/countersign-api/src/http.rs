//! What the dialects share on HTTP: how much is read, what every answer says.

use std::sync::Arc;

use axum::{
    body::{Body as RequestBody, to_bytes},
    extract::Query as QueryOf,
    http::{HeaderMap, HeaderValue, Uri, header},
    response::Response,
};

use crate::{
    error::ApiError,
    fields::{Body, Query},
};

/// The largest JSON body that is read, in bytes.
const BODY_LEN_MAX: usize = 64 * 1024;

/// An error that an answer came from, for whoever logs it.
#[derive(Clone)]
pub(crate) struct Failure(pub(crate) Arc<ApiError>);

/// What every answer of the control plane says; and the one place that logs what is our fault.
pub(crate) async fn finish(mut response: Response) -> Response {
    if let Some(Failure(error)) = response.extensions().get()
        && let ApiError::Internal(source) = &**error
    {
        tracing::error!(error = %chain(&**source), "a request failed");
    }
    let headers = response.headers_mut();
    // An answer may be a capability: no cache may keep it.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// An error and its sources, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// Reads a JSON object.
pub(crate) async fn read_json(body: RequestBody) -> Result<Body, ApiError> {
    // What fails here is a body that is too long, or one that broke off and has nobody to answer.
    let bytes = to_bytes(body, BODY_LEN_MAX).await.map_err(|_| ApiError::TooLarge)?;
    Body::parse(&bytes).ok_or(ApiError::NotJson)
}

/// Reads a query.
pub(crate) fn read_query(uri: &Uri) -> Query {
    // It fails for no text, and takes what is no UTF-8 as a sign that stands for that.
    Query(QueryOf::try_from_uri(uri).map(|QueryOf(pairs)| pairs).unwrap_or_default())
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
