//! Every reason for which this crate refuses something, as typed values.

use std::error::Error;

/// Text that cannot be the name it claims to be.
///
/// ```
/// use countersign_catalog::{InvalidName, UserId};
///
/// assert_eq!(UserId::new("two\nlines"), Err(InvalidName::User));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidName {
    /// A user is named by 1 to 128 characters, none of them a control character.
    #[error("a user id is 1 to 128 characters, none of them a control character")]
    User,
    /// A team is named by 1 to 128 characters, none of them a control character.
    #[error("a team name is 1 to 128 characters, none of them a control character")]
    Team,
    /// A slug is 1 to 64 of `a-z 0-9 - _` and begins with a letter or a digit.
    #[error("a slug is 1 to 64 of a-z 0-9 - _ and begins with a letter or a digit")]
    Slug,
}

/// Why the catalog did not do what it was asked for.
///
/// Neither the text nor a field carries SQL or a value that a caller gave. The source of
/// [`Backend`](Self::Backend) may name tables and columns: it is for the operator's log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// Something that has to be unique is there already.
    #[error("a record of this name is there already")]
    Conflict,
    /// The upload was refused, aborted or deleted, or never was; for a data source and a job
    /// also: is not ready.
    #[error("the upload is closed")]
    UploadClosed,
    /// The record is to belong to a team, a user, a dataset, a schema or an upload token that is not
    /// there.
    #[error("what the record is to belong to is unknown")]
    OwnerUnknown,
    /// A value is longer or larger than the catalog holds.
    #[error("a value is longer or larger than the catalog holds")]
    OutOfRange,
    /// The team may have no more objects, or no more bytes of them. Nothing was changed.
    #[error("the team may not have that much")]
    OverQuota,
    /// The disk has no room. Nothing was changed.
    #[error("the disk of the catalog is full")]
    Full,
    /// Somebody else held the catalog for too long. Nothing was changed, and another try may work.
    #[error("the catalog is busy")]
    Busy,
    /// What was read cannot be what was written.
    #[error("the catalog is damaged at {place}")]
    Damaged {
        /// The column that the types refuse, or `the file`.
        place: &'static str,
    },
    /// The `SQLite` library has a bug that loses commits.
    #[error("SQLite {found} may lose commits, 3.51.3 is the oldest that does not")]
    SqliteTooOld {
        /// The version of the library.
        found: Box<str>,
    },
    /// Anything else that the store behind the catalog says.
    #[error("the store of the catalog failed")]
    Backend {
        /// The store's own error.
        source: Box<dyn Error + Send + Sync>,
    },
}
