use std::{error::Error, sync::Arc, time::Duration};

use countersign::{PresignError, Timestamp};

use crate::StoreError;

/// Why a request to an S3 store failed: the source of a [`StoreError::Backend`].
///
/// - It has no URL, no header and no text of the store but an error code: a store puts into its
///   answers what it was signed with.
///
/// ```
/// use countersign_storage::{S3Error, StoreError};
///
/// fn is_clock_wrong(error: &StoreError) -> bool {
///     let StoreError::Backend { source } = error else { return false };
///     matches!(source.downcast_ref(), Some(S3Error::ClockSkew { .. }))
/// }
/// # let _ = is_clock_wrong;
/// ```
///
/// The codes are those of [S3's list of error responses][codes].
///
/// [codes]: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum S3Error {
    /// The store refused, or failed.
    #[error("the store answered {status} {}", code.as_deref().unwrap_or("without a code"))]
    Refused {
        /// The HTTP status; 200 is possible, with an error in the body.
        status: u16,
        /// What the store calls it: 1 to 64 letters and digits.
        code: Option<Box<str>>,
    },
    /// The clocks of this machine and the store are too far apart for any signature.
    #[error("the clock of this machine says {ours}, {}: set it", said_of(*theirs))]
    ClockSkew {
        /// When the request was signed.
        ours: Timestamp,
        /// When the store answered, by its own clock.
        theirs: Option<Timestamp>,
    },
    /// No connection came about.
    #[error("the store cannot be reached")]
    Unreachable(#[source] Arc<dyn Error + Send + Sync>),
    /// The connection broke.
    #[error("the connection to the store broke")]
    Broken(#[source] Arc<dyn Error + Send + Sync>),
    /// The store took and sent nothing, or nearly nothing.
    #[error("the store was silent for {waited:?}")]
    Silent {
        /// How long it was waited for.
        waited: Duration,
    },
    /// The store said something that is no answer to what was asked.
    #[error("the store's answer is none: {what}")]
    Malformed {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The request cannot be signed: the credentials are over, say.
    #[error("the request cannot be signed")]
    Unsigned(#[from] PresignError),
}

fn said_of(theirs: Option<Timestamp>) -> String {
    theirs
        .map_or_else(|| "which the store does not believe".into(), |at| format!("the store's {at}"))
}

/// What may have become of a request that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The store did nothing, and may do it when asked again.
    NotDone,
    /// Nobody knows, and the store may do it when asked again.
    Unknown,
    /// It will be the same when asked again.
    Final,
}

impl S3Error {
    pub(super) const fn malformed(what: &'static str) -> Self {
        Self::Malformed { what }
    }

    /// Without the URL, which has the key at the least.
    pub(super) fn of_transport(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let is_connect = error.is_connect();
        let error = Arc::new(error);
        if is_connect { Self::Unreachable(error) } else { Self::Broken(error) }
    }

    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Unreachable(_) => Outcome::NotDone,
            Self::Broken(_) | Self::Silent { .. } => Outcome::Unknown,
            Self::Refused { status, code } => match (status, code.as_deref()) {
                // "Reduce your request rate", and two requests at once that exclude each other.
                (429, _)
                | (_, Some("SlowDown" | "ConditionalRequestConflict" | "OperationAborted")) => {
                    Outcome::NotDone
                }
                (408 | 500 | 502..=504, _) | (_, Some("RequestTimeout" | "InternalError")) => {
                    Outcome::Unknown
                }
                _ => Outcome::Final,
            },
            _ => Outcome::Final,
        }
    }
}

impl From<S3Error> for StoreError {
    fn from(error: S3Error) -> Self {
        let S3Error::Refused { status, code } = &error else { return Self::backend(error) };
        match (status, code.as_deref()) {
            (_, Some("NoSuchUpload")) => Self::NoSuchUpload,
            (_, Some("QuotaExceeded" | "StorageFull" | "XMinioStorageFull")) | (507, _) => {
                Self::Full
            }
            (_, Some("KeyTooLongError")) => Self::KeyUnsupported,
            // A bucket that is absent is no object that is.
            (404, Some("NoSuchKey") | None) => Self::NotFound,
            (412, _) => Self::Precondition,
            _ => Self::backend(error),
        }
    }
}
