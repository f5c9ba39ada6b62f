//! The head of a request as it was received.

use axum::extract::OriginalUri;
use http::{HeaderMap, Uri, header, request::Parts};

use crate::fault::Fault;

/// The URI as it was received: a router that is nested in another one gets one that lacks a prefix.
pub(crate) fn received_uri(parts: &Parts) -> &Uri {
    parts.extensions.get().map_or(&parts.uri, |OriginalUri(uri)| uri)
}

/// Path and query, byte for byte.
///
/// With an absolute target (`GET http://host/path`) a request names its host twice, and the
/// signature covers only one of them.
pub(crate) fn target(parts: &Parts) -> Result<&str, Fault> {
    let uri = received_uri(parts);
    if uri.scheme().is_some() || uri.authority().is_some() {
        return Err(Fault::AbsoluteTarget);
    }
    uri.path_and_query().map(http::uri::PathAndQuery::as_str).ok_or(Fault::AbsoluteTarget)
}

/// Refuses a request that says in two ways where its body ends ([RFC 9112], section 6.3). `hyper`
/// keeps only one of them; another server may keep both.
///
/// [RFC 9112]: https://www.rfc-editor.org/rfc/rfc9112
pub(crate) fn check_framing(headers: &HeaderMap) -> Result<(), Fault> {
    let lengths = headers.get_all(header::CONTENT_LENGTH).iter().count();
    let is_chunked = headers.contains_key(header::TRANSFER_ENCODING);
    if lengths > 1 || (lengths == 1 && is_chunked) { Err(Fault::Framing) } else { Ok(()) }
}

/// The value of a header that a request has at most once, in visible ASCII and spaces; `None` where
/// it is absent or empty. Of two values, two readers would take two.
pub(crate) fn text<'h>(
    headers: &'h HeaderMap,
    name: &'static str,
    len_max: usize,
) -> Result<Option<&'h str>, Fault> {
    let invalid = || Fault::InvalidArgument(name.into());
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() || value.len() > len_max {
        return Err(invalid());
    }
    let text = value.to_str().map_err(|_| invalid())?;
    if text.contains('\t') {
        return Err(invalid());
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let field = |(name, value): &(&'static str, &'static str)| {
            ((*name).parse().unwrap(), (*value).parse().unwrap())
        };
        fields.iter().map(field).collect()
    }

    #[test]
    fn a_body_ends_in_one_way() {
        assert!(check_framing(&headers(&[("content-length", "1")])).is_ok());
        assert!(check_framing(&headers(&[("transfer-encoding", "chunked")])).is_ok());
        let both = headers(&[("content-length", "1"), ("transfer-encoding", "chunked")]);
        let twice = headers(&[("content-length", "1"), ("content-length", "1")]);
        for wrong in [both, twice] {
            assert!(matches!(check_framing(&wrong), Err(Fault::Framing)));
        }
    }

    #[test]
    fn a_header_is_there_once_or_not_at_all() {
        let one = headers(&[("content-type", "text/csv")]);
        assert_eq!(text(&one, "content-type", 8).unwrap(), Some("text/csv"));
        assert_eq!(text(&one, "content-language", 8).unwrap(), None);
        assert!(text(&one, "content-type", 7).is_err());
        let two = headers(&[("content-type", "a/b"), ("content-type", "a/b")]);
        assert!(text(&two, "content-type", 8).is_err());
        assert!(text(&headers(&[("content-type", "a/\tb")]), "content-type", 8).is_err());
        assert_eq!(text(&headers(&[("content-type", "")]), "content-type", 8).unwrap(), None);
    }
}
