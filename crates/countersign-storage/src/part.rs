use std::{fmt, io};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use object_store::Attributes;

use crate::{ETag, ObjectInfo, ObjectKey, PutRequest, StoreError};

/// Multipart uploads, as S3 has them.
///
/// An upload belongs to the key that it was created for; under another key it does not exist. Until
/// it is completed nothing of it can be read.
#[async_trait]
pub trait PartStore: fmt::Debug + Send + Sync + 'static {
    /// Begins an upload.
    ///
    /// # Errors
    ///
    /// What the backend refuses.
    async fn create(&self, key: &ObjectKey, attributes: Attributes)
    -> Result<UploadId, StoreError>;

    /// Stores a part; one of the same number is replaced. Of `put`, the attributes and the mode
    /// mean nothing here.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchUpload`], or why the body was refused; nothing is stored then.
    async fn put_part(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        number: PartNumber,
        body: BoxStream<'static, io::Result<Bytes>>,
        put: PutRequest,
    ) -> Result<ETag, StoreError>;

    /// The parts that are there, by number.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchUpload`].
    async fn list(&self, key: &ObjectKey, upload: &UploadId) -> Result<Vec<Part>, StoreError>;

    /// Makes the named parts the object, and ends the upload. Parts that are not named are gone.
    /// Everything is checked before anything is changed.
    ///
    /// # Errors
    ///
    /// - [`StoreError::InvalidPartOrder`], when the numbers do not ascend, or there are none.
    /// - [`StoreError::InvalidPart`], when one is absent or has another tag.
    /// - [`StoreError::PartTooSmall`], when one that is not the last has less than 5 MiB.
    /// - [`StoreError::NoSuchUpload`], when it was aborted or never begun. Completing again what is
    ///   complete returns the object, as long as it is there.
    async fn complete(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        parts: &[CompletedPart],
    ) -> Result<ObjectInfo, StoreError>;

    /// Ends the upload and drops its parts. Where there is none, nothing happens.
    ///
    /// # Errors
    ///
    /// What the backend refuses.
    async fn abort(&self, key: &ObjectKey, upload: &UploadId) -> Result<(), StoreError>;
}

/// The least size of a part that is not the last, in bytes: 5 MiB, as S3 has it.
pub(crate) const PART_SIZE_MIN: u64 = 5 * 1024 * 1024;

/// Whether a part may be small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PartSizes {
    /// Only the last has less than 5 MiB.
    AsS3,
    /// Every part may.
    Any,
}

/// Whether the parts that a client names are an object: each there with its tag, in ascending
/// order, none too small but the last. Returns their places among `stored`, which is in order.
pub(crate) fn check_completed(
    named: &[CompletedPart],
    stored: &[Part],
    sizes: PartSizes,
) -> Result<Vec<usize>, StoreError> {
    let ascends = named.is_sorted_by(|one, next| one.number < next.number);
    let Some(last) = named.last().filter(|_| ascends) else {
        return Err(StoreError::InvalidPartOrder);
    };
    let mut places = Vec::with_capacity(named.len());
    for part in named {
        let number = part.number.as_u16();
        let place = stored.binary_search_by_key(&part.number, |stored| stored.number);
        let found = place.ok().and_then(|place| Some((place, stored.get(place)?)));
        let Some((place, stored)) = found.filter(|(_, stored)| stored.etag == part.etag) else {
            return Err(StoreError::InvalidPart { number });
        };
        if sizes == PartSizes::AsS3 && stored.size < PART_SIZE_MIN && part.number != last.number {
            return Err(StoreError::PartTooSmall { number });
        }
        places.push(place);
    }
    Ok(places)
}

/// The number of a part: 1 to 10,000.
///
/// ```
/// use countersign_storage::PartNumber;
///
/// assert!(PartNumber::new(10_000).is_ok());
/// assert!(PartNumber::new(0).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartNumber(u16);

impl PartNumber {
    /// The highest number.
    pub const MAX: u16 = 10_000;

    /// Takes a number.
    ///
    /// # Errors
    ///
    /// [`InvalidPart`], when it is not 1 to 10,000.
    pub const fn new(number: u16) -> Result<Self, InvalidPart> {
        if number == 0 || number > Self::MAX {
            return Err(InvalidPart);
        }
        Ok(Self(number))
    }

    /// The number.
    #[must_use]
    pub const fn as_u16(self) -> u16 {
        self.0
    }
}

/// The name of a multipart upload, given by the backend: 1 to 1,024 visible ASCII characters.
///
/// It is a handle, not a secret; but whoever knows none can name no upload.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UploadId(Box<str>);

impl UploadId {
    const LEN_MAX: usize = 1024;

    /// Takes an id as a backend gave it.
    ///
    /// # Errors
    ///
    /// [`InvalidPart`], when no backend gives such an id.
    pub fn new(id: impl Into<Box<str>>) -> Result<Self, InvalidPart> {
        let id = id.into();
        let fits = !id.is_empty() && id.len() <= Self::LEN_MAX;
        if !fits || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidPart);
        }
        Ok(Self(id))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text or number names no part of an upload that could be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a part has a number of 1 to 10000, and an upload id of 1 to 1024 visible characters")]
#[non_exhaustive]
pub struct InvalidPart;

/// A part that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// Its number.
    pub number: PartNumber,
    /// In bytes.
    pub size: u64,
    /// What [`PartStore::put_part`] returned.
    pub etag: ETag,
}

impl Part {
    /// Names a part.
    #[must_use]
    pub const fn new(number: PartNumber, size: u64, etag: ETag) -> Self {
        Self { number, size, etag }
    }
}

/// A part that a client says it uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "S3 names a part by these two")]
pub struct CompletedPart {
    /// Its number.
    pub number: PartNumber,
    /// The tag that it was answered with.
    pub etag: ETag,
}
