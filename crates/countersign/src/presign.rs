//! Presigning: a request and a second go in, a URL comes out.
//!
//! Follows [authenticating requests with query parameters][doc].
//!
//! [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html

use alloc::{boxed::Box, string::String};
use core::fmt::{self, Write as _};

use crate::{
    Lifetime, Method, PayloadRule, PresignError, PresignRequest, PresignedUrl, SigningKey,
    Timestamp,
    canonical::{CanonicalRequest, put_names},
    encode,
    error::Field,
    names::AUTH_PARAMETERS,
    query::TARGET_LEN_MAX,
    signing_key::{ALGORITHM, Begun},
    sink::Sink,
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
        let scope = self.scope();
        if scope.date() != now.date() {
            return Err(PresignError::KeyScopeExpired { key: scope.date(), now: now.date() });
        }
        let mut credential = String::new();
        encode::put_query(&mut credential, self.access_key_id());
        scope.put_encoded(&mut credential);
        let session_token = self.session_token().map(|token| {
            let mut encoded = String::new();
            encode::put_query(&mut encoded, token.as_str());
            encoded
        });
        let begun = self.keyed().begin(now, scope);
        Ok(Presigner { key: self, now, credential, session_token, begun })
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
    key: &'k SigningKey,
    now: Timestamp,
    /// Encoded.
    credential: String,
    /// Encoded.
    session_token: Option<String>,
    begun: Begun,
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
        let mut url = String::new();
        let expires_at = self.presign_into(request, &mut url)?;
        let owned = |(name, value): (&str, &str)| (Box::from(name), Box::from(value));
        let required_headers = request.required_headers().map(owned).collect();
        Ok(PresignedUrl { url, expires_at, required_headers })
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
        let expires_at = self.expiry(request.lifetime())?;
        url.reserve(self.len_max(request));
        let start = url.len();
        url.push_str(request.path().bucket().origin());
        let path_start = url.len();
        request.path().put(url);
        let path_end = url.len();
        url.push('?');
        let query_start = url.len();
        self.put_query(request, url);

        let written = Written {
            request,
            path: url.get(path_start..path_end).unwrap_or_default(),
            query: url.get(query_start..).unwrap_or_default(),
        };
        let signature = self.begun.sign(written.digest());
        url.push('&');
        url.push_str(Field::Signature.as_str());
        url.push('=');
        url.put(&signature);
        if url.len().saturating_sub(path_start) > TARGET_LEN_MAX {
            url.truncate(start);
            return Err(PresignError::TooLong);
        }
        Ok(expires_at)
    }

    fn expiry(&self, lifetime: Lifetime) -> Result<Timestamp, PresignError> {
        let expires_at =
            self.now.checked_add_secs(lifetime.as_secs()).ok_or(PresignError::ExpiryOutOfRange)?;
        match self.key.expires_at() {
            Some(credentials_expire_at) if expires_at > credentials_expire_at => {
                Err(PresignError::OutlivesCredentials { expires_at, credentials_expire_at })
            }
            _ => Ok(expires_at),
        }
    }

    /// Writes the query without the signature, each parameter where it sorts. The claim's own
    /// parameters are sorted already; the request's stand before, between and behind them.
    fn put_query(&self, request: &PresignRequest<'_>, url: &mut String) {
        let mut own = request.query().peekable();
        let start = url.len();
        let separate = |url: &mut String| {
            if url.len() > start {
                url.push('&');
            }
        };
        for field in AUTH_PARAMETERS {
            let is_before = |name: &str| encode::cmp_encoded(name, field.as_str()).is_lt();
            while let Some((name, value)) = own.next_if(|(name, _)| is_before(name)) {
                separate(url);
                put_parameter(url, name, value);
            }
            let is_absent = match field {
                Field::SecurityToken => self.session_token.is_none(),
                // The signature goes last, and is not part of what is signed.
                Field::Signature => true,
                _ => false,
            };
            if !is_absent {
                separate(url);
                url.push_str(field.as_str());
                url.push('=');
                self.put_value(field, request, url);
            }
        }
        for (name, value) in own {
            separate(url);
            put_parameter(url, name, value);
        }
    }

    fn put_value(&self, field: Field, request: &PresignRequest<'_>, url: &mut String) {
        match field {
            Field::Algorithm => url.push_str(ALGORITHM),
            Field::Credential => url.push_str(&self.credential),
            Field::Date => url.put(&self.now.to_basic()),
            Field::Expires => {
                // Writing to a `String` cannot fail.
                let _ = write!(url, "{}", request.lifetime().as_secs());
            }
            Field::SecurityToken => url.push_str(self.session_token.as_deref().unwrap_or_default()),
            Field::SignedHeaders => {
                put_names(url, request.signed_headers().map(|(name, _)| name), b"%3B");
            }
            _ => {}
        }
    }

    /// No fewer bytes than a URL has, so that the buffer grows once at the most.
    fn len_max(&self, request: &PresignRequest<'_>) -> usize {
        const FIXED: usize = 256;
        let sum = |lengths: &mut dyn Iterator<Item = usize>| lengths.fold(0, usize::saturating_add);
        let own = sum(&mut request.query().map(|(name, value)| {
            name.len().saturating_add(value.len()).saturating_mul(3).saturating_add(2)
        }));
        let names =
            sum(&mut request.required_headers().map(|(name, _)| name.len().saturating_add(3)));
        let token = self.session_token.as_ref().map_or(0, String::len);
        let place = request.path().len_max().saturating_add(request.path().bucket().origin().len());
        sum(&mut [FIXED, self.credential.len(), own, names, token, place].into_iter())
    }
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
struct Written<'a> {
    request: &'a PresignRequest<'a>,
    path: &'a str,
    query: &'a str,
}

impl CanonicalRequest for Written<'_> {
    fn method(&self) -> Method<'_> {
        self.request.method()
    }

    fn put_path(&self, sink: &mut impl Sink) {
        sink.put(self.path.as_bytes());
    }

    fn put_query(&self, sink: &mut impl Sink) {
        sink.put(self.query.as_bytes());
    }

    fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.request.signed_headers().map(|(name, value)| (name, value.as_bytes()))
    }

    fn payload(&self) -> PayloadRule {
        self.request.payload()
    }
}

#[cfg(test)]
#[path = "../tests/common/suite.rs"]
#[expect(dead_code, reason = "tests/aws_suite.rs uses the rest")]
mod suite;

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use sha2::{Digest, Sha256};

    use super::*;
    use crate::{Addressing, Credentials, Endpoint, Region, Scope, SecretKey, Service};

    /// The canonical request, as the hasher sees it.
    fn canonical_request(presigner: &Presigner<'_>, request: &PresignRequest<'_>) -> String {
        let (mut path, mut query, mut text) = (String::new(), String::new(), Vec::new());
        request.path().put(&mut path);
        presigner.put_query(request, &mut query);
        Written { request, path: &path, query: &query }.put(&mut text);
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
