//! A bucket of an S3 store.

use std::{fmt, sync::Arc};

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
///   None waits for a store that is silent for longer than the settings say.
/// - What is frozen is copied, then deleted: an object of up to 5 GiB, in one request.
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
        let http = tls::client(settings.root_certificates.as_deref(), settings.silence_max)?;
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
