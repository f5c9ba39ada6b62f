//! Bytes on their way in.

use countersign::Timestamp;
use uuid::Uuid;

use crate::Identity;

/// A day from the end of a URL to the sweep of the key that it writes to. A store looks at the time
/// when a request begins, so an upload that began at the last moment may still be streaming:
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html>. Bytes that
/// arrive after the sweep would stay for ever.
pub(crate) const STAGING_GRACE_SECS: u32 = 86_400;

/// How far an upload has come. It starts pending, or ready where the server itself had the bytes;
/// and only a ready one can still change: its bytes may turn out to be wrong for a data source, or
/// who has them is deleted.
///
/// ```text
/// pending ──accept──▶ ready ──delete──▶ aborted
///    ├──fail──▶ failed ◀──refuse── ready
///    └──delete──▶ aborted
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UploadState {
    /// The bytes have not come, or were not checked.
    Pending,
    /// The bytes were accepted and are there to be read.
    Ready,
    /// The bytes were refused.
    Failed,
    /// The file or the data source was deleted.
    Aborted,
}

/// Which call made an upload ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "there is nothing between this call and an earlier one"
)]
pub enum Acceptance {
    /// This one.
    Now,
    /// An earlier one.
    Before,
}

/// What an upload is for: settled when it is recorded, and for good. Who deletes that deletes the
/// bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// A [`File`](crate::File).
    File,
    /// A [`DataSource`](crate::DataSource), which it may never become.
    DataSource,
    /// A [`Job`](crate::Job), and the version of a dataset that this becomes.
    Job,
    /// A [`SchemaFile`](crate::SchemaFile).
    SchemaFile,
}

/// Which way bytes come in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Intake {
    /// By one PUT, to a staging key; accepting moves them to the object key.
    Single {
        /// Where the client puts the bytes.
        staging_key: Box<str>,
    },
    /// In parts, which are assembled straight at the object key: only URLs of parts were ever made
    /// for it, and they are worth nothing once the upload is settled.
    Multipart {
        /// The storage's own id of the multipart upload: 1 to 1,024 bytes.
        upload_id: Box<str>,
        /// The size of every part but the last, in bytes: at least 1, at most 2^63 - 1.
        part_size: u64,
    },
    /// Through the server itself, straight to the object key: no URL was made.
    Direct,
}

/// One upload: who may put what, where, until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its id, chosen by the caller.
    pub id: Uuid,
    /// Who asked for it.
    pub owner: Identity,
    /// What it is for.
    pub purpose: Purpose,
    /// How far it has come.
    pub state: UploadState,
    /// Which way the bytes come in.
    pub intake: Intake,
    /// Where accepted bytes are read. No URL that replaces them was ever made for it.
    pub object_key: Box<str>,
    /// The media type that the client announced.
    pub content_type: Box<str>,
    /// The size that the client announced, in bytes.
    pub declared_size: Option<u64>,
    /// When the client's URLs no longer hold; where there are none, when it was recorded.
    pub not_after: Timestamp,
    /// Why it was refused: there when, and only when, it is [`UploadState::Failed`].
    pub failure: Option<Box<str>>,
}

impl Upload {
    /// When the bytes at the staging key may go, if it is doomed now. What would be due after the
    /// last second that there is, is due at that second.
    pub(crate) fn staging_due_at(&self, now: Timestamp) -> Timestamp {
        let quiet_at = self.not_after.checked_add_secs(STAGING_GRACE_SECS);
        quiet_at.unwrap_or(Timestamp::MAX).max(now)
    }
}

/// An upload to be recorded.
///
/// - `id`, the staging key, the multipart upload's id and `object_key` were never used before, also
///   not by what was deleted.
/// - The two keys differ: the staging key is doomed when the upload is accepted.
/// - The keys are 1 to 1,024 bytes, `content_type` is at most 1,024.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUpload {
    /// Its id, chosen by the caller.
    pub id: Uuid,
    /// Who asks for it.
    pub owner: Identity,
    /// Which way the bytes come in.
    pub intake: Intake,
    /// Where accepted bytes are read.
    pub object_key: Box<str>,
    /// The media type that the client announces.
    pub content_type: Box<str>,
    /// The size that the client announces, in bytes: at most 2^63 - 1.
    pub declared_size: Option<u64>,
    /// When the client's URLs no longer hold; where there are none, now.
    pub not_after: Timestamp,
}

/// How to name an upload, whichever team has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UploadRef<'a> {
    /// By [`Upload::id`].
    Id(Uuid),
    /// By [`Upload::object_key`].
    ObjectKey(&'a str),
}

/// What was found in storage once an upload was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Bytes, at most 2^63 - 1.
    pub size: u64,
    /// The storage's own mark of the content, at most 1,024 bytes.
    pub etag: Box<str>,
    /// The digest of the content, where it is known.
    pub sha256: Option<[u8; 32]>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TeamId, UserId};

    #[test]
    fn a_staging_key_is_due_a_day_after_its_url_but_not_in_the_past_or_beyond_time() {
        const DAY: i64 = 86_400;
        let (min, max) = (Timestamp::MIN.unix_secs(), Timestamp::MAX.unix_secs());
        for (not_after, now, expected) in [
            (1_000, 0, 1_000 + DAY),
            (1_000, 1_000 + DAY - 1, 1_000 + DAY),
            (1_000, 1_000 + DAY, 1_000 + DAY),
            (1_000, 1_000 + DAY + 1, 1_000 + DAY + 1),
            (min, min, min + DAY),
            (min, max, max),
            (max - DAY - 1, 0, max - 1),
            (max - DAY, 0, max),
            (max - DAY + 1, 0, max),
            (max, min, max),
            (max, max, max),
        ] {
            let at = |unix_secs| Timestamp::from_unix_secs(unix_secs).unwrap();
            let upload = Upload {
                id: Uuid::nil(),
                owner: Identity { team: TeamId::new(1), user: UserId::new("ada").unwrap() },
                purpose: Purpose::File,
                state: UploadState::Pending,
                intake: Intake::Single { staging_key: "staging/1".into() },
                object_key: "objects/1".into(),
                content_type: "text/csv".into(),
                declared_size: None,
                not_after: at(not_after),
                failure: None,
            };
            assert_eq!(upload.staging_due_at(at(now)), at(expected), "{not_after} at {now}");
        }
    }
}
