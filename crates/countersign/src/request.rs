use alloc::{borrow::Cow, boxed::Box, vec::Vec};

use crate::{
    Lifetime, Method, PayloadRule, PresignError, WirePath,
    canonical::trim,
    encode::cmp_encoded,
    names::{AUTH_PARAMETERS, CONTENT_SHA256, has_amz_prefix, is_header_name, is_header_value},
};

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
    method: Method<'a>,
    path: WirePath<'a>,
    lifetime: Lifetime,
    payload: PayloadRule,
    /// Sorted as they stand in the URL, each name once.
    query: Vec<(&'a str, &'a str)>,
    /// Sorted, names in lower case, each name once, without `host`.
    headers: Vec<(Cow<'a, str>, &'a str)>,
}

impl<'a> PresignRequest<'a> {
    const QUERY_MAX: usize = 90;
    const HEADERS_MAX: usize = 90;
    const HEADER_NAME_LEN_MAX: usize = 256;
    const HEADER_VALUE_LEN_MAX: usize = 8192;

    /// Takes what no presigned URL can be without.
    #[must_use]
    pub const fn new(method: Method<'a>, path: WirePath<'a>, lifetime: Lifetime) -> Self {
        Self {
            method,
            path,
            lifetime,
            payload: PayloadRule::Unsigned,
            query: Vec::new(),
            headers: Vec::new(),
        }
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
        if name.is_empty() || name.contains('\0') || value.contains('\0') {
            return Err(PresignError::InvalidQuery);
        }
        if AUTH_PARAMETERS.iter().any(|field| field.as_str().eq_ignore_ascii_case(name)) {
            return Err(PresignError::ReservedName(name.into()));
        }
        let is_amz = has_amz_prefix(name.as_bytes());
        let is_same = |other: &str| other == name || (is_amz && other.eq_ignore_ascii_case(name));
        if self.query.iter().any(|(other, _)| is_same(other)) {
            return Err(PresignError::DuplicateName(name.into()));
        }
        if self.query.len() >= Self::QUERY_MAX {
            return Err(PresignError::TooMany);
        }
        let place = self.query.partition_point(|(other, _)| cmp_encoded(other, name).is_lt());
        self.query.insert(place, (name, value));
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
        if name.len() > Self::HEADER_NAME_LEN_MAX || !is_header_name(name) {
            return Err(PresignError::InvalidHeaderName);
        }
        let name = if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(name.to_ascii_lowercase())
        } else {
            Cow::Borrowed(name)
        };
        if name == "host" || name == "authorization" {
            return Err(PresignError::ReservedName(name.into()));
        }
        if value.len() > Self::HEADER_VALUE_LEN_MAX || !is_header_value(value.as_bytes()) {
            return Err(PresignError::InvalidHeaderValue(name.into()));
        }
        // What is trimmed for signing is trimmed for sending.
        let value = core::str::from_utf8(trim(value.as_bytes())).unwrap_or(value);
        if name == CONTENT_SHA256 && PayloadRule::parse(value).is_err() {
            return Err(PresignError::InvalidHeaderValue(name.into()));
        }
        match self.headers.binary_search_by(|(other, _)| other.cmp(&name)) {
            Ok(_) => Err(PresignError::DuplicateName(name.into())),
            Err(_) if self.headers.len() >= Self::HEADERS_MAX => Err(PresignError::TooMany),
            Err(place) => {
                self.headers.insert(place, (name, value));
                Ok(self)
            }
        }
    }

    /// Says what the signature covers of the body; [`PayloadRule::Unsigned`] where nothing else was
    /// said, as S3 wants it. A signed `x-amz-content-sha256` header goes before it.
    #[must_use]
    pub const fn with_payload(mut self, payload: PayloadRule) -> Self {
        self.payload = payload;
        self
    }

    pub(crate) const fn method(&self) -> Method<'a> {
        self.method
    }

    pub(crate) const fn path(&self) -> WirePath<'a> {
        self.path
    }

    pub(crate) const fn lifetime(&self) -> Lifetime {
        self.lifetime
    }

    pub(crate) fn payload(&self) -> PayloadRule {
        let header = self.headers.iter().find(|(name, _)| name == CONTENT_SHA256);
        header.and_then(|(_, value)| PayloadRule::parse(value).ok()).unwrap_or(self.payload)
    }

    pub(crate) fn query(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.query.iter().copied()
    }

    /// The headers that a client has to send, apart from `host`: names in lower case, sorted.
    pub(crate) fn required_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_ref(), *value))
    }

    /// The same, for whoever keeps them longer than the request.
    pub(crate) fn owned_headers(&self) -> Vec<(Box<str>, Box<str>)> {
        self.required_headers().map(|(name, value)| (name.into(), value.into())).collect()
    }

    /// Whether nothing is signed beside the method, the path and the query but `host`, as in most
    /// URLs.
    pub(crate) fn signs_host_only(&self) -> bool {
        self.headers.is_empty() && self.payload == PayloadRule::Unsigned
    }

    /// All signed headers, with `host`: names in lower case, sorted.
    pub(crate) fn signed_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let host = ("host", self.path.bucket().authority());
        let before = self.headers.partition_point(|(name, _)| name.as_ref() < "host");
        self.required_headers()
            .take(before)
            .chain([host])
            .chain(self.required_headers().skip(before))
    }
}
