//! The canonical request: the one text that signer and verifier both make of a request.
//!
//! Step 1 of [creating a signed request][doc]. Written into a hasher; there is no canonical request
//! on the heap.
//!
//! [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html

use crate::{Method, PayloadRule, bytes::find_either, sha256::CanonicalHasher, sink::Sink};

/// What a canonical request is made of. Signing has the path and query as text that it just wrote,
/// verifying as pieces of what it received: so the two say themselves how to write them.
pub(crate) trait CanonicalRequest {
    fn method(&self) -> Method<'_>;

    /// Writes the path, each segment encoded once, nothing normalised.
    fn put_path(&self, sink: &mut impl Sink);

    /// Writes the query without its signature, encoded, then sorted.
    fn put_query(&self, sink: &mut impl Sink);

    /// The signed headers: names in lower case, sorted.
    fn headers(&self) -> impl Iterator<Item = (&str, &[u8])>;

    fn payload(&self) -> PayloadRule;

    fn put(&self, sink: &mut impl Sink) {
        self.put_head(sink);
        self.put_query(sink);
        self.put_tail(sink);
    }

    /// Writes what stands before the query: method and path.
    fn put_head(&self, sink: &mut impl Sink) {
        sink.put_str(self.method().as_str());
        sink.put(b"\n");
        self.put_path(sink);
        sink.put(b"\n");
    }

    /// Writes what stands behind the query: the signed headers, their names, what is signed of the
    /// body. [`put_tail`] says how; who knows a shorter way to the same text may take it.
    fn put_tail(&self, sink: &mut impl Sink) {
        put_tail(self, sink);
    }

    fn digest(&self) -> CanonicalDigest {
        let mut hasher = CanonicalHasher::new();
        self.put(&mut hasher);
        CanonicalDigest(hasher.finish())
    }
}

pub(crate) fn put_tail(request: &(impl CanonicalRequest + ?Sized), sink: &mut impl Sink) {
    sink.put(b"\n");
    for (name, value) in request.headers() {
        sink.put_str(name);
        sink.put(b":");
        put_header_value(sink, value);
        sink.put(b"\n");
    }
    sink.put(b"\n");
    put_names(sink, request.headers().map(|(name, _)| name), b";");
    sink.put(b"\n");
    request.payload().put(sink);
}

/// What [`put_tail`] writes around the host where no other header is signed, and nothing of the body:
/// as in most requests.
pub(crate) const BEFORE_HOST: &str = "\nhost:";
pub(crate) const BEHIND_HOST: &str = "\n\nhost\nUNSIGNED-PAYLOAD";

/// The SHA-256 of a canonical request.
pub(crate) struct CanonicalDigest(pub(crate) [u8; 32]);

/// Writes the names of the signed headers, with `;` or its escape between them.
pub(crate) fn put_names<'n>(
    sink: &mut impl Sink,
    names: impl Iterator<Item = &'n str>,
    separator: &[u8],
) {
    for (index, name) in names.enumerate() {
        if index > 0 {
            sink.put(separator);
        }
        sink.put_str(name);
    }
}

/// Writes a header value without the white space around it, each run of white space in it as one
/// space.
///
/// The documentation speaks of spaces only, and `aws-sigv4` folds nothing else. botocore folds tabs
/// too, and so does `SeaweedFS`, which refuses a value with a tab in it that was signed as it is.
pub(crate) fn put_header_value(sink: &mut impl Sink, value: &[u8]) {
    let value = trim(value);
    // Most values have no white space at all.
    if find_either(value, b' ', b'\t').is_none() {
        return sink.put(value);
    }
    let words = value.split(|&byte| is_white(byte)).filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index > 0 {
            sink.put(b" ");
        }
        sink.put(word);
    }
}

/// Takes the white space off that HTTP does not count as part of a value (RFC 9110, section 5.5).
pub(crate) fn trim(value: &[u8]) -> &[u8] {
    let is_text = |&byte: &u8| !is_white(byte);
    let Some(start) = value.iter().position(is_text) else { return &[] };
    let end = value.iter().rposition(is_text).unwrap_or(start);
    value.get(start..=end).unwrap_or_default()
}

const fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    #[test]
    fn white_space_in_a_value_is_folded_as_the_suite_does() {
        for (value, expected) in [
            ("value1", "value1"),
            ("  value1\t ", "value1"),
            ("\"a   b   c\"", "\"a b c\""),
            ("a\t b\tc", "a b c"),
            ("   ", ""),
            ("", ""),
        ] {
            let mut out = String::new();
            put_header_value(&mut out, value.as_bytes());
            assert_eq!(out, expected, "{value:?}");
        }
    }
}
