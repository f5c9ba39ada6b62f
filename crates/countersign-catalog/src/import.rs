//! Data sources whose bytes the server itself fetches.

use countersign::Timestamp;
use uuid::Uuid;

use crate::{NewUpload, TargetDataset};

/// A data source to be recorded whose bytes are on their way.
///
/// - `id` was never used before.
/// - `name` and `file_name` are 1 to 4,096 bytes.
/// - The object key of the upload is [doomed](crate::Catalog::doom), until long after the lease: so
///   whatever ends the import ends its bytes, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewImport {
    /// The id of the data source, chosen by the caller.
    pub id: Uuid,
    /// The dataset that gets it.
    pub dataset: TargetDataset,
    /// Its name.
    pub name: Box<str>,
    /// The name of its file.
    pub file_name: Box<str>,
    /// How its bytes come in.
    pub upload: NewUpload,
    /// The second from which it has failed, unless its lease is renewed before.
    pub lease_ends_at: Timestamp,
}
