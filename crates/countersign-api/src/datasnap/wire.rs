//! The bodies of the answers.

use countersign::Timestamp;
use countersign_catalog::UploadToken;
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

/// A time with the microseconds that this dialect has, and that a token does not.
fn micros(at: Timestamp) -> String {
    rfc3339(at).replace('Z', ".000000Z")
}
