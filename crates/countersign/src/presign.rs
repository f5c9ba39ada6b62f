//! Presigning: a request and a second go in, a URL comes out.
//!
//! Follows [authenticating requests with query parameters][doc].
//!
//! [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html

use alloc::string::String;
use core::fmt;

use crate::{
    InvalidValue, KeyFault, Lifetime, Method, PayloadRule, PresignError, PresignRequest,
    PresignedUrl, SigningKey, Timestamp, WirePath,
    canonical::{CanonicalRequest, put_names, put_tail},
    encode,
    error::Field,
    query::TARGET_LEN_MAX,
    signing_key::{ALGORITHM, Begun},
    sink::{Sink, put_decimal},
};

impl SigningKey {
    /// Signs at this second.
    ///
    /// What all URLs of one second share is written and hashed here, once: keep the result for as
    /// long as the second lasts.
    ///
    /// # Errors
    ///
    /// [`PresignError::KeyScopeExpired`], when the second is not of the key's day.
    pub fn at(&self, now: Timestamp) -> Result<Presigner<'_>, PresignError> {
        let begun = self.begin_at(now)?;
        let scope = self.scope();
        let mut before_expires = String::new();
        before_expires.extend(["?", Field::Algorithm.as_str(), "=", ALGORITHM]);
        before_expires.extend(["&", Field::Credential.as_str(), "="]);
        encode::put_query(&mut before_expires, self.access_key_id());
        scope.put_encoded(&mut before_expires);
        before_expires.extend(["&", Field::Date.as_str(), "="]);
        before_expires.put(&now.to_basic());
        before_expires.extend(["&", Field::Expires.as_str(), "="]);
        let mut behind_expires = String::new();
        if let Some(token) = self.session_token() {
            behind_expires.extend(["&", Field::SecurityToken.as_str(), "="]);
            encode::put_query(&mut behind_expires, token.as_str());
        }
        behind_expires.extend(["&", Field::SignedHeaders.as_str(), "="]);
        Ok(Presigner { key: self, now, before_expires, behind_expires, begun })
    }
}

/// Presigns at one second, with one key. Safe to share between threads.
///
/// ```
/// use countersign::{
///     Addressing, Credentials, Endpoint, Lifetime, Method, PresignRequest, Region, Scope,
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
/// let lifetime = Lifetime::from_secs(86_400)?;
/// let request = PresignRequest::new(Method::GET, bucket.object("test.txt")?, lifetime);
/// let url = key.at(now)?.presign(&request)?;
/// assert_eq!(
///     url.signature(),
///     "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Presigner<'k> {
    pub(crate) key: &'k SigningKey,
    now: Timestamp,
    /// A `?` and the claim's own parameters, encoded, up to the value of `X-Amz-Expires`.
    before_expires: String,
    /// And from there up to the value of `X-Amz-SignedHeaders`.
    behind_expires: String,
    begun: Begun<'k>,
}

