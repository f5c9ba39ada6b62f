//! How a request ends, whoever answered it.

use axum::{
    body::{Body, HttpBody},
    response::Response,
};
use http::{HeaderMap, HeaderValue, header};

use crate::{answer::Trace, fault::Fault, intake};

/// A body that was announced, there until somebody takes it.
#[derive(Debug)]
pub(crate) struct Offer {
    body: Option<Body>,
    is_empty: bool,
}

impl Offer {
    pub(crate) fn new(body: Body) -> Self {
        Self { is_empty: body.is_end_stream(), body: Some(body) }
    }

    pub(crate) const fn take(&mut self) -> Option<Body> {
        self.body.take()
    }
}

/// The answer to a request, whose body nobody reads any more.
pub(crate) async fn end(
    answered: Result<Response, Fault>,
    headers: &HeaderMap,
    offer: Offer,
    trace: &Trace,
) -> Response {
    let response = match answered {
        Ok(response) => response,
        Err(fault) => {
            let mut response = trace.refuse(&fault);
            // Reading on would tell a client that waits with its body to send it.
            if !headers.contains_key(header::EXPECT) {
                intake::drain(offer.body).await;
            }
            // What comes next on the connection may be a body that nobody reads.
            if !offer.is_empty {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(header::CONNECTION, close);
            }
            response
        }
    };
    trace.seal(response)
}
