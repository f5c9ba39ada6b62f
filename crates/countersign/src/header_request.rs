use crate::{
    Method, PayloadRule, PresignError, WirePath,
    names::{AMZ_DATE, CONTENT_SHA256, SECURITY_TOKEN},
    signable::Signable,
};

/// A request that shall be signed in its `Authorization` header: one method, one path, one body;
/// perhaps with query parameters and headers.
///
/// Everything that is given here is signed, and has to be sent as it was given. A query parameter
/// that is not given here must not be sent; nor must an `x-amz-` header.
///
/// ```
/// use countersign::{Addressing, Endpoint, HeaderRequest, Method, PayloadRule};
///
/// let bucket = Endpoint::parse("https://s3.amazonaws.com", Addressing::Path)?.bucket("b")?;
/// let listing = HeaderRequest::new(Method::GET, bucket.root(), PayloadRule::EMPTY)
///     .with_query("prefix", "2013/")?
///     .with_signed_header("x-amz-request-payer", "requester")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct HeaderRequest<'a> {
    pub(crate) signable: Signable<'a>,
    pub(crate) payload: PayloadRule,
    pub(crate) payload_header: PayloadHeader,
}

/// Whether the payload rule is sent as a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PayloadHeader {
    /// Where a verifier would not know it else.
    IfNeeded,
    /// Always.
    Always,
}

impl<'a> HeaderRequest<'a> {
    /// Takes what no such request can be without: of the body its digest, or that any will do.
    #[must_use]
    pub const fn new(method: Method<'a>, path: WirePath<'a>, payload: PayloadRule) -> Self {
        let signable = Signable::new(method, path);
        Self { signable, payload, payload_header: PayloadHeader::IfNeeded }
    }

    /// Adds a query parameter, name and value decoded.
    ///
    /// # Errors
    ///
    /// As [`PresignRequest::with_query`](crate::PresignRequest::with_query). The parameters that
    /// would carry a presigned claim are refused here too: no request has both.
    pub fn with_query(mut self, name: &'a str, value: &'a str) -> Result<Self, PresignError> {
        self.signable.add_query(name, value)?;
        Ok(self)
    }

    /// Adds a header. S3 wants all `x-amz-` headers to be signed, and `content-md5`.
    ///
    /// # Errors
    ///
    /// As [`PresignRequest::with_signed_header`](crate::PresignRequest::with_signed_header); and
    /// [`PresignError::ReservedName`] for `x-amz-date`, `x-amz-security-token` and
    /// `x-amz-content-sha256`, which the signer adds.
    pub fn with_signed_header(
        mut self,
        name: &'a str,
        value: &'a str,
    ) -> Result<Self, PresignError> {
        self.signable.add_header(name, value, &[AMZ_DATE, SECURITY_TOKEN, CONTENT_SHA256])?;
        Ok(self)
    }

    /// Sends an `x-amz-content-sha256` header to other services than S3 too. They mostly hash the
    /// body that they got. S3 gets the header in any case, and so does everybody who could not
    /// hash it: of a body that is not signed.
    #[must_use]
    pub const fn with_payload_header(mut self) -> Self {
        self.payload_header = PayloadHeader::Always;
        self
    }
}
