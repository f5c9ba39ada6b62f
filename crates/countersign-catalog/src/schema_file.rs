//! What was put under a schema.

use countersign::Timestamp;
use uuid::Uuid;

use crate::{NewUpload, Upload};

/// A file that came with an upload token.
///
/// - No other file of its schema ever has its name: what is there is never replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaFile {
    /// [`Schema::id`](crate::Schema::id)
    pub schema: i64,
    /// The name that the client gave, verbatim. No key is ever made from it.
    pub name: Box<str>,
    /// Where its bytes came from. It is ready.
    pub upload: Upload,
    /// Bytes.
    pub size: u64,
    /// When it was recorded.
    pub created_at: Timestamp,
}

/// Which files of a schema are listed, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SchemaFileFilter<'a> {
    /// [`Schema::id`](crate::Schema::id)
    pub schema: i64,
    /// Those whose names contain it, in either case where it is ASCII. Nothing in it is a wildcard.
    pub search: Option<&'a str>,
    /// Those that were recorded then or later.
    pub created_from: Option<Timestamp>,
    /// Those that were recorded before.
    pub created_before: Option<Timestamp>,
    /// The order. What is equal in it is in the order of the names.
    pub order: SchemaFileOrder,
}

/// The order of a list of schema files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SchemaFileOrder {
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
    /// The largest first.
    Largest,
    /// The smallest first.
    Smallest,
}

/// One page of a list of schema files, and how long the whole list was at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaFilePage {
    /// The files of the page.
    pub files: Vec<SchemaFile>,
    /// How many files there are that the filter lets through.
    pub total: u64,
}

/// A schema file to be recorded, with the upload that brought its bytes.
///
/// - `name` is 1 to 255 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSchemaFile {
    /// [`UploadToken::id`](crate::UploadToken::id), of a token of the team of the upload. Its schema
    /// gets the file.
    pub token: Uuid,
    /// The name that the client gives.
    pub name: Box<str>,
    /// The upload.
    pub upload: NewUpload,
}
