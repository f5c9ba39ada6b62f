//! Whether a bucket answers, asked once, and whether its URLs are worth what they sign.

use countersign::{Lifetime, Method};
use http::{HeaderValue, Method as HttpMethod, header};

use super::{
    S3, S3Error,
    client::{Call, Repeat},
    objects::COPY_SOURCE,
    prefix::Prefix,
};
use crate::{Bound, ObjectKey, StoreError, UrlSigner};

/// Nobody stores anything at these.
const KEY: &str = "countersign-probe";
const ABSENT_KEY: &str = "countersign-probe-of-nothing";

/// How long the URL of the probe lives, in seconds.
const PROBE_SECS: u64 = 60;

impl S3 {
    /// Asks for an object that is not there: with one signed request, whether the bucket is, and
    /// whether the key may be used for it.
    ///
    /// A store that hides from the key what is not there, as S3 does without `s3:ListBucket`, is of
    /// no use here: nobody could tell what was not uploaded from what may not be read.
    ///
    /// ```
    /// use countersign::{Credentials, SecretKey};
    /// use countersign_storage::{S3, S3Error, S3Settings};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let credentials = Credentials::new("id", SecretKey::new("secret")?)?;
    /// let nobody = "http://127.0.0.1:1";
    /// let s3 = S3::new(S3Settings::new("datasets", "us-east-1", nobody, credentials))?;
    /// assert!(matches!(s3.probe().await, Err(S3Error::Unreachable(_))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`S3Error`]: a bucket that is absent is `NoSuchBucket`.
    pub async fn probe(&self) -> Result<(), S3Error> {
        let key = ObjectKey::new(KEY).ok();
        let prefix = Prefix::new(&self.settings.prefix);
        let key = prefix.zip(key).and_then(|(prefix, key)| prefix.of(&key).ok());
        let key = key.ok_or(S3Error::malformed("the key of the probe"))?;
        // Not HEAD: its refusal has no code.
        let call = Call::new(Method::GET, key.as_str(), Repeat::Always);
        match self.client.send(call).await {
            Ok(_) => Ok(()),
            Err(S3Error::Refused { status: 404, code }) if code.as_deref() == Some("NoSuchKey") => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the store refuses what was added to a URL after it was signed: here an
    /// `x-amz-copy-source`, by which whoever may put one object could read any other whose key he
    /// knows. It names an object that is not there, so nothing is copied.
    ///
    /// AWS, Garage and `SeaweedFS` refuse it; `MinIO`'s code of 2022 and Ceph's gateway 16 obey.
    ///
    /// # Errors
    ///
    /// As of [`Objects::put`](crate::Objects::put).
    pub async fn refuses_unsigned_headers(&self) -> Result<bool, StoreError> {
        let now = (self.settings.clock)();
        let key = ObjectKey::new(KEY).map_err(StoreError::backend)?;
        let lifetime = Lifetime::from_secs(PROBE_SECS).map_err(StoreError::backend)?;
        let signer = UrlSigner::of(self.client.keys.copy_at(now), self.client.bucket.clone())
            .with_prefix(self.settings.prefix.clone());
        let bound = Bound { content_length: Some(0), ..Bound::default() };
        let url = signer.put(&key, &bound, lifetime, now).map_err(StoreError::backend)?;
        let bucket = &self.settings.bucket;
        let source = HeaderValue::try_from(format!("/{bucket}/{ABSENT_KEY}"));
        let asked = self
            .client
            .http
            .request(HttpMethod::PUT, url.as_str())
            .header(header::CONTENT_LENGTH, 0)
            .header(COPY_SOURCE, source.map_err(StoreError::backend)?)
            .timeout(self.settings.silence_max);
        let answer = asked.send().await.map_err(S3Error::of_transport)?;
        // One that looked for what is to be copied says 404.
        Ok(matches!(answer.status().as_u16(), 400 | 401 | 403))
    }
}
