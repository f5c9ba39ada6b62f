//! `GetObject` and `HeadObject`.

use std::{io, ops::Range};

use axum::{body::Body, response::Response};
use countersign_storage::{Disposition, Object, ObjectInfo, StoreError};
use futures_util::{StreamExt, TryStreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use object_store::Attribute;

use crate::{
    answer::{Trace, no_body, put},
    conditions::{Outcome, Validators},
    fault::Fault,
    media_type,
    overrides::Overrides,
    range::{self, Selected},
};

/// What S3 says of an object that was stored without a type.
const DEFAULT_CONTENT_TYPE: &str = "binary/octet-stream";

/// Whether the bytes are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// GET
    Sent,
    /// HEAD
    Omitted,
}

/// Refuses a header of Amazon's that would change what is read, and that is not obeyed here.
pub(crate) fn check_known(headers: &HeaderMap) -> Result<(), Fault> {
    for name in headers.keys() {
        let Some(of_amazon) = name.as_str().strip_prefix("x-amz-") else { continue };
        match of_amazon {
            "content-sha256" | "date" | "security-token" | "user-agent" | "checksum-mode" => {}
            _ => return Err(Fault::NotImplemented(name.as_str().into())),
        }
    }
    Ok(())
}

/// Serves an object that was opened.
pub(crate) async fn serve(
    object: &Object,
    headers: &HeaderMap,
    overrides: Overrides,
    content: Content,
    trace: &Trace,
) -> Result<Response, Fault> {
    let info = object.info();
    let validators = Validators::of(info);
    match validators.evaluate(headers) {
        Outcome::Failed => return Err(Fault::Precondition),
        Outcome::NotModified => return Ok(not_modified(info, &validators, overrides)),
        Outcome::Proceed => {}
    }
    let (status, range) = select(headers, info, &validators)?;

    let mut out = HeaderMap::new();
    put_validators(&mut out, info, &validators);
    out.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    put(&mut out, header::CONTENT_LENGTH, &(range.end - range.start).to_string());
    if status == StatusCode::PARTIAL_CONTENT {
        let (first, last) = (range.start, range.end.saturating_sub(1));
        put(&mut out, header::CONTENT_RANGE, &format!("bytes {first}-{last}/{}", info.size));
    }
    put_stored(&mut out, info);
    put_overrides(&mut out, overrides)?;

    let body = match content {
        Content::Omitted => Body::empty(),
        Content::Sent => bytes(object, range, trace).await?,
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = out;
    Ok(response)
}

fn select(
    headers: &HeaderMap,
    info: &ObjectInfo,
    validators: &Validators<'_>,
) -> Result<(StatusCode, Range<u64>), Fault> {
    let mut ranges = headers.get_all(header::RANGE).iter();
    let range = match (ranges.next(), ranges.next()) {
        (Some(range), None) if validators.is_range_current(headers) => range.to_str().ok(),
        _ => None,
    };
    match range.map_or(Selected::Whole, |range| range::select(range, info.size)) {
        Selected::Whole => Ok((StatusCode::OK, 0..info.size)),
        Selected::Part(part) => Ok((StatusCode::PARTIAL_CONTENT, part)),
        Selected::Unsatisfiable => Err(Fault::Range { size: info.size }),
    }
}

/// The bytes, without a length of their own: the server holds them against `Content-Length`, and
/// breaks the connection off where they end too early, or with an error.
///
/// The first of them are read before anything is said, so that what cannot be read at all is an
/// error in due form.
async fn bytes(object: &Object, range: Range<u64>, trace: &Trace) -> Result<Body, Fault> {
    let mut chunks = object.read(range);
    let first = chunks.next().await.transpose();
    let first = first.map_err(|error| StoreError::Backend { source: error.into() })?;
    let Trace { request_id, path } = trace.clone();
    let log = move |error: &io::Error| {
        let error: &(dyn std::error::Error + 'static) = error;
        tracing::error!(request_id, path, error, "a download broke off");
    };
    let chunks = stream::iter(first.map(Ok)).chain(chunks);
    Ok(Body::from_stream(chunks.inspect_err(log)))
}

fn not_modified(info: &ObjectInfo, validators: &Validators<'_>, overrides: Overrides) -> Response {
    let mut response = Response::new(no_body());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    put_validators(headers, info, validators);
    set(headers, header::CACHE_CONTROL, overrides.cache_control);
    response
}

fn put_validators(headers: &mut HeaderMap, info: &ObjectInfo, validators: &Validators<'_>) {
    put(headers, header::ETAG, &info.etag.quoted());
    put(headers, header::LAST_MODIFIED, &validators.last_modified());
}

/// What was stored beside the bytes. Not how to show or to cache them: a store that others write to
/// may say anything there.
fn put_stored(headers: &mut HeaderMap, info: &ObjectInfo) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(DEFAULT_CONTENT_TYPE));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    for (attribute, value) in &info.attributes {
        match attribute {
            Attribute::ContentType => put(headers, header::CONTENT_TYPE, value),
            Attribute::ContentEncoding => put(headers, header::CONTENT_ENCODING, value),
            Attribute::ContentLanguage => put(headers, header::CONTENT_LANGUAGE, value),
            Attribute::Metadata(name) => {
                if let Ok(name) = HeaderName::try_from(format!("x-amz-meta-{name}")) {
                    put(headers, name, value);
                }
            }
            _ => {}
        }
    }
}

fn put_overrides(headers: &mut HeaderMap, overrides: Overrides) -> Result<(), Fault> {
    set(headers, header::CONTENT_TYPE, overrides.content_type);
    set(headers, header::CONTENT_LANGUAGE, overrides.language);
    set(headers, header::CONTENT_ENCODING, overrides.encoding);
    set(headers, header::CACHE_CONTROL, overrides.cache_control);
    if let Some((disposition, value)) = overrides.disposition {
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
        let is_shown = disposition != Disposition::Attachment;
        if is_shown && content_type.is_none_or(media_type::is_active) {
            return Err(Fault::InvalidArgument("response-content-disposition".into()));
        }
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(())
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: Option<HeaderValue>) {
    if let Some(value) = value {
        headers.insert(name, value);
    }
}
