use std::{fmt, time::Duration};

use countersign::{Addressing, Credentials, InvalidValue, Timestamp};

use crate::clock;

/// Where a bucket of an S3 store is, and who reads and writes it.
///
/// - The server itself asks the `internal` endpoint; URLs are signed for the `public` one, which is
///   the internal one where nothing else is said.
/// - With a prefix, keys lie at `<prefix>/<key>`, and nothing else of the bucket is touched.
/// - Both endpoints are addressed alike, by path where nothing else is said.
///
/// ```
/// use countersign::{Addressing, Credentials, SecretKey};
/// use countersign_storage::{S3, S3Settings};
///
/// let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")?;
/// let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret)?;
/// let internal = "http://minio.internal:9000";
/// let settings = S3Settings::new("datasets", "us-east-1", internal, credentials)
///     .with_prefix("countersign")
///     .with_public("https://files.example")
///     .with_addressing(Addressing::Path);
/// let backend = S3::new(settings)?.backend();
/// # let _ = backend;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct S3Settings {
    pub(super) bucket: Box<str>,
    pub(super) region: Box<str>,
    pub(super) internal: Box<str>,
    pub(super) credentials: Credentials,
    pub(super) prefix: Box<str>,
    pub(super) public: Option<Box<str>>,
    pub(super) addressing: Addressing,
    pub(super) root_certificates: Option<Box<[u8]>>,
    pub(super) silence_max: Duration,
    pub(super) clock: fn() -> Timestamp,
}

impl S3Settings {
    /// How long a store may be silent, in seconds, where nothing else is said.
    const SILENCE_MAX_SECS: u64 = 30;

    /// A bucket in a region, behind an endpoint such as `https://s3.eu-central-1.amazonaws.com`.
    #[must_use]
    pub fn new(
        bucket: impl Into<Box<str>>,
        region: impl Into<Box<str>>,
        internal: impl Into<Box<str>>,
        credentials: Credentials,
    ) -> Self {
        Self {
            bucket: bucket.into(),
            region: region.into(),
            internal: internal.into(),
            credentials,
            prefix: "".into(),
            public: None,
            addressing: Addressing::Path,
            root_certificates: None,
            silence_max: Duration::from_secs(Self::SILENCE_MAX_SECS),
            clock: clock::now,
        }
    }

    /// Keeps everything below a prefix, without a slash at its end. The empty one is none.
    #[must_use]
    pub fn with_prefix(self, prefix: impl Into<Box<str>>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// Signs URLs for another endpoint than the one that the server uses.
    #[must_use]
    pub fn with_public(self, public: impl Into<Box<str>>) -> Self {
        Self { public: Some(public.into()), ..self }
    }

    /// Says where the name of the bucket goes.
    #[must_use]
    pub fn with_addressing(self, addressing: Addressing) -> Self {
        Self { addressing, ..self }
    }

    /// Trusts these certificates, in PEM, and no others; else those that the system trusts.
    #[must_use]
    pub fn with_root_certificates(self, pem: impl Into<Box<[u8]>>) -> Self {
        Self { root_certificates: Some(pem.into()), ..self }
    }

    /// Says how long the store may be silent in the middle of a request before it is given up: 30
    /// seconds where nothing else is said, and an hour at the most. What may be repeated is, for about
    /// twice as long; copying and completing what is large may take longer.
    #[must_use]
    pub fn with_silence_max(self, silence_max: Duration) -> Self {
        Self { silence_max, ..self }
    }

    /// Reads another clock than the system's: requests are signed by it.
    #[must_use]
    pub fn with_clock(self, clock: fn() -> Timestamp) -> Self {
        Self { clock, ..self }
    }
}

/// Shows where, and never by whose secret.
impl fmt::Debug for S3Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Settings")
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .field("region", &self.region)
            .field("internal", &self.internal)
            .field("public", &self.public)
            .field("addressing", &self.addressing)
            .field("access_key_id", &self.credentials.access_key_id())
            .finish_non_exhaustive()
    }
}

/// Why settings are none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum S3SettingsError {
    /// The endpoint that the server uses is none, or the bucket has no name that could be.
    #[error("the internal endpoint and bucket are wrong")]
    Internal(#[source] InvalidValue),
    /// The endpoint that URLs are signed for is none.
    #[error("the public endpoint and bucket are wrong")]
    Public(#[source] InvalidValue),
    /// The region is none.
    #[error("the region is wrong")]
    Region(#[source] InvalidValue),
    /// The prefix is none: it has a slash at an end, an empty segment, `.` or `..`, or over 512
    /// bytes.
    #[error("the prefix is wrong: segments with a slash between them, up to 512 bytes")]
    Prefix,
    /// The certificates cannot be read, or there are none.
    #[error("the root certificates are wrong: {reason}")]
    RootCertificates {
        /// What is wrong with them.
        reason: Box<str>,
    },
    /// Nobody can wait for so long, or so short.
    #[error("a store may be silent for a moment at the least, and for an hour at the most")]
    SilenceMax,
    /// The HTTP client cannot be built.
    #[error("the HTTP client cannot be built")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
}
