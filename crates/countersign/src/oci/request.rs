use alloc::{
    borrow::ToOwned,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use super::{
    Authorization, ContentRule, KeyId, Required, RsaSigner, SignError, SigningString, Target, date,
    required::{REQUEST_TARGET, X_DATE},
};
use crate::{Method, Timestamp};

/// A request that is to be signed.
///
/// What has to be signed is signed, in the order of Oracle's SDK for Python; what the request lacks
/// it is refused for.
///
/// ```
/// use countersign::{
///     Method, Timestamp,
///     oci::{Content, ContentRule, KeyId, Request, RsaFailure, RsaSigner, Target},
/// };
/// # struct Key;
/// # impl RsaSigner for Key {
/// #     fn sign_pkcs1_sha256(&self, _: &[u8]) -> Result<Vec<u8>, RsaFailure> {
/// #         Ok(vec![0; 256])
/// #     }
/// # }
/// # let key = Key; // with the feature `ring`, `RsaKey::from_pem`
///
/// let key_id = KeyId::parse("tenancy/user/fingerprint")?;
/// let host = "objectstorage.eu-frankfurt-1.oraclecloud.com";
/// let target = Target::new("/n/ns/b/bucket/p")?;
/// let body = br#"{"name": "upload"}"#;
/// let signed = Request::new(Method::POST, target, host, ContentRule::Signed)
///     .with_content(Content::of(body, "application/json"))
///     .sign(&key_id, &key, Timestamp::parse("20261121T120000Z")?)?;
///
/// let names: Vec<_> = signed.headers().map(|(name, _)| name).collect();
/// let expected = ["date", "content-length", "content-type", "x-content-sha256", "authorization"];
/// assert_eq!(names, expected);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Follows [Request Signatures](super#specification).
#[derive(Debug, Clone)]
pub struct Request<'a> {
    method: Method<'a>,
    target: Target<'a>,
    host: &'a str,
    rule: ContentRule,
    content: Option<Content<'a>>,
    date_header: DateHeader,
}

/// The header that has the date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_enums, reason = "the specification has these two")]
pub enum DateHeader {
    /// `date`
    #[default]
    Date,
    /// `x-date`, for clients that cannot set `date`, as browsers cannot.
    XDate,
}

impl<'a> Request<'a> {
    /// Takes what no signed request can be without. `host` is the `host` header as it is sent, with
    /// its port where it has one.
    #[must_use]
    pub const fn new(
        method: Method<'a>,
        target: Target<'a>,
        host: &'a str,
        rule: ContentRule,
    ) -> Self {
        Self { method, target, host, rule, content: None, date_header: DateHeader::Date }
    }

    /// Signs the headers of the body. A `PATCH`, a `POST` or a `PUT` needs it also where the body is
    /// empty, unless its rule is [`ContentRule::ObjectUpload`].
    #[must_use]
    pub const fn with_content(mut self, content: Content<'a>) -> Self {
        self.content = Some(content);
        self
    }

    /// Puts the date into another header.
    #[must_use]
    pub const fn with_date_header(mut self, date_header: DateHeader) -> Self {
        self.date_header = date_header;
        self
    }

    /// Signs the request, dated `now`.
    ///
    /// # Errors
    ///
    /// [`SignError`], as [`SigningString::new`] and [`SigningString::sign`] have it.
    pub fn sign(
        &self,
        key_id: &KeyId,
        key: &impl RsaSigner,
        now: Timestamp,
    ) -> Result<SignedRequest, SignError> {
        let date_name = match self.date_header {
            DateHeader::Date => Required::Date.as_str(),
            DateHeader::XDate => X_DATE,
        };
        let mut headers = Vec::new();
        headers.push((date_name, date::write(now)));
        headers.push((REQUEST_TARGET, String::new()));
        headers.push((Required::Host.as_str(), self.host.to_owned()));
        headers.extend(self.content.iter().flat_map(Content::headers));
        let list: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let text = SigningString::new(self.method, self.target, &list, self.rule)?;
        let authorization = text.sign(key_id, key)?;
        let is_sent_by_the_client =
            |name| [REQUEST_TARGET, Required::Host.as_str()].contains(&name);
        headers.retain(|(name, _)| !is_sent_by_the_client(*name));
        headers.push(("authorization", authorization.to_header_value()));
        Ok(SignedRequest { headers, authorization })
    }
}

/// What is signed of a body.
///
/// - The SHA-256 and the length are those of the body as it is sent. Whoever receives it has to
///   compare: the signature binds them, not the bytes.
///
/// ```
/// use countersign::oci::Content;
///
/// let empty = Content::of(b"", "application/json");
/// assert_eq!(empty.length_bytes, 0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the specification has these three")]
pub struct Content<'a> {
    /// The `content-type` header.
    pub content_type: &'a str,
    /// The `content-length` header.
    pub length_bytes: u64,
    /// The `x-content-sha256` header, which has it in base64.
    pub sha256: [u8; 32],
}

impl<'a> Content<'a> {
    /// Measures and digests a body.
    #[must_use]
    pub fn of(body: &[u8], content_type: &'a str) -> Self {
        let length_bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
        Self { content_type, length_bytes, sha256: Sha256::digest(body).into() }
    }

    fn headers(&self) -> [(&'static str, String); 3] {
        [
            (Required::ContentLength.as_str(), self.length_bytes.to_string()),
            (Required::ContentType.as_str(), self.content_type.to_owned()),
            (Required::ContentSha256.as_str(), STANDARD.encode(self.sha256)),
        ]
    }
}

/// What is to be added to a request.
///
/// `Debug` shows no value. [`Request`] has an example.
#[derive(Clone)]
pub struct SignedRequest {
    headers: Vec<(&'static str, String)>,
    authorization: Authorization,
}

impl SignedRequest {
    /// The headers that the client has to send, apart from `host`: names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The last of these headers, in its parts.
    #[must_use]
    pub const fn authorization(&self) -> &Authorization {
        &self.authorization
    }
}

impl fmt::Debug for SignedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedRequest")
            .field("authorization", &self.authorization)
            .finish_non_exhaustive()
    }
}
