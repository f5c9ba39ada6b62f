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
