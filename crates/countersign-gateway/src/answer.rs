//! What every answer has, whatever it says.

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use countersign_storage::ETag;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::{fault::Fault, wire::Wire, xml};

/// What is served is somebody's upload, opened by somebody else's browser: whatever it is, it runs
/// nothing, is kept by no shared cache, and tells no other site where it came from. The URL is the
/// credential, so any origin may read what it has the URL of; no cookie is involved.
const ALWAYS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        "ETag, Content-Length, Content-Range, Content-Disposition, Accept-Ranges, Last-Modified, x-amz-request-id",
    ),
];

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-request-id");

/// The name of one request in the answer and in the log, and the path it is about: never a query,
/// and never a token.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    pub(crate) request_id: String,
    pub(crate) path: String,
}

impl Trace {
    pub(crate) fn new(path: &str) -> Self {
        let mut id = [0; 8];
        // It names a request and guards nothing: without randomness it is only less of a name.
        getrandom::fill(&mut id).unwrap_or_default();
        Self { request_id: hex::encode_upper(id), path: path.into() }
    }

    /// Puts the headers on that every answer has.
    pub(crate) fn seal(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        for (name, value) in ALWAYS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("private, no-store"));
        put(headers, REQUEST_ID, &self.request_id);
        response
    }

    /// Says why a request is not served. A failure of ours is logged, here and only here.
    pub(crate) fn refuse(&self, fault: &Fault) -> Response {
        let wire = Wire::of(fault);
        let mut response = Response::new(xml::error(&wire, &self.path, &self.request_id).into());
        *response.status_mut() = wire.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        match fault {
            Fault::Method(allowed) => {
                headers.insert(header::ALLOW, HeaderValue::from_static(allowed));
            }
            Fault::Range { size } => {
                put(headers, header::CONTENT_RANGE, &format!("bytes */{size}"));
            }
            _ => {}
        }
        let Self { request_id, path } = self;
        if wire.status.is_server_error() && wire.status != StatusCode::NOT_IMPLEMENTED {
            let error: &(dyn std::error::Error + 'static) = fault;
            tracing::error!(request_id, path, code = wire.code, error, "a request failed");
        } else {
            // Debug escapes what the client chose of it: no line of the log is the client's.
            tracing::debug!(request_id, path, code = wire.code, reason = ?fault, "refused");
        }
        response
    }
}

/// Lets any page send what its URL allows, which is at most these methods.
pub(crate) fn preflight(methods: &'static str) -> Response {
    let mut response = Response::new(no_body());
    *response.status_mut() = StatusCode::NO_CONTENT;
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, methods),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "*"),
        (header::ACCESS_CONTROL_MAX_AGE, "3600"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The answer to an upload.
pub(crate) fn tagged(etag: &ETag) -> Response {
    let mut response = Response::new(Body::empty());
    put(response.headers_mut(), header::ETAG, &etag.quoted());
    response
}

/// The body of a 204 or 304. Of one that is known to be empty axum would say `Content-Length: 0`,
/// which with these is wrong (RFC 9110, section 8.6).
pub(crate) fn no_body() -> Body {
    Body::from_stream(stream::empty::<Result<Bytes, std::io::Error>>())
}

/// Sets a header whose value came from storage. One that no header can hold is left out, for it
/// must not stop the download.
pub(crate) fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
