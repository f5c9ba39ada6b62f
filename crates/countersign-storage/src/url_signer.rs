use std::{borrow::Cow, fmt};

use base64::{Engine, prelude::BASE64_STANDARD};
use countersign::{
    Bucket, Clamp, Credentials, ExpiryError, InvalidValue, Lifetime, Method, PresignError,
    PresignRequest, PresignedUrl, Region, Timestamp,
};

use crate::{Capability, ObjectKey, PartNumber, UploadId, attachment, key_of_day::KeyOfDay};

/// Makes URLs that reach one bucket: Signature Version 4, whoever serves them, an S3 or our gateway.
///
/// - Shared between threads; derives its key once a day.
/// - No URL outlives the credentials that it is signed with: a longer lifetime is cut, and
///   [`PresignedUrl::expires_at`] says when the URL really ends.
/// - What an upload is held to is in headers that the client has to send, as
///   [`PresignedUrl::required_headers`] names them; never in the query, where stores overlook it.
///
/// ```
/// use countersign::{
///     Addressing, Credentials, Endpoint, Lifetime, Region, SecretKey, Timestamp,
/// };
/// use countersign_storage::{Download, ObjectKey, UrlSigner};
///
/// let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")?;
/// let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret)?;
/// let bucket = Endpoint::parse("http://localhost:8080/s3", Addressing::Path)?.bucket("data")?;
///
/// let download = Download { file_name: Some("Bücher.csv"), ..Download::default() };
/// let now = Timestamp::parse("20261121T120000Z")?;
/// let signer = UrlSigner::new(credentials, Region::new("us-east-1")?, bucket, now);
///
/// let key = ObjectKey::new("objects/1")?;
/// let url = signer.get(&key, &download, Lifetime::from_secs(600)?, now)?;
/// assert!(url.as_str().starts_with("http://localhost:8080/s3/data/objects/1?"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct UrlSigner {
    keys: KeyOfDay,
    bucket: Bucket,
    /// What all keys begin with in the bucket, without a slash at its end.
    prefix: Box<str>,
    capability: Capability,
}

/// Shows who signs and for what, never with what.
impl fmt::Debug for UrlSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UrlSigner")
            .field("access_key_id", &self.keys.credentials().access_key_id())
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// How a download is to be served, whatever was stored.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "options, to be made with `..Default::default()`")]
pub struct Download<'a> {
    /// The name under which it is saved.
    pub file_name: Option<&'a str>,
    /// Its media type.
    pub content_type: Option<&'a str>,
}

/// What an upload is held to: a header of each is signed, and the client has to send it.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "options, to be made with `..Default::default()`")]
pub struct Bound<'a> {
    /// `Content-Type`
    pub content_type: Option<&'a str>,
    /// `Content-Length`
    pub content_length: Option<u64>,
    /// `X-Amz-Checksum-Sha256`: the digest that the body must have. A store that binds it compares.
    pub sha256: Option<[u8; 32]>,
    /// `If-None-Match: *`, where nothing may be replaced.
    pub existing: Existing,
}

/// What an upload does with an object that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Existing {
    /// It replaces it.
    #[default]
    Replace,
    /// It is refused.
    Keep,
}

/// The values of the headers that an upload is held to, as text.
struct BoundHeaders<'a>(Vec<(&'static str, Cow<'a, str>)>);

impl<'a> Bound<'a> {
    fn headers(&self) -> BoundHeaders<'a> {
        let length = self.content_length.map(|length| length.to_string().into());
        let sha256 = self.sha256.map(|sha256| BASE64_STANDARD.encode(sha256).into());
        let keep = (self.existing == Existing::Keep).then_some("*".into());
        let headers = [
            ("content-length", length),
            ("content-type", self.content_type.map(Cow::Borrowed)),
            ("if-none-match", keep),
            ("x-amz-checksum-sha256", sha256),
        ];
        let headers = headers.into_iter().filter_map(|(name, value)| Some((name, value?)));
        BoundHeaders(headers.collect())
    }
}

