//! What is signed, by whichever mechanism: method, path, query and headers.

use alloc::{borrow::Cow, vec::Vec};

use crate::{
    Method, PresignError, WirePath,
    canonical::trim,
    encode::cmp_encoded,
    names::{
        AUTH_PARAMETERS, AUTHORIZATION, CONTENT_SHA256, has_amz_prefix, is_header_name,
        is_header_value,
    },
    payload::PayloadRule,
};

/// The parts of a request that a signer is given, as both mechanisms take them.
#[derive(Debug, Clone)]
pub(crate) struct Signable<'a> {
    pub(crate) method: Method<'a>,
    pub(crate) path: WirePath<'a>,
    /// Sorted as they stand in the URL, each name once.
    query: Vec<(&'a str, &'a str)>,
    /// Sorted, names in lower case, each name once, without `host`.
    headers: Vec<(Cow<'a, str>, &'a str)>,
}

impl<'a> Signable<'a> {
    const QUERY_MAX: usize = 90;
    const HEADERS_MAX: usize = 90;
    const HEADER_NAME_LEN_MAX: usize = 256;
    const HEADER_VALUE_LEN_MAX: usize = 8192;

    pub(crate) const fn new(method: Method<'a>, path: WirePath<'a>) -> Self {
        Self { method, path, query: Vec::new(), headers: Vec::new() }
    }

    /// Binds a query parameter. [`PresignRequest::with_query`](crate::PresignRequest::with_query)
    /// says what is refused.
    pub(crate) fn add_query(&mut self, name: &'a str, value: &'a str) -> Result<(), PresignError> {
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
        Ok(())
    }

    /// Binds a header, unless its name is one of these in lower case.
    /// [`PresignRequest::with_signed_header`](crate::PresignRequest::with_signed_header) says what
    /// else is refused.
    pub(crate) fn add_header(
        &mut self,
        name: &'a str,
        value: &'a str,
        reserved: &[&str],
    ) -> Result<(), PresignError> {
        if name.len() > Self::HEADER_NAME_LEN_MAX || !is_header_name(name) {
            return Err(PresignError::InvalidHeaderName);
        }
        let name = if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(name.to_ascii_lowercase())
        } else {
            Cow::Borrowed(name)
        };
        if name == "host" || name == AUTHORIZATION || reserved.contains(&name.as_ref()) {
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
                Ok(())
            }
        }
    }

    /// What a signed `x-amz-content-sha256` header says.
    pub(crate) fn payload(&self) -> Option<PayloadRule> {
        let (_, value) = self.headers.iter().find(|(name, _)| name == CONTENT_SHA256)?;
        PayloadRule::parse(value).ok()
    }

    pub(crate) fn query(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.query.iter().copied()
    }

    /// The headers without `host`: names in lower case, sorted.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_ref(), *value))
    }

    /// The headers with `host`: names in lower case, sorted.
    pub(crate) fn headers_with_host(&self) -> impl Iterator<Item = (&str, &str)> {
        let host = ("host", self.path.bucket().authority());
        let before = self.headers.partition_point(|(name, _)| name.as_ref() < "host");
        self.headers().take(before).chain([host]).chain(self.headers().skip(before))
    }
}