impl Presigner<'_> {
    /// The signing time.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Makes a URL.
    ///
    /// # Errors
    ///
    /// - [`PresignError::ExpiryOutOfRange`], when the URL would outlive the year 9999.
    /// - [`PresignError::OutlivesCredentials`], when it would outlive the credentials.
    /// - [`PresignError::TooLong`], when path and query are over 16,384 bytes.
    pub fn presign(&self, request: &PresignRequest<'_>) -> Result<PresignedUrl, PresignError> {
        self.presign_path(request, request.path())
    }

    /// Makes a URL for each key: what `request` says, for another object of its bucket.
    ///
    /// An error is one of its key, and the others have their URLs.
    ///
    /// ```
    /// # use countersign::*;
    /// # let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")?;
    /// # let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret)?;
    /// # let now = Timestamp::parse("20130524T000000Z")?;
    /// # let scope = Scope::new(now.date(), Region::new("us-east-1")?, Service::S3);
    /// # let key = SigningKey::derive(&credentials, scope);
    /// # let bucket = Endpoint::parse("https://s3.amazonaws.com", Addressing::Path)?.bucket("b")?;
    /// # let presigner = key.at(now)?;
    /// let request = PresignRequest::new(Method::GET, bucket.root(), Lifetime::MAX);
    /// let urls: Vec<_> = presigner.presign_objects(&request, ["a.csv", "", "b.csv"]).collect();
    /// assert!(urls[0].as_ref().is_ok_and(|url| url.as_str().contains("/b/a.csv?")));
    /// assert_eq!(urls[1].as_ref().unwrap_err(), &PresignError::Key(KeyFault::Empty));
    /// assert!(urls[2].is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Each as [`presign`](Self::presign); and [`PresignError::Key`] for a key that no object can
    /// have.
    pub fn presign_objects<'u, 'o>(
        &'u self,
        request: &'u PresignRequest<'_>,
        keys: impl IntoIterator<Item = &'o str, IntoIter: 'u>,
    ) -> impl Iterator<Item = Result<PresignedUrl, PresignError>> {
        let bucket = request.path().bucket();
        keys.into_iter().map(move |key| match bucket.object(key) {
            Ok(path) => self.presign_path(request, path),
            Err(InvalidValue::Key(fault)) => Err(PresignError::Key(fault)),
            // A key is all that there is to be wrong.
            Err(_) => Err(PresignError::Key(KeyFault::Empty)),
        })
    }

    fn presign_path(
        &self,
        request: &PresignRequest<'_>,
        path: WirePath<'_>,
    ) -> Result<PresignedUrl, PresignError> {
        let mut url = String::new();
        let expires_at = self.presign_path_into(request, path, &mut url)?;
        Ok(PresignedUrl { url, expires_at, required_headers: request.owned_headers() })
    }

    /// Writes a URL behind what the buffer holds, and says when it expires. Allocates nothing where
    /// the buffer has room.
    ///
    /// # Errors
    ///
    /// As [`presign`](Self::presign); the buffer is as it was.
    pub fn presign_into(
        &self,
        request: &PresignRequest<'_>,
        url: &mut String,
    ) -> Result<Timestamp, PresignError> {
        self.presign_path_into(request, request.path(), url)
    }

    fn presign_path_into(
        &self,
        request: &PresignRequest<'_>,
        path: WirePath<'_>,
        url: &mut String,
    ) -> Result<Timestamp, PresignError> {
        let expires_at = self.expires_at(request.lifetime())?;
        let start = url.len();
        let unsigned = self.put_unsigned(request, path, url);
        let signature = self.begun.sign(&unsigned.canonical(request, url).digest());
        put_signature(url, &signature);
        if url.len().saturating_sub(unsigned.path_start) > TARGET_LEN_MAX {
            url.truncate(start);
            return Err(PresignError::TooLong);
        }
        Ok(expires_at)
    }

    /// When what is signed now expires, unless its credentials do before.
    pub(crate) fn expires_at(&self, lifetime: Lifetime) -> Result<Timestamp, PresignError> {
        let expires_at =
            self.now.checked_add_secs(lifetime.as_secs()).ok_or(PresignError::ExpiryOutOfRange)?;
        match self.key.expires_at() {
            Some(credentials_expire_at) if expires_at > credentials_expire_at => {
                Err(PresignError::OutlivesCredentials { expires_at, credentials_expire_at })
            }
            _ => Ok(expires_at),
        }
    }

    pub(crate) const fn begun(&self) -> &Begun<'_> {
        &self.begun
    }

    /// Writes a URL that lacks its signature.
    pub(crate) fn put_unsigned(
        &self,
        request: &PresignRequest<'_>,
        path: WirePath<'_>,
        url: &mut String,
    ) -> Unsigned {
        url.reserve(self.len_max(request, path));
        let path_start = url.len().saturating_add(path.bucket().origin().len());
        path.put_url(url);
        let path_end = url.len();
        self.put_query(request, url);
        Unsigned { path_start, path_end }
    }

    /// Writes the query with its mark and without the signature, each parameter where it sorts. The
    /// claim's own are sorted already. The request's stand behind them, in all that S3 knows.
    fn put_query(&self, request: &PresignRequest<'_>, url: &mut String) {
        let last = Field::SignedHeaders.as_str();
        if request.query().next().is_some_and(|(name, _)| encode::cmp_encoded(name, last).is_lt()) {
            return self.put_merged_query(request, url);
        }
        url.push_str(&self.before_expires);
        put_decimal(url, request.lifetime().as_secs());
        url.push_str(&self.behind_expires);
        put_signed_headers(request, url);
        for (name, value) in request.query() {
            url.push('&');
            put_parameter(url, name, value);
        }
    }

    /// The same where parameters of the request stand before those of the claim, or between them.
    #[cold]
    fn put_merged_query(&self, request: &PresignRequest<'_>, url: &mut String) {
        let mut own = request.query().peekable();
        // Each of the two begins with the mark that separates it from what is before.
        let before = self.before_expires.trim_start_matches('?').split('&');
        let claims = before.chain(self.behind_expires.split('&').skip(1));
        for (index, claim) in claims.enumerate() {
            let (field, _) = claim.split_once('=').unwrap_or((claim, ""));
            url.push(if index == 0 { '?' } else { '&' });
            let is_before = |name: &str| encode::cmp_encoded(name, field).is_lt();
            while let Some((name, value)) = own.next_if(|(name, _)| is_before(name)) {
                put_parameter(url, name, value);
                url.push('&');
            }
            url.push_str(claim);
            if field == Field::Expires.as_str() {
                put_decimal(url, request.lifetime().as_secs());
            } else if field == Field::SignedHeaders.as_str() {
                put_signed_headers(request, url);
            }
        }
        for (name, value) in own {
            url.push('&');
            put_parameter(url, name, value);
        }
    }

    /// No fewer bytes than a URL has, so that the buffer grows once at the most.
    fn len_max(&self, request: &PresignRequest<'_>, path: WirePath<'_>) -> usize {
        /// The digits of the lifetime, `host`, the signature and its name.
        const FIXED: usize = 128;
        let mut len = FIXED
            .saturating_add(self.before_expires.len())
            .saturating_add(self.behind_expires.len())
            .saturating_add(path.url_len_max());
        for (name, value) in request.query() {
            let pair = name.len().saturating_add(value.len()).saturating_mul(3);
            len = len.saturating_add(pair).saturating_add(2);
        }
        for (name, _) in request.required_headers() {
            len = len.saturating_add(name.len()).saturating_add(3);
        }
        len
    }
}

