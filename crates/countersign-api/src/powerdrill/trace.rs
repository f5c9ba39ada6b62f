//! The trace ids: one of ours on every answer, and one that the client may give its request.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue},
    middleware::Next,
    response::Response,
};
use serde_json::Value;
use uuid::Uuid;

use super::error::{Version, refuse};
use crate::{
    fields::{Invalid, Place, Reason, invalid},
    http::Trace,
};

const EXTERNAL: &str = "x-pd-external-trace-id";

/// The longest id of a client, in characters.
const EXTERNAL_CHARS_MAX: usize = 128;

/// Names a request, and refuses one that its client named badly.
pub(super) async fn traced(version: Version, request: Request, next: Next) -> Response {
    let (external, mut response) = match external_id(request.headers()) {
        Ok(external) => (external, next.run(request).await),
        Err(fault) => (None, refuse(version, fault.into())),
    };
    let id = Uuid::new_v4();
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        response.headers_mut().insert("x-pd-trace-id", value);
    }
    response.extensions_mut().insert(Trace { id, external });
    response
}

/// It is written to the log, and never answered.
fn external_id(headers: &HeaderMap) -> Result<Option<String>, Invalid> {
    let mut values = headers.get_all(EXTERNAL).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let invalid =
        |reason| Invalid { place: Place::Header, ..invalid(EXTERNAL, reason, Value::Null) };
    if values.next().is_some() {
        return Err(invalid(Reason::Repeated));
    }
    let text = std::str::from_utf8(value.as_bytes());
    let text = text.map_err(|_| invalid(Reason::Rule("it is not UTF-8")))?;
    if text.chars().any(char::is_control) {
        return Err(invalid(Reason::Rule("it has a control character")));
    }
    if text.chars().count() > EXTERNAL_CHARS_MAX {
        return Err(invalid(Reason::TooLong { chars_max: EXTERNAL_CHARS_MAX }));
    }
    Ok(Some(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&[u8]]) -> Result<Option<String>, Reason> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(EXTERNAL, HeaderValue::from_bytes(value).unwrap());
        }
        external_id(&headers).map_err(|invalid| invalid.reason)
    }

    #[test]
    fn an_id_of_a_client_has_0_to_128_characters() {
        assert_eq!(read(&[]), Ok(None));
        for len in [0, 1, 128] {
            assert_eq!(read(&["a".repeat(len).as_bytes()]), Ok(Some("a".repeat(len))));
            assert_eq!(read(&["ü".repeat(len).as_bytes()]), Ok(Some("ü".repeat(len))));
        }
        for letter in ["a", "ü", "🦀"] {
            let too_long = Err(Reason::TooLong { chars_max: 128 });
            assert_eq!(read(&[letter.repeat(129).as_bytes()]), too_long);
        }
    }

    #[test]
    fn an_id_of_a_client_is_one_line_of_text() {
        assert_eq!(read(&[b"a", b"a"]), Err(Reason::Repeated));
        for wrong in [&b"a\tb"[..], b"\xff", "\u{85}".as_bytes()] {
            assert!(matches!(read(&[wrong]), Err(Reason::Rule(_))), "{wrong:?}");
        }
    }
}
