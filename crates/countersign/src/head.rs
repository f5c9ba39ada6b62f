//! A request as it was received, before anything of it is believed.

use core::fmt;

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
