use alloc::{boxed::Box, vec::Vec};

use crate::{Lifetime, Method, PayloadRule, PresignError, WirePath, signable::Signable};

/// What a URL shall allow: one method, one path, for some time; perhaps with query parameters and
/// headers that are bound too.
///
/// Everything that is given here is signed. Whoever has the URL can change none of it.
///
/// ```
/// use countersign::{Addressing, Endpoint, Lifetime, Method, PresignRequest};
///
/// let bucket = Endpoint::parse("https://s3.amazonaws.com", Addressing::Path)?.bucket("b")?;
/// let upload = PresignRequest::new(Method::PUT, bucket.object("k")?, Lifetime::from_secs(600)?)
///     .with_signed_header("Content-Type", "text/csv")?
///     .with_query("partNumber", "1")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct PresignRequest<'a> {
    signable: Signable<'a>,
    lifetime: Lifetime,
    payload: PayloadRule,
}

impl<'a> PresignRequest<'a> {
    /// Takes what no presigned URL can be without.
    #[must_use]
    pub const fn new(method: Method<'a>, path: WirePath<'a>, lifetime: Lifetime) -> Self {
        Self { signable: Signable::new(method, path), lifetime, payload: PayloadRule::Unsigned }
    }

    /// Binds a query parameter, name and value decoded, such as `response-content-type`.
    ///
    /// # Errors
    ///
    /// - [`PresignError::ReservedName`] for the parameters that carry the claim.
    /// - [`PresignError::DuplicateName`] for a second parameter of one name. The case of an
    ///   `x-amz-` name does not count.
    /// - [`PresignError::InvalidQuery`] for an empty name or a NUL byte.
    /// - [`PresignError::TooMany`] after the 90th.
    pub fn with_query(mut self, name: &'a str, value: &'a str) -> Result<Self, PresignError> {
        self.signable.add_query(name, value)?;
        Ok(self)
    }

    /// Binds a header: the URL then works only for a request that sends it with this value.
    ///
    /// An `x-amz-content-sha256` header is the [payload rule](Self::with_payload) too, for that is
    /// where a verifier reads it.
    ///
    /// # Errors
    ///
    /// - [`PresignError::InvalidHeaderName`], when the name is not 1 to 256 of
    ///   `A-Z a-z 0-9 - _ . ~`.
    /// - [`PresignError::ReservedName`] for `host`, which is always signed, and `authorization`,
    ///   which would be a second claim.
    /// - [`PresignError::DuplicateName`] for a second header of one name. Several values of one
    ///   header are given as one, with commas (RFC 9110, section 5.3).
    /// - [`PresignError::InvalidHeaderValue`] for control characters other than a tab, over 8,192
    ///   bytes, or no payload rule in `x-amz-content-sha256`.
    /// - [`PresignError::TooMany`] after the 90th.
    pub fn with_signed_header(
        mut self,
        name: &'a str,
        value: &'a str,
    ) -> Result<Self, PresignError> {
        self.signable.add_header(name, value, &[])?;
        Ok(self)
    }

    /// Says what the signature covers of the body; [`PayloadRule::Unsigned`] where nothing else was
    /// said, as S3 wants it. A signed `x-amz-content-sha256` header goes before it.
    #[must_use]
    pub const fn with_payload(mut self, payload: PayloadRule) -> Self {
        self.payload = payload;
        self
    }

    pub(crate) const fn method(&self) -> Method<'a> {
        self.signable.method
    }

    pub(crate) const fn path(&self) -> WirePath<'a> {
        self.signable.path
    }

    pub(crate) const fn lifetime(&self) -> Lifetime {
        self.lifetime
    }

    pub(crate) fn payload(&self) -> PayloadRule {
        self.signable.payload().unwrap_or(self.payload)
    }

    pub(crate) fn query(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.signable.query()
    }

    /// The headers that a client has to send, apart from `host`: names in lower case, sorted.
    pub(crate) fn required_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.signable.headers()
    }

    /// The same, for whoever keeps them longer than the request.
    pub(crate) fn owned_headers(&self) -> Vec<(Box<str>, Box<str>)> {
        self.required_headers().map(|(name, value)| (name.into(), value.into())).collect()
    }

    /// Whether nothing is signed beside the method, the path and the query but `host`, as in most
    /// URLs.
    pub(crate) fn signs_host_only(&self) -> bool {
        self.signable.headers().next().is_none() && self.payload == PayloadRule::Unsigned
    }

    /// All signed headers, with `host`: names in lower case, sorted.
    pub(crate) fn signed_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.signable.headers_with_host()
    }
}
