use std::{error::Error, io};

/// Why storage refused, or could not.
///
/// A call that returns one left the object that was there before as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no object with this key.
    #[error("no such object")]
    NotFound,
    /// There is one already, and the call was not to replace it.
    #[error("the object exists already")]
    AlreadyExists,
    /// The object is not, or no longer, the one that was meant.
    #[error("the object is another one by now")]
    Precondition,
    /// Somebody else has the store open.
    #[error("another process has the store open")]
    InUse,
    /// This backend cannot hold the key.
    #[error("the backend cannot hold this key")]
    KeyUnsupported,
    /// This backend cannot hold an upload of this size to the mode that was asked for.
    #[error("the backend cannot bind this mode")]
    ModeUnsupported,
    /// There is no such multipart upload: never, or no longer.
    #[error("no such upload")]
    NoSuchUpload,
    /// A part that was named to complete an upload is absent or another one.
    #[error("part {number} is absent or another one")]
    InvalidPart {
        /// Its number.
        number: u16,
    },
    /// The parts that were named to complete an upload do not ascend, or there are none.
    #[error("the parts are not in ascending order")]
    InvalidPartOrder,
    /// A part that is not the last has less than 5 MiB.
    #[error("part {number} has less than 5 MiB and is not the last")]
    PartTooSmall {
        /// Its number.
        number: u16,
    },
    /// The body is shorter or longer than was said.
    #[error("the body has another length than the {expected} bytes that were said")]
    LengthMismatch {
        /// What was said, in bytes.
        expected: u64,
    },
    /// The body is longer than it may be.
    #[error("the body has more than the {max} bytes that it may have")]
    TooLarge {
        /// What it may have, in bytes.
        max: u64,
    },
    /// The body does not have the MD5 that was said.
    #[error("the body has another MD5 than was said")]
    Md5Mismatch,
    /// The body does not have the SHA-256 that was said.
    #[error("the body has another SHA-256 than was said")]
    Sha256Mismatch,
    /// The body broke off.
    #[error("the body broke off")]
    Body(#[source] io::Error),
    /// What is stored is not what was written.
    #[error("what is stored was damaged")]
    Damaged,
    /// There is no room left.
    #[error("no space is left")]
    Full,
    /// The backend failed.
    #[error("the backend failed")]
    Backend {
        /// How.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl StoreError {
    pub(crate) fn backend(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Backend { source: source.into() }
    }
}

/// An error of the file system; the ones that mean something to a caller get their own name.
impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::backend(error),
        }
    }
}
