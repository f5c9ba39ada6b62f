//! What a verified request asks for, read from its method and its signed query.

use countersign::{Method, Timestamp, Verified};
use countersign_storage::{PartNumber, StoreError, UploadId};

use crate::{
    Operation,
    fault::Fault,
    number::plain_number,
    overrides::{self, Overrides},
};

/// A request of S3 that is served here.
#[derive(Debug)]
pub(crate) enum Task {
    /// `GetObject`, `HeadObject`
    Get(Overrides),
    /// `PutObject`
    Put,
    /// `UploadPart`
    PutPart(UploadId, PartNumber),
}

/// The parameters that make another operation of a request. Served as the plain object they would
/// overwrite it with an access list, or show another version than was signed for.
const OTHER_OPERATIONS: [&str; 44] = [
    "abac",
    "accelerate",
    "acl",
    "analytics",
    "annotation",
    "attributes",
    "cors",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "list-type",
    "location",
    "logging",
    "metadataConfiguration",
    "metadataInventoryTable",
    "metadataJournalTable",
    "metadataTable",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "renameObject",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "select-type",
    "session",
    "tagging",
    "torrent",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
    "append",
    "position",
];

impl Task {
    /// Reads the task. Parameters that S3 does not know are nobody's, as they are there.
    pub(crate) fn of(verified: &Verified<'_, '_>, now: Timestamp) -> Result<Self, Fault> {
        let is_put = verified.method() == Method::PUT;
        let mut overrides = Overrides::default();
        let (mut upload, mut number) = (None, None);
        for (name, value) in verified.query() {
            match &*name {
                "partNumber" | "uploadId" if !is_put => {
                    return Err(Fault::NotImplemented(name.into()));
                }
                "partNumber" => number = Some(part_number(&value)?),
                // What no backend would give as an id is the id of no upload.
                "uploadId" => {
                    upload = Some(UploadId::new(&*value).map_err(|_| StoreError::NoSuchUpload)?);
                }
                name if OTHER_OPERATIONS.contains(&name) => {
                    return Err(Fault::NotImplemented(name.into()));
                }
                name if !is_put && name.starts_with(overrides::PREFIX) => {
                    overrides.take((name, &value), verified.validity(), now)?;
                }
                name => check_extension(name, &value)?,
            }
        }
        match (upload, number) {
            _ if !is_put => Ok(Self::Get(overrides)),
            (None, None) => Ok(Self::Put),
            (Some(upload), Some(number)) => Ok(Self::PutPart(upload, number)),
            (None, Some(_)) => Err(Fault::InvalidArgument("uploadId".into())),
            (Some(_), None) => Err(Fault::InvalidArgument("partNumber".into())),
        }
    }

    pub(crate) const fn operation(&self) -> Operation {
        match self {
            Self::Get(_) => Operation::Get,
            Self::Put => Operation::Put,
            Self::PutPart(..) => Operation::PutPart,
        }
    }
}

fn part_number(text: &str) -> Result<PartNumber, Fault> {
    let number = plain_number(text).and_then(|number| u16::try_from(number).ok());
    let number = number.and_then(|number| PartNumber::new(number).ok());
    number.ok_or_else(|| Fault::InvalidArgument("partNumber".into()))
}

/// Refuses what a signer moved from a header into the query, and S3 would obey there: a checksum,
/// an access list, metadata; and bounds of ours that this version does not know.
fn check_extension(name: &str, value: &str) -> Result<(), Fault> {
    let name = name.to_ascii_lowercase();
    let Some(of_amazon) = name.strip_prefix("x-amz-") else {
        let is_ours = name.starts_with("x-countersign-");
        return if is_ours { Err(Fault::NotImplemented(name.into())) } else { Ok(()) };
    };
    match of_amazon {
        "user-agent" | "checksum-mode" => Ok(()),
        // The AWS SDK for JavaScript says so in every URL.
        "content-sha256" if value == "UNSIGNED-PAYLOAD" => Ok(()),
        _ => Err(Fault::NotImplemented(name.into())),
    }
}