/// Where the parts of a URL that lacks its signature stand in a buffer. It ends with its query.
pub(crate) struct Unsigned {
    path_start: usize,
    path_end: usize,
}

impl Unsigned {
    /// The bytes of the buffer that a request target begins at.
    pub(crate) const fn path_start(&self) -> usize {
        self.path_start
    }

    pub(crate) fn canonical<'w>(
        &self,
        request: &'w PresignRequest<'w>,
        url: &'w str,
    ) -> Written<'w> {
        let path = url.get(self.path_start..self.path_end).unwrap_or_default();
        // Between the two stands the `?`.
        let query = url.get(self.path_end.saturating_add(1)..).unwrap_or_default();
        Written { request, path, query }
    }
}

pub(crate) fn put_signature(url: &mut String, signature: &[u8; 64]) {
    url.push_str("&X-Amz-Signature=");
    url.put(signature);
}

fn put_signed_headers(request: &PresignRequest<'_>, url: &mut String) {
    if request.required_headers().next().is_none() {
        return url.push_str("host");
    }
    put_names(url, request.signed_headers().map(|(name, _)| name), b"%3B");
}

impl fmt::Debug for Presigner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presigner").field("key", self.key).field("now", &self.now).finish()
    }
}

fn put_parameter(url: &mut String, name: &str, value: &str) {
    encode::put_query(url, name);
    url.push('=');
    encode::put_query(url, value);
}

/// A request whose path and query stand in the URL already.
pub(crate) struct Written<'a> {
    pub(crate) request: &'a PresignRequest<'a>,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
}

impl CanonicalRequest for Written<'_> {
    fn method(&self) -> Method<'_> {
        self.request.method()
    }

    fn put_path(&self, sink: &mut impl Sink) {
        sink.put_str(self.path);
    }

    fn put_query(&self, sink: &mut impl Sink) {
        sink.put_str(self.query);
    }

    fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.request.signed_headers().map(|(name, value)| (name, value.as_bytes()))
    }

    fn payload(&self) -> PayloadRule {
        self.request.payload()
    }

    fn put_tail(&self, sink: &mut impl Sink) {
        if self.request.signs_host_only() {
            sink.put_str(self.request.path().bucket().canonical_tail());
        } else {
            put_tail(self, sink);
        }
    }
}

