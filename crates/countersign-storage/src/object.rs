use std::{fmt, io, ops::Range, sync::Arc, time::SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use object_store::{Attribute, AttributeValue, Attributes};

use crate::{ObjectKey, StoreError};

/// The objects of one bucket.
///
/// - What is acknowledged is kept: it survives a crash and a power cut, where the medium does.
/// - A reader sees the old object or the new one, whole; never a part of either.
#[async_trait]
pub trait Objects: fmt::Debug + Send + Sync + 'static {
    /// Stores an object.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`]; nothing is stored then.
    async fn put(
        &self,
        key: &ObjectKey,
        body: BoxStream<'static, io::Result<Bytes>>,
        put: PutRequest,
    ) -> Result<ObjectInfo, StoreError>;

    /// Opens an object for reading. What is read later is this object, though it be replaced or
    /// deleted meanwhile, or the reading fails.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], where there is none.
    async fn open(&self, key: &ObjectKey) -> Result<Object, StoreError>;

    /// Moves an object to a key that has none, so that no URL for the old key reaches it any more.
    /// Where the new key has an object already, that one stays, and `from` too: calling twice
    /// freezes once.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], where neither key has an object.
    async fn freeze(&self, from: &ObjectKey, to: &ObjectKey) -> Result<ObjectInfo, StoreError>;

    /// Deletes an object. Where there is none, nothing happens.
    ///
    /// # Errors
    ///
    /// What the backend refuses.
    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError>;
}

/// What to store beside the bytes, and what to hold the bytes to.
///
/// ```
/// use countersign_storage::{PutMode, PutRequest};
///
/// let put = PutRequest::new(1_048_576).with_content_type("text/csv").with_mode(PutMode::Create);
/// # let _ = put;
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PutRequest {
    /// How many bytes the body has.
    pub length: BodyLength,
    /// Whether an object that is there is replaced.
    pub mode: PutMode,
    /// Content type and user metadata, stored beside the bytes.
    pub attributes: Attributes,
    /// The MD5 that the body must have, from `Content-MD5`.
    pub md5: Option<[u8; 16]>,
    /// The SHA-256 that the body must have.
    pub sha256: Option<[u8; 32]>,
}

impl PutRequest {
    /// A body of `length` bytes that replaces what is there.
    #[must_use]
    pub fn new(length: u64) -> Self {
        Self::of(BodyLength::Exactly(length))
    }

    /// A body of at most `max` bytes that replaces what is there, for a body whose length is not
    /// known before its end: a file in a form, say.
    ///
    /// ```
    /// use countersign_storage::{Backend, ObjectKey, PutRequest, StoreError, bytes_of};
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let (backend, key) = (Backend::memory(), ObjectKey::new("k")?);
    /// let info = backend.objects().put(&key, bytes_of("abc"), PutRequest::up_to(3)).await?;
    /// assert_eq!(info.size, 3);
    /// let refused = backend.objects().put(&key, bytes_of("abcd"), PutRequest::up_to(3)).await;
    /// assert!(matches!(refused, Err(StoreError::TooLarge { max: 3 })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn up_to(max: u64) -> Self {
        Self::of(BodyLength::AtMost(max))
    }

    fn of(length: BodyLength) -> Self {
        let attributes = Attributes::new();
        Self { length, mode: PutMode::Overwrite, attributes, md5: None, sha256: None }
    }

    /// Stores a media type.
    #[must_use]
    pub fn with_content_type(mut self, content_type: impl Into<AttributeValue>) -> Self {
        self.attributes.insert(Attribute::ContentType, content_type.into());
        self
    }

    /// Says whether an object that is there is replaced.
    #[must_use]
    pub fn with_mode(mut self, mode: PutMode) -> Self {
        self.mode = mode;
        self
    }
}

/// What is known of the length of a body before it comes, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyLength {
    /// So many: [`StoreError::LengthMismatch`] for fewer or more.
    Exactly(u64),
    /// So many or fewer: [`StoreError::TooLarge`] at the first byte too many.
    AtMost(u64),
}

impl BodyLength {
    /// The most bytes that a body has which is not refused.
    pub(crate) const fn max(self) -> u64 {
        match self {
            Self::Exactly(length) => length,
            Self::AtMost(max) => max,
        }
    }
}

/// Whether an object that is there is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PutMode {
    /// It is.
    Overwrite,
    /// It is not: [`StoreError::AlreadyExists`].
    Create,
    /// Only if it has this tag: [`StoreError::Precondition`].
    Update(ETag),
}

/// What is known of a stored object.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ObjectInfo {
    /// In bytes.
    pub size: u64,
    /// Changes whenever the bytes do.
    pub etag: ETag,
    /// When it was stored; whole seconds, as HTTP has them.
    pub last_modified: SystemTime,
    /// Content type and user metadata.
    pub attributes: Attributes,
    /// The digest of the bytes, where they came in one piece.
    pub sha256: Option<[u8; 32]>,
}

/// An entity tag, without the quotes.
///
/// 1 to 128 visible ASCII characters, none of them a quote.
///
/// ```
/// use countersign_storage::ETag;
///
/// let etag = ETag::parse("\"0123456789abcdef0123456789abcdef-1\"").ok_or("no tag")?;
/// assert_eq!(etag, ETag::parse("0123456789abcdef0123456789abcdef-1").ok_or("no tag")?);
/// assert_eq!(etag.quoted(), "\"0123456789abcdef0123456789abcdef-1\"");
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ETag(Box<str>);

impl ETag {
    const LEN_MAX: usize = 128;

    /// Reads a tag, with its quotes or without; `None` for what cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let text = inner.unwrap_or(text);
        let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"';
        let fits = !text.is_empty() && text.len() <= Self::LEN_MAX && text.bytes().all(is_plain);
        fits.then(|| Self(text.into()))
    }

    /// The first half of a SHA-256, and how many parts it is of. The dash tells S3 clients not to
    /// compare it with an MD5.
    pub(crate) fn of_digest(sha256: &[u8; 32], parts: usize) -> Self {
        let (head, _) = sha256.split_at(16);
        Self(format!("{}-{parts}", hex::encode(head)).into())
    }

    /// The tag, without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag as it stands in a header.
    #[must_use]
    pub fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }
}

/// An object that was opened: one version of it, whatever happens to its key.
#[derive(Debug, Clone)]
pub struct Object {
    info: ObjectInfo,
    reader: Arc<dyn ObjectReader>,
}

impl Object {
    /// Joins what is known of an object and the way to its bytes.
    #[must_use]
    pub fn new(info: ObjectInfo, reader: Arc<dyn ObjectReader>) -> Self {
        Self { info, reader }
    }

    /// What is known of it.
    #[must_use]
    pub const fn info(&self) -> &ObjectInfo {
        &self.info
    }

    /// Streams a range of its bytes, cut to its size. Ends with an error where not all of them can
    /// be had as they were written.
    #[must_use]
    pub fn read(&self, range: Range<u64>) -> BoxStream<'static, io::Result<Bytes>> {
        let end = range.end.min(self.info.size);
        Arc::clone(&self.reader).read(range.start.min(end)..end)
    }
}

/// Reads the bytes of one version of an object. What a backend implements for [`Object`].
pub trait ObjectReader: fmt::Debug + Send + Sync + 'static {
    /// Streams a range that lies inside the object.
    fn read(self: Arc<Self>, range: Range<u64>) -> BoxStream<'static, io::Result<Bytes>>;
}
