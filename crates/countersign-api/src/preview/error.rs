use std::io;

use super::{COLUMNS_MAX, DEPTH_MAX, NAME_LEN_MAX, VALUE_LEN_MAX};

/// Why the rows of a file cannot be read. Rows count from 1, without the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum PreviewFault {
    /// The format is none of those that are read here.
    #[error("there is no preview of this format")]
    Unsupported,
    /// There is no record that could name the columns.
    #[error("the file has no header")]
    NoHeader,
    /// No UTF-8, or a NUL.
    #[error("the content is not UTF-8 text")]
    NotText,
    #[error("the header names column {place} as another one before it")]
    RepeatedColumn {
        /// Which of the two is the later one, from 1.
        place: usize,
    },
    #[error("there are more than {COLUMNS_MAX} columns")]
    TooManyColumns,
    #[error("the name of a column has more than {NAME_LEN_MAX} bytes")]
    NameTooLong,
    #[error("row {row} has more values than the header has names")]
    TooManyValues { row: u64 },
    #[error("a value has more than {VALUE_LEN_MAX} bytes")]
    ValueTooLong,
    #[error("it is nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
    #[error("it is no JSON, at line {line}, column {column}")]
    NotJson { line: usize, column: usize },
    #[error("a number is too large, at line {line}, column {column}")]
    NumberTooLarge { line: usize, column: usize },
    /// JSON that is neither a list of objects nor, where that is asked for, `GeoJSON`.
    #[error("it is no list of objects and no GeoJSON")]
    NoRows,
    #[error("row {row} is no object")]
    NotObject { row: u64 },
    #[error("row {row} has a member twice")]
    RepeatedMember { row: u64 },
    #[error("it has two lists of features")]
    RepeatedFeatures,
    #[error("row {row} is no GeoJSON feature")]
    NotFeature { row: u64 },
    #[error("reading it takes too long")]
    TooSlow,
    /// The bytes did not come to their end.
    #[error("the content could not be read")]
    Broken,
}

impl PreviewFault {
    /// What an input had to say, which may be a fault of our own.
    pub(super) fn from_io(error: io::Error) -> Self {
        error.downcast().unwrap_or(Self::Broken)
    }
}

impl From<PreviewFault> for io::Error {
    fn from(fault: PreviewFault) -> Self {
        Self::other(fault)
    }
}
