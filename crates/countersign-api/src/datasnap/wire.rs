//! The bodies of the answers.

use countersign::Timestamp;
use countersign_catalog::{self as catalog, Identity, Page, SchemaFile, UploadToken};
use countersign_storage::PrefixUrl;
use serde::Serialize;

use crate::http::rfc3339;

#[derive(Serialize)]
pub(super) struct Generated {
    id: i64,
    upload_url: String,
    expires_at: String,
    success: bool,
}

impl Generated {
    pub(super) fn new(token: &UploadToken, url: &PrefixUrl) -> Self {
        Self {
            id: token.number,
            upload_url: url.as_str().into(),
            expires_at: micros(token.not_after),
            success: true,
        }
    }
}

/// The state of every file that is listed.
pub(super) const COMPLETED: &str = "completed";

/// A page of a list, as Laravel has it, but for the links.
#[derive(Serialize)]
pub(super) struct List<T> {
    data: Vec<T>,
    current_page: u64,
    per_page: u32,
    last_page: u64,
    /// The places of the first and the last on the page, from 1.
    from: Option<u64>,
    to: Option<u64>,
    total: u64,
}

impl<T> List<T> {
    pub(super) fn new(data: Vec<T>, total: u64, page: Page, number: u64) -> Self {
        let first = page.offset.saturating_add(1);
        let from = (!data.is_empty()).then_some(first);
        Self {
            current_page: number,
            per_page: page.limit,
            last_page: total.div_ceil(page.limit.into()).max(1),
            from,
            to: from.map(|_| page.offset.saturating_add(data.len() as u64)),
            total,
            data,
        }
    }
}

#[derive(Serialize)]
pub(super) struct Schema {
    id: i64,
    slug: String,
    name: String,
    created_at: String,
}

impl Schema {
    pub(super) fn new(schema: &catalog::Schema) -> Self {
        let slug = schema.slug.as_str();
        let created_at = micros(schema.created_at);
        Self { id: schema.id, slug: slug.into(), name: slug.into(), created_at }
    }
}

#[derive(Serialize)]
pub(super) struct Listed {
    id: String,
    file_name: String,
    size_bytes: u64,
    schema_slug: String,
    upload_status: &'static str,
    processing_status: &'static str,
    created_at: String,
}

impl Listed {
    pub(super) fn new(file: &SchemaFile, schema: &catalog::Schema) -> Self {
        Self {
            id: file.upload.id.to_string(),
            file_name: file.name.as_ref().into(),
            size_bytes: file.size,
            schema_slug: schema.slug.as_str().into(),
            upload_status: COMPLETED,
            processing_status: COMPLETED,
            created_at: micros(file.created_at),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Validity {
    id: i64,
    valid: bool,
    expires_at: String,
    /// In seconds; 0 once it has ended.
    expires_in: i64,
    success: bool,
}

impl Validity {
    pub(super) fn new(token: &UploadToken, is_valid: bool, now: Timestamp) -> Self {
        Self {
            id: token.number,
            valid: is_valid,
            expires_at: micros(token.not_after),
            expires_in: token.not_after.unix_secs().saturating_sub(now.unix_secs()).max(0),
            success: true,
        }
    }
}

#[derive(Serialize)]
pub(super) struct Me {
    id: String,
    name: String,
    success: bool,
}

impl Me {
    pub(super) fn new(who: &Identity) -> Self {
        let user = who.user.as_str();
        Self { id: user.into(), name: user.into(), success: true }
    }
}

#[derive(Serialize)]
pub(super) struct Health {
    status: &'static str,
    success: bool,
}

impl Health {
    pub(super) fn new() -> Self {
        Self { status: "ok", success: true }
    }
}

/// A time with the microseconds that this dialect has, and that a token does not.
fn micros(at: Timestamp) -> String {
    rfc3339(at).replace('Z', ".000000Z")
}
