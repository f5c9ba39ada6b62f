//! A request as it was received, before anything of it is believed.

use core::fmt;

use crate::{
    Method, ParseError,
    encode::{Part, Wire},
    error::Field,
    query::TARGET_LEN_MAX,
};

/// More header fields than a request has that means well.
pub(crate) const HEADERS_MAX: usize = 100;

/// The parts of a request that a signature covers, as they came over the wire.
///
/// ```
/// use countersign::RequestHead;
///
/// let head = RequestHead {
///     method: "GET",
///     target: "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256",
///     headers: &[("Host", "examplebucket.s3.amazonaws.com")],
/// };
/// # let _ = head;
/// ```
#[derive(Clone, Copy)]
pub struct RequestHead<'a, H: ?Sized> {
    /// The method of the request line.
    pub method: &'a str,
    /// The target of the request line: path and query, byte for byte. A router that decodes,
    /// normalises or cuts it has to come after the verifier.
    pub target: &'a str,
    /// All header fields. With HTTP/2 and HTTP/3, `:authority` stands here as `host`; for requests
    /// of the `http` crate, `ReceivedHead` sees to it.
    pub headers: &'a H,
}

impl<'a, H: ?Sized> RequestHead<'a, H> {
    /// Reads the request line, but for what its query says.
    pub(crate) fn line(&self) -> Result<RequestLine<'a>, ParseError> {
        let method = Method::new(self.method).map_err(|_| ParseError::Malformed(Field::Method))?;
        if self.target.len() > TARGET_LEN_MAX {
            return Err(ParseError::TooLarge(Field::Target));
        }
        if !self.target.starts_with('/') {
            return Err(ParseError::Malformed(Field::Target));
        }
        let path = Wire::read(self.target, Part::Path, Some(b'?'));
        let (path, query) = path.ok_or(ParseError::Malformed(Field::Path))?;
        let query = query.strip_prefix('?').unwrap_or_default();
        Ok(RequestLine { method, path, query })
    }
}

/// A request line that is in form.
pub(crate) struct RequestLine<'a> {
    pub(crate) method: Method<'a>,
    pub(crate) path: Wire<'a>,
    pub(crate) query: &'a str,
}

/// A query may be a claim that holds, and a header a token: neither is shown.
impl<H: ?Sized> fmt::Debug for RequestHead<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestHead")
            .field("method", &self.method)
            .field("path", &self.target.split('?').next().unwrap_or_default())
            .finish_non_exhaustive()
    }
}

/// The header fields of a request, however a server keeps them.
///
/// Every field must come up, each as often as the request has it: what is left out here is what an
/// attacker can add.
///
/// ```
/// use countersign::Headers;
///
/// let headers = [("Host", "h"), ("X-Amz-Meta-A", "1")];
/// assert_eq!(headers.fields().count(), 2);
/// ```
pub trait Headers {
    /// Name, in any case, and value of each field.
    fn fields(&self) -> impl Iterator<Item = (&str, &[u8])>;
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for [(N, V)] {
    fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>, const COUNT: usize> Headers for [(N, V); COUNT] {
    fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.as_slice().fields()
    }
}