#[cfg(test)]
#[path = "../tests/common/suite.rs"]
#[expect(dead_code, reason = "tests/aws_suite.rs uses the rest")]
pub(crate) mod suite;

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use sha2::{Digest, Sha256};

    use super::*;
    use crate::{Addressing, Credentials, Endpoint, Region, Scope, SecretKey, Service};

    /// The canonical request, as the hasher sees it.
    fn canonical_request(presigner: &Presigner<'_>, request: &PresignRequest<'_>) -> String {
        let (mut url, mut text) = (String::new(), Vec::new());
        let unsigned = presigner.put_unsigned(request, request.path(), &mut url);
        unsigned.canonical(request, &url).put(&mut text);
        String::from_utf8(text).unwrap()
    }

    fn documented_key() -> SigningKey {
        let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY").unwrap();
        let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret).unwrap();
        let region = Region::new("us-east-1").unwrap();
        let date = Timestamp::parse("20130524T000000Z").unwrap().date();
        SigningKey::derive(&credentials, Scope::new(date, region, Service::S3))
    }

    /// `sigv4-query-string-auth`: the string to sign is asserted in `signing_key.rs`, which owns it.
    #[test]
    fn the_documented_example_at_every_stage() {
        let examples = include_str!("../tests/data/aws-docs-examples/examples.json");
        let examples: serde_json::Value = serde_json::from_str(examples).unwrap();
        let example = &examples["requests"][0];
        assert_eq!(example["name"], "s3-presigned-get-test.txt");

        let url = "https://s3.amazonaws.com";
        let endpoint = Endpoint::parse(url, Addressing::VirtualHost).unwrap();
        let bucket = endpoint.bucket("examplebucket").unwrap();
        let lifetime = Lifetime::from_secs(86_400).unwrap();
        let path = bucket.object("test.txt").unwrap();
        let request = PresignRequest::new(Method::GET, path, lifetime);
        let key = documented_key();
        let presigner = key.at(Timestamp::parse("20130524T000000Z").unwrap()).unwrap();

        let canonical = canonical_request(&presigner, &request);
        assert_eq!(canonical, example["canonical_request"].as_str().unwrap());
        let digest = hex::encode(Sha256::digest(&canonical));
        assert_eq!(digest, "3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04");
        let url = presigner.presign(&request).unwrap();
        assert_eq!(url.as_str(), example["url"].as_str().unwrap());
        assert_eq!(
            url.signature(),
            "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
        );
        assert_eq!(url.expires_at(), Timestamp::parse("20130525T000000Z").unwrap());
    }

    #[test]
    fn the_suite_at_every_stage() {
        for case in suite::cases() {
            let key = case.signing_key();
            let presigner = key.at(case.signed_at).unwrap();
            let request = case.request();
            let canonical = canonical_request(&presigner, &request);
            assert_eq!(canonical, case.canonical_request, "{}", case.name);
            let digest = hex::encode(Sha256::digest(&canonical));
            let string_to_sign =
                alloc::format!("AWS4-HMAC-SHA256\n{}\n{}\n{digest}", case.signed_at, case.scope());
            assert_eq!(string_to_sign, case.string_to_sign, "{}", case.name);
            assert_eq!(presigner.presign(&request).unwrap().signature(), case.signature);
        }
    }

    #[test]
    fn a_key_signs_on_its_own_day_only() {
        let key = documented_key();
        for (now, is_good) in [
            ("20130523T235959Z", false),
            ("20130524T000000Z", true),
            ("20130524T235959Z", true),
            ("20130525T000000Z", false),
        ] {
            let now = Timestamp::parse(now).unwrap();
            let expected =
                PresignError::KeyScopeExpired { key: key.scope().date(), now: now.date() };
            assert_eq!(key.at(now).err(), (!is_good).then_some(expected));
        }
    }

    #[test]
    fn a_buffer_is_appended_to_and_kept_on_failure() {
        let endpoint = Endpoint::parse("https://h", Addressing::Path).unwrap();
        let bucket = endpoint.bucket("bucket").unwrap();
        let request = PresignRequest::new(Method::GET, bucket.object("k").unwrap(), Lifetime::MAX);
        let key = documented_key();
        let presigner = key.at(Timestamp::parse("20130524T000000Z").unwrap()).unwrap();
        let mut buffer = String::from("kept ");
        presigner.presign_into(&request, &mut buffer).unwrap();
        let url = presigner.presign(&request).unwrap();
        assert_eq!(buffer.strip_prefix("kept "), Some(url.as_str()));

        let before = buffer.clone();
        let long = "é".repeat(3000);
        let too_long = request.clone().with_query("long", &long).unwrap();
        let outcome = presigner.presign_into(&too_long, &mut buffer);
        assert_eq!(outcome, Err(PresignError::TooLong));
        assert_eq!(buffer, before);

        let last = Timestamp::MAX;
        let scope = Scope::new(last.date(), key.scope().region(), Service::S3);
        let secret = SecretKey::new("hush").unwrap();
        let key = SigningKey::derive(&Credentials::new("AKID", secret).unwrap(), scope);
        let outcome = key.at(last).unwrap().presign_into(&request, &mut buffer);
        assert_eq!(outcome, Err(PresignError::ExpiryOutOfRange));
        assert_eq!(buffer, before);
    }
}
