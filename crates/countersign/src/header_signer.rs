//! Signing in the header: a request and a second go in, header fields come out.
//!
//! Follows [signature calculations for the Authorization header][doc].
//!
//! [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html

use alloc::{
    boxed::Box,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt;

use crate::{
    HeaderRequest, Method, PayloadRule, PresignError, Service, SigningKey, Timestamp,
    canonical::{CanonicalRequest, put_names},
    encode,
    header_request::PayloadHeader,
    names::{AMZ_DATE, AUTHORIZATION, CONTENT_SHA256, SECURITY_TOKEN},
    query::TARGET_LEN_MAX,
    signing_key::{ALGORITHM, Begun},
    sink::Sink,
};

impl SigningKey {
    /// Signs requests in their `Authorization` header, at this second.
    ///
    /// # Errors
    ///
    /// - [`PresignError::KeyScopeExpired`], when the second is not of the key's day.
    /// - [`PresignError::OutlivesCredentials`], when the credentials have expired.
    /// - [`PresignError::CommaInAccessKeyId`]
    pub fn header_signer(&self, now: Timestamp) -> Result<HeaderSigner<'_>, PresignError> {
        if self.access_key_id().contains(',') {
            return Err(PresignError::CommaInAccessKeyId);
        }
        if let Some(credentials_expire_at) = self.expires_at().filter(|&expiry| expiry <= now) {
            let expires_at = now;
            return Err(PresignError::OutlivesCredentials { expires_at, credentials_expire_at });
        }
        Ok(HeaderSigner { key: self, now, begun: self.begin_at(now)? })
    }
}

/// Signs requests in their `Authorization` header, at one second, with one key. Safe to share
/// between threads.
///
/// ```
/// use countersign::{
///     Addressing, Credentials, Endpoint, HeaderRequest, Method, PayloadRule, Region, Scope,
///     SecretKey, Service, SigningKey, Timestamp,
/// };
///
/// let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")?;
/// let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret)?;
/// let now = Timestamp::parse("20130524T000000Z")?;
/// let scope = Scope::new(now.date(), Region::new("us-east-1")?, Service::S3);
/// let key = SigningKey::derive(&credentials, scope);
///
/// let endpoint = Endpoint::parse("https://s3.amazonaws.com", Addressing::VirtualHost)?;
/// let bucket = endpoint.bucket("examplebucket")?;
/// let path = bucket.object("test.txt")?;
/// let request = HeaderRequest::new(Method::GET, path, PayloadRule::EMPTY)
///     .with_signed_header("Range", "bytes=0-9")?;
/// let signed = key.header_signer(now)?.sign(&request)?;
/// assert_eq!(
///     signed.signature(),
///     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
/// );
/// let names: Vec<_> = signed.headers().map(|(name, _)| name).collect();
/// assert_eq!(names, ["authorization", "x-amz-content-sha256", "x-amz-date"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct HeaderSigner<'k> {
    key: &'k SigningKey,
    now: Timestamp,
    begun: Begun<'k>,
}

impl HeaderSigner<'_> {
    /// The signing time.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Signs, and says what to add to the request.
    ///
    /// # Errors
    ///
    /// [`PresignError::TooLong`], when path and query are over 16,384 bytes.
    pub fn sign(&self, request: &HeaderRequest<'_>) -> Result<HeaderSignature, PresignError> {
        let mut target = request.signable.path.to_string();
        let path_end = target.len();
        for (index, (name, value)) in request.signable.query().enumerate() {
            target.push(if index == 0 { '?' } else { '&' });
            encode::put_query(&mut target, name);
            target.push('=');
            encode::put_query(&mut target, value);
        }
        if target.len() > TARGET_LEN_MAX {
            return Err(PresignError::TooLong);
        }
        let added = self.added(request);
        let written = Written::new(request, &target, path_end, &added);
        let signature = self.begun.sign(&written.digest());
        let authorization = (AUTHORIZATION, self.authorization(&written, &signature).into());
        let headers = core::iter::once(authorization).chain(added).collect();
        Ok(HeaderSignature { target, headers })
    }

    /// The headers that are added and signed, sorted.
    fn added(&self, request: &HeaderRequest<'_>) -> Vec<(&'static str, Box<str>)> {
        let mut added = Vec::with_capacity(3);
        let is_needed = self.key.scope().service() == Service::S3
            || request.payload == PayloadRule::Unsigned
            || request.payload_header == PayloadHeader::Always;
        if is_needed {
            let mut payload = String::new();
            request.payload.put(&mut payload);
            added.push((CONTENT_SHA256, payload.into()));
        }
        added.push((AMZ_DATE, self.now.to_string().into()));
        if let Some(token) = self.key.session_token() {
            added.push((SECURITY_TOKEN, token.as_str().into()));
        }
        added
    }

    fn authorization(&self, written: &Written<'_>, signature: &[u8]) -> String {
        let mut text = String::from(ALGORITHM);
        text.push_str(" Credential=");
        text.push_str(self.key.access_key_id());
        text.push('/');
        self.key.scope().put(&mut text);
        text.push_str(", SignedHeaders=");
        put_names(&mut text, written.headers.iter().map(|&(name, _)| name), b";");
        text.push_str(", Signature=");
        text.put(signature);
        text
    }
}

impl fmt::Debug for HeaderSigner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderSigner").field("key", self.key).field("now", &self.now).finish()
    }
}

