//! A bucket of an S3 store.

use std::{fmt, sync::Arc, time::Duration};

use countersign::{Addressing, Bucket, Endpoint, InvalidValue, Region, Timestamp};

use crate::{Backend, Capability, UrlSigner, key_of_day::KeyOfDay, through::Through};

mod client;
mod connector;
mod error;
mod large;
mod objects;
mod part_body;
mod parts;
mod prefix;
mod probe;
mod settings;
mod silence;
mod tls;
mod turns;
mod xml;

pub use error::S3Error;
pub use settings::{S3Settings, S3SettingsError};

use client::Client;
use objects::S3Objects;
use parts::{Remembered, S3Parts};
use prefix::Prefix;
use turns::Turns;

/// A bucket of an S3 store: Amazon's, or any that speaks [its protocol][doc].
///
/// - Requests are signed in their header, with what [`S3Settings`] has; URLs with the same.
/// - Nothing of a request is in an error but a status and a code: see [`S3Error`].
/// - A request that failed in passing is sent again, four times in all, where that does no harm.
///   None waits for a store that is silent for longer than the settings say, but for copying and
///   completing, which get more time for what is large.
/// - What is frozen is copied, then deleted: an object of up to 5 GiB, in one request.
///
/// The credentials need `s3:GetObject`, `s3:PutObject`, `s3:DeleteObject`, `s3:AbortMultipartUpload`
/// and `s3:ListMultipartUploadParts` for what is below the prefix, and `s3:ListBucket`, without which
/// S3 answers for what is absent as for what is forbidden.
///
/// What ends in the middle of a large upload leaves parts behind that are paid for: a bucket should
/// have a lifecycle rule that aborts incomplete multipart uploads.
///
/// [`S3Settings`] has the example.
///
/// [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
#[derive(Clone)]
pub struct S3 {
    backend: Backend,
    client: Arc<Client>,
    settings: S3Settings,
    /// For whom URLs are signed.
    public: Bucket,
}

impl S3 {
    /// Checks the settings. Nothing is asked of the store.
    ///
    /// # Errors
    ///
    /// [`S3SettingsError`]
    pub fn new(settings: S3Settings) -> Result<Self, S3SettingsError> {
        let bucket_of = |endpoint| bucket_of(endpoint, settings.addressing, &settings.bucket);
        let internal = bucket_of(&settings.internal).map_err(S3SettingsError::Internal)?;
        let public = settings.public.as_deref().map(bucket_of);
        let public = public.transpose().map_err(S3SettingsError::Public)?;
        let public = public.unwrap_or_else(|| internal.clone());
        let region = Region::new(&settings.region).map_err(S3SettingsError::Region)?;
        let prefix = Prefix::new(&settings.prefix).ok_or(S3SettingsError::Prefix)?;
        let roots = settings.root_certificates.as_deref();
        if settings.silence_max.is_zero() || settings.silence_max > Duration::from_hours(1) {
            return Err(S3SettingsError::SilenceMax);
        }
        let http = tls::client(internal.origin(), roots, settings.silence_max)?;
        let keys = KeyOfDay::new(settings.credentials.clone(), region, (settings.clock)());
        let (silence_max, clock) = (settings.silence_max, settings.clock);
        let client = Arc::new(Client { http, bucket: internal, keys, silence_max, clock });
        let backend = backend_of(Arc::clone(&client), &settings.bucket, prefix)?;
        Ok(Self { backend, client, settings, public })
    }

    /// Its objects and multipart uploads.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.backend.clone()
    }

    /// Signs URLs that reach it by the public endpoint.
    #[must_use]
    pub fn url_signer(&self, now: Timestamp) -> UrlSigner {
        UrlSigner::of(self.client.keys.copy_at(now), self.public.clone())
            .with_prefix(self.settings.prefix.clone())
            .with_capability(Capability::S3)
    }
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("S3").field(&self.settings).finish()
    }
}

