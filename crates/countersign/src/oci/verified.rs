use alloc::vec::Vec;
use core::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{KeyId, Required, Target, VerifyError};
use crate::{Method, Timestamp};

/// A request whose signature is right: the witness that it was verified.
///
/// Only [`Checked::verify`](super::Checked::verify) makes one. What it does not say was not signed:
/// all other headers are anybody's, and so is a body whose digest it does not have.
///
/// ```compile_fail
/// let forged = countersign::oci::Verified {};
/// ```
#[derive(Clone)]
pub struct Verified<'c, 'a> {
    key_id: &'c KeyId,
    method: Method<'a>,
    target: Target<'a>,
    fields: Vec<(&'c str, &'a str)>,
    dated: Timestamp,
    content: SignedContent<'a>,
}

impl<'c, 'a> Verified<'c, 'a> {
    pub(super) const fn new(
        key_id: &'c KeyId,
        method: Method<'a>,
        target: Target<'a>,
        fields: Vec<(&'c str, &'a str)>,
        dated: Timestamp,
        content: SignedContent<'a>,
    ) -> Self {
        Self { key_id, method, target, fields, dated, content }
    }

    /// Whose key signed.
    #[must_use]
    pub const fn key_id(&self) -> &'c KeyId {
        self.key_id
    }

    /// The method that was signed.
    #[must_use]
    pub const fn method(&self) -> Method<'a> {
        self.method
    }

    /// Path and query as they were signed, nothing decoded.
    #[must_use]
    pub const fn target(&self) -> Target<'a> {
        self.target
    }

    /// When it was signed, by the clock of the client.
    #[must_use]
    pub const fn dated(&self) -> Timestamp {
        self.dated
    }

    /// The `host` header. The receiver has to compare it with its own: what was signed for another
    /// host is good there.
    #[must_use]
    pub fn host(&self) -> &'a str {
        self.signed_header(Required::Host.as_str()).unwrap_or_default()
    }

    /// The `content-length` that was signed. The receiver of the body has to compare.
    #[must_use]
    pub const fn content_length_bytes(&self) -> Option<u64> {
        self.content.length_bytes
    }

    /// The `content-type` that was signed.
    #[must_use]
    pub const fn content_type(&self) -> Option<&'a str> {
        self.content.content_type
    }

    /// The SHA-256 of the body that was signed. The receiver of the body has to compare: the
    /// signature binds the digest, not the bytes.
    #[must_use]
    pub const fn content_sha256(&self) -> Option<[u8; 32]> {
        self.content.sha256
    }

    /// The value of a signed header, by its name in lower case; `None` for one that is not signed.
    #[must_use]
    pub fn signed_header(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.signed_headers().find(|(other, _)| *other == name)?;
        Some(value)
    }

    /// The headers that were signed, in their order.
    pub fn signed_headers(&self) -> impl Iterator<Item = (&'c str, &'a str)> {
        let fields = self.fields.iter().copied();
        fields.filter(|(name, _)| *name != Required::RequestTarget.as_str())
    }
}

/// Shows no header: one may be a token.
impl fmt::Debug for Verified<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("key_id", &self.key_id)
            .field("method", &self.method)
            .field("target", &self.target)
            .field("dated", &self.dated)
            .finish_non_exhaustive()
    }
}

/// What is signed of a body.
#[derive(Debug, Clone, Copy)]
pub(super) struct SignedContent<'a> {
    length_bytes: Option<u64>,
    content_type: Option<&'a str>,
    sha256: Option<[u8; 32]>,
}

impl<'a> SignedContent<'a> {
    pub(super) fn read(fields: &[(&str, &'a str)]) -> Result<Self, VerifyError> {
        let find = |required: Required| {
            let (_, value) = fields.iter().find(|(name, _)| *name == required.as_str())?;
            Some(*value)
        };
        let malformed = |required: Required| VerifyError::MalformedHeader(required.as_str().into());
        let length = find(Required::ContentLength)
            .map(|text| length(text).ok_or_else(|| malformed(Required::ContentLength)));
        let sha256 = find(Required::ContentSha256)
            .map(|text| sha256(text).ok_or_else(|| malformed(Required::ContentSha256)));
        Ok(Self {
            length_bytes: length.transpose()?,
            content_type: find(Required::ContentType),
            sha256: sha256.transpose()?,
        })
    }
}

/// Plain digits (RFC 9110, section 8.6).
fn length(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// The one spelling in base64 that a digest has.
fn sha256(text: &str) -> Option<[u8; 32]> {
    // Longer text is not worth its decoding.
    if text.len() != 44 {
        return None;
    }
    STANDARD.decode(text).ok()?.try_into().ok()
}
