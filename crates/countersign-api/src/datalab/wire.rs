//! The bodies of the answers.

use countersign::{PresignedUrl, Timestamp};
use countersign_catalog::{File, FilePage, Page, UploadState};
use serde::Serialize;

use crate::{files::BegunFile, http::rfc3339};

fn reference_of(file: &File) -> String {
    format!("datalab://file-{}", file.hash_id)
}

/// How long a URL is good for: less than was asked for, where the key ends before that signs it.
fn secs_left(url: &PresignedUrl, now: Timestamp) -> i64 {
    url.expires_at().unix_secs().saturating_sub(now.unix_secs())
}

#[derive(Serialize)]
pub(super) struct Begun {
    file_id: i64,
    upload_url: String,
    reference: String,
    expires_in: i64,
}

impl Begun {
    pub(super) fn new(begun: &BegunFile, now: Timestamp) -> Self {
        Self {
            file_id: begun.file.number,
            upload_url: begun.upload_url.as_str().into(),
            reference: reference_of(&begun.file),
            expires_in: secs_left(&begun.upload_url, now),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Confirmed {
    file_id: i64,
    reference: String,
    message: &'static str,
    success: bool,
}

impl Confirmed {
    pub(super) fn new(file: &File) -> Self {
        Self {
            file_id: file.number,
            reference: reference_of(file),
            message: "File upload confirmed",
            success: true,
        }
    }
}

#[derive(Serialize)]
pub(super) struct Metadata {
    file_id: i64,
    original_filename: String,
    content_type: String,
    reference: String,
    upload_status: &'static str,
    file_size: Option<u64>,
    created: String,
}

impl Metadata {
    pub(super) fn new(file: &File) -> Self {
        Self {
            file_id: file.number,
            original_filename: file.name.as_ref().into(),
            content_type: file.upload.content_type.as_ref().into(),
            reference: reference_of(file),
            upload_status: match file.upload.state {
                UploadState::Pending => "pending",
                UploadState::Ready => "completed",
                _ => "failed",
            },
            file_size: file.size,
            created: rfc3339(file.created_at),
        }
    }
}

#[derive(Serialize)]
pub(super) struct List {
    files: Vec<Metadata>,
    total: u64,
    limit: u32,
    offset: u64,
}

impl List {
    pub(super) fn new(found: &FilePage, page: Page) -> Self {
        Self {
            files: found.files.iter().map(Metadata::new).collect(),
            total: found.total,
            limit: page.limit,
            offset: page.offset,
        }
    }
}

#[derive(Serialize)]
pub(super) struct Deleted {
    success: bool,
    message: &'static str,
}

impl Deleted {
    pub(super) const fn new() -> Self {
        Self { success: true, message: "File deleted" }
    }
}

#[derive(Serialize)]
pub(super) struct Link {
    download_url: String,
    expires_in: i64,
    file_id: i64,
    original_filename: String,
}

impl Link {
    pub(super) fn new(file: &File, url: &PresignedUrl, now: Timestamp) -> Self {
        Self {
            download_url: url.as_str().into(),
            expires_in: secs_left(url, now),
            file_id: file.number,
            original_filename: file.name.as_ref().into(),
        }
    }
}
