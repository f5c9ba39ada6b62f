use std::error::Error;

use countersign_catalog::CatalogError;
use countersign_storage::{StoreError, UrlError};

use crate::{
    content::ContentFault, fields::Invalid, preview::PreviewFault, quota::Shortage, rate::Excess,
};

/// What is wrong with the credentials of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyFault {
    /// There are none.
    Missing,
    /// There is more than one key, none that could be one, or one that does not exist.
    Wrong,
}

/// Why a job does not begin, or go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JobFault {
    /// A file is announced with more bytes than are taken.
    #[error("{size} bytes are more than {size_max}")]
    TooLarge { size: u64, size_max: u64 },
    /// A file has another size than was announced.
    #[error("{size} bytes came, {declared} were announced")]
    SizeMismatch { size: u64, declared: u64 },
    /// An upload in parts is completed without a part.
    #[error("no part is named")]
    NoParts,
    /// Its upload was completed before.
    #[error("the upload is completed already")]
    Completed,
    /// Its upload has to be completed first.
    #[error("the upload is not completed")]
    NotCompleted,
    /// It is to be completed, and its bytes were refused before, or it was ended.
    #[error("the job has failed")]
    Failed {
        /// Whether it is for a dataset that was there before.
        is_reupload: bool,
    },
    /// What signs its URLs ends too soon for an upload.
    #[error("too little time is left for an upload")]
    WindowClosed,
    /// What it has brought cannot be previewed.
    #[error("there is no preview: {0}")]
    NoPreview(PreviewFault),
    /// It is to be done again, and has not failed.
    #[error("the job has not failed")]
    NotFailed,
    /// It is to be done again, and its bytes are gone.
    #[error("the job has failed, and its bytes are gone")]
    Gone,
    /// It is to be committed, and was before, or has failed.
    #[error("the job is processed already")]
    Processed,
}

/// Why a request came to nothing: reasons. What each is on the wire, its dialect decides.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The body is no JSON object.
    #[error("the body is no JSON object")]
    NotJson,
    /// The body is no form with files, or breaks off.
    #[error("the body is no form with files")]
    NotForm,
    /// The body is larger than any request has to be.
    #[error("the body is too large")]
    TooLarge,
    /// Values that are none, all of them.
    #[error("{} values are not valid", .0.len())]
    Invalid(Vec<Invalid>),
    /// Nobody is known to ask.
    #[error("no API key that exists")]
    Unauthenticated(KeyFault),
    /// A browser asks before its user does.
    #[error("a prefetch")]
    Prefetch,
    /// Not there, or not for this team: nobody can tell which. With what was asked for.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// It is there for the whole team to read, and for its owner alone to change.
    #[error("only the owner may do this")]
    NotOwner,
    /// The method is none of this path.
    #[error("the method is not allowed")]
    MethodNotAllowed,
    /// The bytes of a file were not uploaded, or not confirmed.
    #[error("no bytes were accepted yet")]
    NotUploaded,
    /// The bytes of a file were refused.
    #[error("the content was refused")]
    Refused(#[source] ContentFault),
    /// The upload failed or was ended before.
    #[error("the upload is closed")]
    Closed,
    /// The name of a file has an extension that this dialect does not take. In lower case, without
    /// the dot; empty, where it has none.
    #[error("the extension is not supported")]
    BadExtension { extension: String },
    /// The parts that a client names are not those that were announced and stored.
    #[error("{0}")]
    InvalidParts(&'static str),
    /// A job is not where it would have to be.
    #[error("the job cannot go on")]
    Job(#[from] JobFault),
    /// What is to be deleted was not named right.
    #[error("the confirmation is not the name")]
    Unconfirmed,
    /// What was uploaded has become something else already.
    #[error("the uploaded file is in use already")]
    Taken,
    /// Fetching a file from somebody else's server is not done here.
    #[error("importing from a url is disabled on this server")]
    NoImport,
    /// Somebody asks more often than is allowed.
    #[error("more requests than {}", .0.limit)]
    TooMany(Excess),
    /// The team may not have that much; and what lacks of bytes, where that is known.
    #[error("the storage quota of the team is exceeded")]
    OverQuota(Option<Shortage>),
    /// What the vendor has beside its data.
    #[error("{0} are not provided here")]
    NotProvided(&'static str),
    /// No space is left.
    #[error("no space is left")]
    Full,
    /// Something that is needed is not to be had right now.
    #[error("not available right now")]
    Unavailable,
    /// Our fault.
    #[error("internal")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

impl ApiError {
    pub(crate) fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }
}

impl From<Invalid> for ApiError {
    fn from(fault: Invalid) -> Self {
        Self::Invalid(vec![fault])
    }
}

impl From<CatalogError> for ApiError {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::UploadClosed => Self::Closed,
            CatalogError::OverQuota => Self::OverQuota(None),
            CatalogError::Full => Self::Full,
            CatalogError::Busy => Self::Unavailable,
            other => Self::internal(other),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => Self::Full,
            other => Self::internal(other),
        }
    }
}

impl From<UrlError> for ApiError {
    fn from(error: UrlError) -> Self {
        Self::internal(error)
    }
}