impl BoundHeaders<'_> {
    /// Refuses what the store would not hold a client to.
    fn check(&self, bindable: &[&str]) -> Result<(), UrlError> {
        match self.0.iter().find(|(name, _)| !bindable.contains(name)) {
            Some((header, _)) => Err(UrlError::Unbindable { header }),
            None => Ok(()),
        }
    }

    fn bind<'a>(
        &'a self,
        mut request: PresignRequest<'a>,
    ) -> Result<PresignRequest<'a>, PresignError> {
        for (name, value) in &self.0 {
            request = request.with_signed_header(name, value)?;
        }
        Ok(request)
    }
}

impl UrlSigner {
    /// Signs for a bucket, in a region. `now` is when the first URL is likely to be asked for.
    #[must_use]
    pub fn new(
        credentials: Credentials,
        region: Region<'_>,
        bucket: Bucket,
        now: Timestamp,
    ) -> Self {
        Self::of(KeyOfDay::new(credentials, region, now), bucket)
    }

    pub(crate) fn of(keys: KeyOfDay, bucket: Bucket) -> Self {
        Self { keys, bucket, prefix: "".into(), capability: Capability::GATEWAY }
    }

    /// Signs for keys below a prefix, given without a slash at its end. The empty one is none.
    #[must_use]
    pub fn with_prefix(self, prefix: impl Into<Box<str>>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// Says what whoever serves the URLs can bind: our gateway, where nothing is said.
    #[must_use]
    pub fn with_capability(self, capability: Capability) -> Self {
        Self { capability, ..self }
    }

    /// What whoever serves the URLs can bind.
    #[must_use]
    pub const fn capability(&self) -> &Capability {
        &self.capability
    }

    /// A URL that downloads an object.
    ///
    /// # Errors
    ///
    /// [`UrlError`], when the URL would be too long.
    pub fn get(
        &self,
        key: &ObjectKey,
        download: &Download<'_>,
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<PresignedUrl, UrlError> {
        let disposition = download.file_name.map(attachment);
        let key = self.key_in_bucket(key);
        let mut request = self.request(Method::GET, &key, lifetime, now)?;
        if let Some(disposition) = &disposition {
            request = request.with_query("response-content-disposition", disposition)?;
        }
        if let Some(content_type) = download.content_type {
            request = request.with_query("response-content-type", content_type)?;
        }
        self.presign(&request, now)
    }

    /// A URL that asks what is known of an object, without its bytes.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn head(
        &self,
        key: &ObjectKey,
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<PresignedUrl, UrlError> {
        let key = self.key_in_bucket(key);
        self.presign(&self.request(Method::HEAD, &key, lifetime, now)?, now)
    }

    /// A URL that deletes an object.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn delete(
        &self,
        key: &ObjectKey,
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<PresignedUrl, UrlError> {
        let key = self.key_in_bucket(key);
        self.presign(&self.request(Method::DELETE, &key, lifetime, now)?, now)
    }

    /// A URL that uploads an object.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get); and [`UrlError`], when the content type is no header value, or the
    /// store cannot bind what the upload shall be held to.
    pub fn put(
        &self,
        key: &ObjectKey,
        bound: &Bound<'_>,
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<PresignedUrl, UrlError> {
        let (key, headers) = (self.key_in_bucket(key), bound.headers());
        headers.check(self.capability.binds_headers)?;
        let request = self.request(Method::PUT, &key, lifetime, now)?;
        self.presign(&headers.bind(request)?, now)
    }

    /// A URL that uploads one part of a multipart upload.
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put). No store binds the digest of a part, for it would have to know since
    /// the upload was begun that there is one; nor that nothing is replaced.
    pub fn put_part(
        &self,
        key: &ObjectKey,
        (upload, number): (&UploadId, PartNumber),
        bound: &Bound<'_>,
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<PresignedUrl, UrlError> {
        let (key, headers) = (self.key_in_bucket(key), bound.headers());
        headers.check(&Capability::PART_HEADERS)?;
        headers.check(self.capability.binds_headers)?;
        let number = number.as_u16().to_string();
        let request = self
            .request(Method::PUT, &key, lifetime, now)?
            .with_query("partNumber", &number)?
            .with_query("uploadId", upload.as_str())?;
        self.presign(&headers.bind(request)?, now)
    }

    /// The key as it is in the bucket.
    pub(crate) fn key_in_bucket<'a>(&self, key: &'a ObjectKey) -> Cow<'a, str> {
        if self.prefix.is_empty() {
            return key.as_str().into();
        }
        format!("{}/{key}", self.prefix).into()
    }

    /// A request to live as long as was wished, or as long as what it is signed with.
    pub(crate) fn request<'a>(
        &'a self,
        method: Method<'a>,
        key: &'a str,
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<PresignRequest<'a>, UrlError> {
        let clamped = Clamp::new(lifetime, now)
            .at_most(self.capability.lifetime_max, Limit::Store)
            .until(self.keys.credentials().expires_at(), Limit::Credentials)
            .finish();
        let lifetime = clamped.map_err(|error| match error {
            ExpiryError::NothingLeft { now, not_after, .. } => {
                UrlError::CredentialsOver { now, not_after }
            }
            _ => UrlError::Presign(PresignError::ExpiryOutOfRange),
        })?;
        Ok(PresignRequest::new(method, self.bucket.object(key)?, lifetime.lifetime()))
    }

