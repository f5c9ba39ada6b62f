//! What a team sees of its uploads.

use countersign::Timestamp;

use crate::{NewUpload, Upload};

/// A file of a team.
///
/// - `number` counts within the team from 1 and is never used twice, so it tells nothing about
///   other teams.
/// - `hash_id` is unique in the catalog, and is never a number: it begins with a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its number in the team.
    pub number: i64,
    /// Ten random characters.
    pub hash_id: Box<str>,
    /// The name that the client gave, verbatim. No key is ever made from it.
    pub name: Box<str>,
    /// Where its bytes come from.
    pub upload: Upload,
    /// Bytes: there when, and only when, the upload is ready.
    pub size: Option<u64>,
    /// When it was recorded.
    pub created_at: Timestamp,
}

/// A file to be recorded, with the upload that brings its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// The name that the client gives: any text of at most 4,096 bytes.
    pub name: Box<str>,
    /// The upload.
    pub upload: NewUpload,
}

/// How a caller names a file of its team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileRef<'a> {
    /// By [`File::number`].
    Number(i64),
    /// By [`File::hash_id`].
    HashId(&'a str),
}

/// Which part of a list to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Page {
    /// At most so many.
    pub limit: u32,
    /// After so many.
    pub offset: u64,
}

/// One page of a list, and how long the whole list was at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePage {
    /// The files of the page, the newest first.
    pub files: Vec<File>,
    /// How many files the team has.
    pub total: u64,
}
