use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use countersign::{
    Bucket, Credentials, InvalidValue, Lifetime, Method, PresignError, PresignRequest,
    PresignedUrl, Region, Scope, Service, SigningKey, Timestamp,
};

use crate::{ObjectKey, PartNumber, UploadId, attachment};

/// Makes URLs that reach one bucket: Signature Version 4, whoever serves them, an S3 or our gateway.
///
/// Shared between threads; derives its key once a day.
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
    credentials: Credentials,
    bucket: Bucket,
    /// The key of the day that was asked for last.
    key: Mutex<Arc<SigningKey>>,
}

/// Shows who signs and for what, never with what.
impl fmt::Debug for UrlSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UrlSigner")
            .field("access_key_id", &self.credentials.access_key_id())
            .field("bucket", &self.bucket)
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
        let key = SigningKey::derive(&credentials, Scope::new(now.date(), region, Service::S3));
        Self { credentials, bucket, key: Mutex::new(Arc::new(key)) }
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
        let mut request = self.request(Method::GET, key, lifetime)?;
        if let Some(disposition) = &disposition {
            request = request.with_query("response-content-disposition", disposition)?;
        }
        if let Some(content_type) = download.content_type {
            request = request.with_query("response-content-type", content_type)?;
        }
        self.presign(&request, now)
    }

    /// A URL that uploads an object.
    ///
    /// # Errors
    ///
    /// [`UrlError`], when the content type is no header value, or the URL would be too long.
    pub fn put(
        &self,
        key: &ObjectKey,
        bound: &Bound<'_>,
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<PresignedUrl, UrlError> {
        let length = bound.content_length.map(|length| length.to_string());
        let request = self.request(Method::PUT, key, lifetime)?;
        self.presign(&bind(request, bound, length.as_deref())?, now)
    }

    /// A URL that uploads one part of a multipart upload.
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put).
    pub fn put_part(
        &self,
        key: &ObjectKey,
        (upload, number): (&UploadId, PartNumber),
        bound: &Bound<'_>,
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<PresignedUrl, UrlError> {
        let length = bound.content_length.map(|length| length.to_string());
        let number = number.as_u16().to_string();
        let request = self
            .request(Method::PUT, key, lifetime)?
            .with_query("partNumber", &number)?
            .with_query("uploadId", upload.as_str())?;
        self.presign(&bind(request, bound, length.as_deref())?, now)
    }

    fn request<'a>(
        &'a self,
        method: Method<'a>,
        key: &'a ObjectKey,
        lifetime: Lifetime,
    ) -> Result<PresignRequest<'a>, UrlError> {
        Ok(PresignRequest::new(method, self.bucket.object(key.as_str())?, lifetime))
    }

    fn presign(
        &self,
        request: &PresignRequest<'_>,
        now: Timestamp,
    ) -> Result<PresignedUrl, UrlError> {
        Ok(self.key_of_day(now).at(now)?.presign(request)?)
    }

    fn key_of_day(&self, now: Timestamp) -> Arc<SigningKey> {
        let mut key = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if key.scope().date() != now.date() {
            let scope = Scope::new(now.date(), key.scope().region(), Service::S3);
            *key = Arc::new(SigningKey::derive(&self.credentials, scope));
        }
        Arc::clone(&key)
    }
}

fn bind<'a>(
    mut request: PresignRequest<'a>,
    bound: &Bound<'a>,
    length: Option<&'a str>,
) -> Result<PresignRequest<'a>, PresignError> {
    if let Some(content_type) = bound.content_type {
        request = request.with_signed_header("content-type", content_type)?;
    }
    if let Some(length) = length {
        request = request.with_signed_header("content-length", length)?;
    }
    Ok(request)
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
        let bound = Bound { content_type: Some("text/csv"), content_length: Some(3) };
        let key = ObjectKey::new("k").unwrap();
        let url = signer(now).put(&key, &bound, Lifetime::MAX, now).unwrap();
        let names = "X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost";
        assert!(url.as_str().contains(names), "{}", url.as_str());
    }

    #[test]
    fn debug_shows_no_secret() {
        let text = format!("{:?}", signer(Timestamp::parse("20261121T120000Z").unwrap()));
        assert!(text.contains("AKIAIOSFODNN7EXAMPLE") && !text.contains("EXAMPLEKEY"), "{text}");
    }
}