/// What to add to a request that was signed in its header.
///
/// Whoever has it can send that request, for some minutes: `Debug` shows the path and no header.
///
/// ```
/// # use countersign::*;
/// # let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")?;
/// # let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret)?;
/// # let now = Timestamp::parse("20130524T000000Z")?;
/// # let scope = Scope::new(now.date(), Region::new("us-east-1")?, Service::S3);
/// # let key = SigningKey::derive(&credentials, scope);
/// # let bucket = Endpoint::parse("https://s3.amazonaws.com", Addressing::Path)?.bucket("b")?;
/// let request = HeaderRequest::new(Method::PUT, bucket.object("a b")?, PayloadRule::Unsigned)
///     .with_query("partNumber", "1")?;
/// let signed = key.header_signer(now)?.sign(&request)?;
/// assert_eq!(signed.target(), "/b/a%20b?partNumber=1");
/// assert!(signed.headers().any(|header| header == ("x-amz-date", "20130524T000000Z")));
/// assert_eq!(format!("{signed:?}"), "HeaderSignature(/b/a%20b..)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct HeaderSignature {
    target: String,
    /// `authorization` first, which is how they sort.
    headers: Vec<(&'static str, Box<str>)>,
}

impl HeaderSignature {
    /// Path and query, in the spelling that was signed. Any other that decodes to the same will do.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The headers to add, names in lower case, sorted: `authorization`, `x-amz-date`; with it
    /// `x-amz-content-sha256` and `x-amz-security-token`, where they are needed.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, value.as_ref()))
    }

    /// The 64 hex digits of the signature, which are the last of the `authorization` header.
    #[must_use]
    pub fn signature(&self) -> &str {
        let authorization = self.headers.first().map_or("", |(_, value)| value);
        authorization.rsplit('=').next().unwrap_or_default()
    }
}

impl fmt::Debug for HeaderSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target.split('?').next().unwrap_or_default();
        write!(f, "HeaderSignature({path}..)")
    }
}

/// A request whose path and query are written already, with all headers that are signed.
struct Written<'a> {
    request: &'a HeaderRequest<'a>,
    path: &'a str,
    query: &'a str,
    /// Sorted.
    headers: Vec<(&'a str, &'a str)>,
}

impl<'a> Written<'a> {
    fn new(
        request: &'a HeaderRequest<'a>,
        target: &'a str,
        path_end: usize,
        added: &'a [(&'static str, Box<str>)],
    ) -> Self {
        let (path, query) = target.split_at_checked(path_end).unwrap_or((target, ""));
        let query = query.strip_prefix('?').unwrap_or_default();
        let added = added.iter().map(|(name, value)| (*name, value.as_ref()));
        let mut headers: Vec<_> = request.signable.headers_with_host().chain(added).collect();
        headers.sort_unstable();
        Self { request, path, query, headers }
    }
}

impl CanonicalRequest for Written<'_> {
    fn method(&self) -> Method<'_> {
        self.request.signable.method
    }

    fn put_path(&self, sink: &mut impl Sink) {
        sink.put(self.path.as_bytes());
    }

    fn put_query(&self, sink: &mut impl Sink) {
        sink.put(self.query.as_bytes());
    }

    fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.headers.iter().map(|&(name, value)| (name, value.as_bytes()))
    }

    fn payload(&self) -> PayloadRule {
        self.request.payload
    }
}

#[cfg(test)]
#[path = "../tests/common/documented.rs"]
mod documented;

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::{Scope, presign::suite};

    /// The canonical request, as the hasher sees it.
    fn canonical_request(signer: &HeaderSigner<'_>, request: &HeaderRequest<'_>) -> String {
        let target = signer.sign(request).unwrap().target;
        let added = signer.added(request);
        let path_end = target.find('?').unwrap_or(target.len());
        let mut text = Vec::new();
        Written::new(request, &target, path_end, &added).put(&mut text);
        String::from_utf8(text).unwrap()
    }

    fn string_to_sign(canonical: &str, at: Timestamp, scope: Scope<'_>) -> String {
        let digest = hex::encode(Sha256::digest(canonical));
        alloc::format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{digest}")
    }

    #[test]
    fn the_suite_at_every_stage() {
        let cases = suite::cases();
        assert_eq!(cases.len(), 31);
        for case in cases {
            let (key, request, name) = (case.signing_key(), case.header_request(), &case.name);
            let signer = key.header_signer(case.signed_at).unwrap();
            let canonical = canonical_request(&signer, &request);
            assert_eq!(canonical, case.header.canonical_request, "{name}");
            let text = string_to_sign(&canonical, case.signed_at, case.scope());
            assert_eq!(text, case.header.string_to_sign, "{name}");
            let signed = signer.sign(&request).unwrap();
            assert_eq!(signed.signature(), case.header.signature, "{name}");
            for (header, value) in signed.headers() {
                assert_eq!(case.header.sent_header(header), Some(value), "{name}");
            }
        }
    }

    /// `sig-v4-header-based-auth`, and the example of IAM.
    #[test]
    fn the_documented_examples_at_every_stage() {
        for case in documented::documented() {
            let (key, request, name) = (case.signing_key(), case.request(), &case.name);
            let signer = key.header_signer(case.signed_at).unwrap();
            let canonical = canonical_request(&signer, &request);
            assert_eq!(canonical, case.canonical_request, "{name}");
            let text = string_to_sign(&canonical, case.signed_at, case.scope());
            assert_eq!(text, case.string_to_sign, "{name}");
            assert_eq!(signer.sign(&request).unwrap().signature(), case.signature, "{name}");
        }
    }
}