    pub(crate) fn presign(
        &self,
        request: &PresignRequest<'_>,
        now: Timestamp,
    ) -> Result<PresignedUrl, UrlError> {
        Ok(self.keys.at(now).at(now)?.presign(request)?)
    }
}

/// What cuts the life of a URL.
#[derive(Debug)]
enum Limit {
    Store,
    Credentials,
}

/// Why no URL was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// A value is not one that can be signed.
    #[error("the URL has a value that cannot be signed")]
    Value(#[from] InvalidValue),
    /// The URL cannot be signed.
    #[error("the URL cannot be signed")]
    Presign(#[from] PresignError),
    /// The credentials are over, and with them every URL that they would sign.
    #[error("the credentials were good until {not_after}, it is {now}")]
    CredentialsOver {
        /// The caller's clock.
        now: Timestamp,
        /// The first second in which they sign no more.
        not_after: Timestamp,
    },
    /// The store would not hold a client to this header.
    #[error("the store cannot bind {header}")]
    Unbindable {
        /// Its name.
        header: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use countersign::{Addressing, Endpoint, SecretKey};

    use super::*;

    fn signer(now: Timestamp) -> UrlSigner {
        let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY").unwrap();
        let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret).unwrap();
        let endpoint = Endpoint::parse("http://localhost:8080/s3", Addressing::Path).unwrap();
        let region = Region::new("us-east-1").unwrap();
        UrlSigner::new(credentials, region, endpoint.bucket("data").unwrap(), now)
    }

    #[test]
    fn the_key_follows_the_day_both_ways() {
        let today = Timestamp::parse("20261121T235959Z").unwrap();
        let tomorrow = today.checked_add_secs(1).unwrap();
        let key = ObjectKey::new("k").unwrap();
        let url = |signer: &UrlSigner, now| {
            signer.get(&key, &Download::default(), Lifetime::MAX, now).unwrap().into_string()
        };
        let signer_of_today = signer(today);
        for now in [tomorrow, today, tomorrow] {
            assert_eq!(url(&signer_of_today, now), url(&signer(now), now));
        }
    }

    #[test]
    fn what_an_upload_is_held_to_is_signed_and_said() {
        let now = Timestamp::parse("20261121T120000Z").unwrap();
        let bound =
            Bound { content_type: Some("text/csv"), content_length: Some(3), ..Bound::default() };
        let key = ObjectKey::new("k").unwrap();
        let url = signer(now).put(&key, &bound, Lifetime::MAX, now).unwrap();
        let names = "X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost";
        assert!(url.as_str().contains(names), "{}", url.as_str());
    }

    #[test]
    fn an_upload_is_held_to_all_that_is_wished_or_to_nothing() {
        let now = Timestamp::parse("20261121T120000Z").unwrap();
        let (key, signer) = (ObjectKey::new("k").unwrap(), signer(now));
        let all = Bound {
            content_type: Some("text/csv"),
            content_length: Some(0),
            sha256: Some([0; 32]),
            existing: Existing::Keep,
        };
        let url = signer.put(&key, &all, Lifetime::MAX, now).unwrap();
        let headers: Vec<_> = url.required_headers().collect();
        let expected = [
            ("content-length", "0"),
            ("content-type", "text/csv"),
            ("if-none-match", "*"),
            ("x-amz-checksum-sha256", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ];
        assert_eq!(headers, expected);
        // S-04: none of it is in the query but by its name.
        let query = url.as_str().split_once('?').unwrap().1;
        let names: Vec<_> = query.split('&').map(|it| it.split('=').next().unwrap()).collect();
        assert!(names.iter().all(|name| name.starts_with("X-Amz-")), "{names:?}");
        assert!(!names.iter().any(|name| name.to_ascii_lowercase().contains("checksum")));

        let upload = (&UploadId::new("id").unwrap(), PartNumber::new(1).unwrap());
        let digest = Bound { sha256: Some([0; 32]), ..Bound::default() };
        let keep = Bound { existing: Existing::Keep, ..Bound::default() };
        for (bound, header) in [(digest, "x-amz-checksum-sha256"), (keep, "if-none-match")] {
            let refused = signer.put_part(&key, upload, &bound, Lifetime::MAX, now).unwrap_err();
            assert_eq!(refused, UrlError::Unbindable { header });
        }
        let bare = Capability { binds_headers: &["content-type"], ..Capability::S3 };
        let bare = signer.with_capability(bare);
        let sized = Bound { content_length: Some(1), ..Bound::default() };
        let refused = bare.put(&key, &sized, Lifetime::MAX, now).unwrap_err();
        assert_eq!(refused, UrlError::Unbindable { header: "content-length" });
        let typed = Bound { content_type: Some("a/b"), ..Bound::default() };
        assert!(bare.put(&key, &typed, Lifetime::MAX, now).is_ok());
    }

    /// S-07, on a clock of its own: 200 moments before and after the end of the credentials.
    #[test]
    fn no_url_outlives_its_credentials() {
        let ends = Timestamp::parse("20261121T120000Z").unwrap();
        let secret = SecretKey::new("hush").unwrap();
        let credentials = Credentials::new("AKID", secret).unwrap().with_expiry(ends);
        let endpoint = Endpoint::parse("http://localhost", Addressing::Path).unwrap();
        let (bucket, region) = (endpoint.bucket("b").unwrap(), Region::new("r").unwrap());
        let signer = UrlSigner::new(credentials, region, bucket, ends);
        let key = ObjectKey::new("k").unwrap();
        for before_secs in -100_i64..100 {
            let now = Timestamp::from_unix_secs(ends.unix_secs() - before_secs * 20).unwrap();
            let wish = Lifetime::from_secs(600).unwrap();
            let url = signer.head(&key, wish, now);
            if before_secs <= 0 {
                let over = UrlError::CredentialsOver { now, not_after: ends };
                assert_eq!(url.unwrap_err(), over);
                continue;
            }
            let expected = ends.min(now.checked_add_secs(600).unwrap());
            assert_eq!(url.unwrap().expires_at(), expected, "{before_secs}");
        }
    }

    #[test]
    fn a_prefix_stands_before_every_key() {
        let now = Timestamp::parse("20261121T120000Z").unwrap();
        let signer = signer(now).with_prefix("a b");
        let key = ObjectKey::new("k").unwrap();
        let upload = (&UploadId::new("id").unwrap(), PartNumber::new(1).unwrap());
        let (life, bound) = (Lifetime::MAX, Bound::default());
        let urls = [
            signer.get(&key, &Download::default(), life, now),
            signer.head(&key, life, now),
            signer.delete(&key, life, now),
            signer.put(&key, &bound, life, now),
            signer.put_part(&key, upload, &bound, life, now),
        ];
        for url in urls {
            let url = url.unwrap();
            assert!(url.as_str().starts_with("http://localhost:8080/s3/data/a%20b/k?"));
        }
        let long = ObjectKey::new("k".repeat(1_024)).unwrap();
        assert!(matches!(signer.head(&long, life, now), Err(UrlError::Value(_))));
    }

    #[test]
    fn debug_shows_no_secret() {
        let text = format!("{:?}", signer(Timestamp::parse("20261121T120000Z").unwrap()));
        assert!(text.contains("AKIAIOSFODNN7EXAMPLE") && !text.contains("EXAMPLEKEY"), "{text}");
    }
}
