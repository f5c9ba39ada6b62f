//! Why a request is not served. What the client is told of it is in [`wire`](crate::wire).

use countersign::{ParseError, PrefixTokenError, VerifyError};
use countersign_storage::StoreError;

use crate::{Refusal, Unavailable};

#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("the method is not one of {0}")]
    Method(&'static str),
    #[error("the target is not an absolute path")]
    AbsoluteTarget,
    #[error("the request says in two ways where its body ends")]
    Framing,
    #[error("the request is not verified")]
    Verify(#[from] VerifyError),
    #[error("the prefix token does not hold")]
    Prefix(#[from] PrefixTokenError),
    #[error("the key that signed was not found")]
    Keys(#[from] Unavailable),
    /// The signature is right, and for something that is not here.
    #[error("the request names nothing at this endpoint")]
    Elsewhere,
    /// What cannot be done is refused by its name, never dropped.
    #[error("`{0}` is not implemented")]
    NotImplemented(Box<str>),
    #[error("nothing is granted")]
    Refused(#[from] Refusal),
    #[error("the value of `{0}` is not valid")]
    InvalidArgument(Box<str>),
    #[error("the request does not say how long its body is")]
    LengthMissing,
    #[error("the body is too large")]
    TooLarge,
    #[error("the digest `{0}` is malformed")]
    InvalidDigest(&'static str),
    #[error("the body does not have the digest that was said")]
    BadDigest,
    #[error("the body does not have the digest that was signed")]
    PayloadMismatch,
    #[error("the user metadata is over 2048 bytes")]
    MetadataTooLarge,
    #[error("the upload took too long")]
    TooSlow,
    #[error("a condition of the request does not hold")]
    Precondition,
    #[error("none of the object's {size} bytes is in the range")]
    Range { size: u64 },
    #[error("the storage refused")]
    Store(#[from] StoreError),
}

impl From<ParseError> for Fault {
    fn from(error: ParseError) -> Self {
        Self::Verify(error.into())
    }
}
