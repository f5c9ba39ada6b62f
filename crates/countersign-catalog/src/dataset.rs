//! What data sources are kept in.

use countersign::Timestamp;
use uuid::Uuid;

use crate::Identity;

/// A dataset of a team: everybody in the team reads it, its owner alone creates and deletes in it.
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
    /// When it was recorded.
    pub created_at: Timestamp,
}

/// A dataset to be recorded.
///
/// - `id` was never used before.
/// - `name` is 1 to 4,096 bytes, `description` at most 200,000.
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
}

/// One page of a list, and how long the whole list was at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetPage {
    /// The datasets of the page, the newest first.
    pub datasets: Vec<Dataset>,
    /// How many datasets the list has.
    pub total: u64,
}
