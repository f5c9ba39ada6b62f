//! What a dataset is made of.

use countersign::Timestamp;
use uuid::Uuid;

use crate::{NewDataset, TeamId, Upload};

/// How far a data source has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DataSourceState {
    /// Its bytes are on their way, or were not looked at.
    Importing,
    /// Its bytes are there to be read.
    Ready,
    /// Its bytes were refused and are gone.
    Failed,
}

/// A data source in a dataset: a name for the bytes of one upload, which nobody else has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSource {
    /// Its id, the same in every dialect.
    pub id: Uuid,
    /// The dataset that has it.
    pub dataset: Uuid,
    /// The name that the client gave, verbatim. No key is ever made from it.
    pub name: Box<str>,
    /// The name of the file that it was made of, verbatim, which may be the same. No key is ever made
    /// from it either.
    pub file_name: Box<str>,
    /// Which version of its dataset it is, from 1: there where it came from a
    /// [`Job`](crate::Job).
    pub version: Option<u64>,
    /// How far it has come.
    pub state: DataSourceState,
    /// Why its bytes were refused: there when, and only when, it is [`DataSourceState::Failed`].
    pub failure: Option<Box<str>>,
    /// Where its bytes come from.
    pub upload: Upload,
    /// Bytes: there when, and only when, it is [`DataSourceState::Ready`].
    pub size: Option<u64>,
    /// When it was recorded.
    pub created_at: Timestamp,
}

/// A data source to be recorded, over an upload that is ready.
///
/// - `id` was never used before; neither was `upload`, by a data source, a file, a job or a schema
///   file.
/// - `name` and `file_name` are 1 to 4,096 bytes, `failure` at most 4,096.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDataSource {
    /// Its id, chosen by the caller.
    pub id: Uuid,
    /// The dataset that gets it.
    pub dataset: TargetDataset,
    /// Its name.
    pub name: Box<str>,
    /// The name of its file, which may be the same.
    pub file_name: Box<str>,
    /// Where its bytes are.
    pub upload: Uuid,
    /// Why its bytes are refused, where they are.
    pub failure: Option<Box<str>>,
}

/// Which dataset gets a data source.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing between old and new")]
pub enum TargetDataset {
    /// One that the team has.
    Existing(Uuid),
    /// One that is recorded in the same step.
    New(NewDataset),
}

/// How to name a data source of a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DataSourceRef {
    /// By its id, in a dataset.
    Id {
        /// [`DataSource::dataset`]
        dataset: Uuid,
        /// [`DataSource::id`]
        id: Uuid,
    },
    /// By the id of its upload.
    Upload(Uuid),
}

/// Which data sources to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what a list may be asked for")]
pub struct DataSourceFilter<'a> {
    /// The team that has the dataset.
    pub team: TeamId,
    /// The dataset that has them.
    pub dataset: Uuid,
    /// Only these; `None` for all.
    pub states: Option<&'a [DataSourceState]>,
}

/// One page of a list, and how long the whole list was at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSourcePage {
    /// The data sources of the page, the newest first.
    pub data_sources: Vec<DataSource>,
    /// How many data sources the list has.
    pub total: u64,
}

/// How many data sources of a dataset have come how far, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct DataSourceCounts {
    /// Those that are [`DataSourceState::Importing`].
    pub importing: u64,
    /// Those that are [`DataSourceState::Ready`].
    pub ready: u64,
    /// Those that are [`DataSourceState::Failed`].
    pub failed: u64,
}
