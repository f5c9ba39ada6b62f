//! What data sources are kept in.

use countersign::Timestamp;
use uuid::Uuid;

use crate::{Column, Identity, Upload};

/// A dataset of a team: everybody in the team reads it, its owner alone changes it, and creates and
/// deletes in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// Its id, the same in every dialect.
    pub id: Uuid,
    /// Who made it.
    pub owner: Identity,
    /// The name that the owner gave, verbatim.
    pub name: Box<str>,
    /// What the owner says of it, verbatim; may be empty.
    pub description: Box<str>,
    /// How many versions it ever had, which is also the number of the current one.
    pub version: u64,
    /// Where the bytes of the current version come from: `None` where no version ever was, and where
    /// the data source of the current one is deleted.
    pub current: Option<CurrentVersion>,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When its name or its description was changed last, if ever.
    pub changed_at: Option<Timestamp>,
}

/// The data source that is the current version of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentVersion {
    /// Its name.
    pub name: Box<str>,
    /// When it was recorded.
    pub created_at: Timestamp,
}

/// A dataset to be recorded.
///
/// - `id` was never used before.
/// - `name` is 1 to 4,096 bytes, `description` at most 200,000.
/// - There are at most 10,000 `columns`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDataset {
    /// Its id, chosen by the caller.
    pub id: Uuid,
    /// Who makes it.
    pub owner: Identity,
    /// Its name.
    pub name: Box<str>,
    /// What its owner says of it.
    pub description: Box<str>,
    /// Its columns, in their order.
    pub columns: Vec<Column>,
}

/// What is to be said of a dataset from now on. What is `None` stays as it is.
///
/// - `name` is 1 to 4,096 bytes, `description` at most 200,000.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DatasetChange {
    /// Its name.
    pub name: Option<Box<str>>,
    /// What its owner says of it.
    pub description: Option<Box<str>>,
}

/// A dataset that was deleted with all that was in it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeletedDataset {
    /// The dataset, as it was.
    pub dataset: Dataset,
    /// The uploads of what was in it, as they were: those in parts that were open first, for nothing
    /// else ends them in the storage. No more than [`UPLOADS_MAX`](Self::UPLOADS_MAX); the keys of all
    /// are doomed.
    pub uploads: Vec<Upload>,
}

impl DeletedDataset {
    /// The most uploads that are told of.
    pub const UPLOADS_MAX: u32 = 1_000;
}

/// One page of a list, and how long the whole list was at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetPage {
    /// The datasets of the page, the newest first.
    pub datasets: Vec<Dataset>,
    /// How many datasets the list has.
    pub total: u64,
}