fn bucket_of(endpoint: &str, addressing: Addressing, bucket: &str) -> Result<Bucket, InvalidValue> {
    Endpoint::parse(endpoint, addressing)?.bucket(bucket)
}

fn backend_of(
    client: Arc<Client>,
    bucket: &str,
    prefix: Prefix,
) -> Result<Backend, S3SettingsError> {
    let store = connector::object_store(Arc::clone(&client), bucket);
    let store = store.map_err(|error| S3SettingsError::Client(error.into()))?;
    let through = Through::new(store);
    let parts = Arc::new(S3Parts {
        client: Arc::clone(&client),
        through: through.clone(),
        prefix: prefix.clone(),
        completed: Remembered::default(),
        turns: Turns::new(),
    });
    let objects = S3Objects {
        client,
        through,
        parts: Arc::clone(&parts),
        bucket: bucket.into(),
        prefix,
        turns: Turns::new(),
    };
    Ok(Backend::new(Arc::new(objects), parts).with_capability(Capability::S3))
}

#[cfg(test)]
mod tests {
    use countersign::{Credentials, Lifetime, SecretKey};

    use super::*;
    use crate::ObjectKey;

    fn settings(bucket: &str, region: &str, internal: &str) -> S3Settings {
        let secret = SecretKey::new("hush").unwrap();
        let credentials = Credentials::new("AKID", secret).unwrap();
        let credentials = credentials.with_session_token("temporary").unwrap();
        S3Settings::new(bucket, region, internal, credentials)
    }

    #[test]
    fn settings_that_are_none_are_refused_by_name() {
        let good = || settings("b", "r", "http://h");
        assert!(S3::new(good()).is_ok());
        let internal = [
            settings("b/c", "r", "http://h"),
            settings("b", "r", "h"),
            settings("b", "r", "ftp://h"),
        ];
        for wrong in internal {
            assert!(matches!(S3::new(wrong), Err(S3SettingsError::Internal(_))));
        }
        let public = S3::new(good().with_public("https://user@h"));
        assert!(matches!(public, Err(S3SettingsError::Public(_))));
        let region = S3::new(settings("b", "r/s", "http://h"));
        assert!(matches!(region, Err(S3SettingsError::Region(_))));
        for prefix in ["/a", "a/", "a//b", ".", "a/../b", &"p".repeat(513)] {
            let wrong = S3::new(good().with_prefix(prefix));
            assert!(matches!(wrong, Err(S3SettingsError::Prefix)), "{prefix}");
        }
        for pem in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no"] {
            let wrong = S3::new(good().with_root_certificates(pem.as_bytes()));
            assert!(matches!(wrong, Err(S3SettingsError::RootCertificates { .. })), "{pem}");
        }
    }

    #[test]
    fn urls_are_signed_for_the_public_endpoint_in_either_style() {
        let now = Timestamp::parse("20261121T120000Z").unwrap();
        let key = ObjectKey::new("k").unwrap();
        for (addressing, expected) in [
            (Addressing::Path, "https://files.example/bucket/p/k?"),
            (Addressing::VirtualHost, "https://bucket.files.example/p/k?"),
        ] {
            let settings = settings("bucket", "r", "http://10.0.0.1:9000")
                .with_public("https://files.example")
                .with_prefix("p")
                .with_addressing(addressing);
            let url = S3::new(settings).unwrap().url_signer(now).head(&key, Lifetime::MAX, now);
            let url = url.unwrap();
            assert!(url.as_str().starts_with(expected), "{}", url.as_str());
            assert!(url.as_str().contains("X-Amz-Security-Token=temporary"));
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let s3 = S3::new(settings("b", "r", "http://h")).unwrap();
        for text in [format!("{s3:?}"), format!("{:?}", s3.backend()), format!("{:?}", s3.settings)]
        {
            assert!(!text.contains("hush") && !text.contains("temporary"), "{text}");
        }
        assert!(format!("{s3:?}").contains("AKID"));
    }
}
