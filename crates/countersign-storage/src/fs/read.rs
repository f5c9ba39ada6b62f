use std::{fmt, fs::File, io, ops::Range, sync::Arc};

use bytes::Bytes;
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};

use super::{Inner, data::read_checked, key_path::path_of, record::Record};
use crate::{Object, ObjectKey, ObjectReader, StoreError};

/// A version that is being read: its bytes stay as long as this lives.
pub(super) struct Pinned {
    inner: Arc<Inner>,
    record: Record,
}

impl Pinned {
    pub(super) const fn record(&self) -> &Record {
        &self.record
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        if self.inner.pins.unpin(&self.record.id) {
            self.inner.bury(&self.record);
        }
    }
}

impl fmt::Debug for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pinned").field("record", &self.record).finish_non_exhaustive()
    }
}

impl Inner {
    pub(super) fn open_version(self: &Arc<Self>, key: &ObjectKey) -> Result<Object, StoreError> {
        let pinned = self.pin(key)?;
        Ok(Object::new(pinned.record.info()?, Arc::new(pinned)))
    }

    /// Reads the record of a key and pins its version. Both under the stripe, for in between the
    /// version could be replaced, and its bytes removed.
    pub(super) fn pin(self: &Arc<Self>, key: &ObjectKey) -> Result<Pinned, StoreError> {
        let _stripe = self.lock(key);
        let record = self.record_at(&path_of(key))?.ok_or(StoreError::NotFound)?;
        self.pins.pin(&record.id);
        Ok(Pinned { inner: Arc::clone(self), record })
    }
}

impl ObjectReader for Pinned {
    fn read(self: Arc<Self>, range: Range<u64>) -> BoxStream<'static, io::Result<Bytes>> {
        let cursor = Cursor { version: self, at: range.start, end: range.end, open: None };
        stream::try_unfold(cursor, |cursor| async {
            if cursor.at >= cursor.end {
                return Ok(None);
            }
            tokio::task::spawn_blocking(|| cursor.advance()).await.map_err(io::Error::other)?
        })
        .boxed()
    }
}

struct Cursor {
    version: Arc<Pinned>,
    at: u64,
    end: u64,
    /// The segment that was read last.
    open: Option<(usize, File)>,
}

impl Cursor {
    /// Reads some more bytes, at least one.
    fn advance(mut self) -> io::Result<Option<(Bytes, Self)>> {
        let version = Arc::clone(&self.version);
        let mut start = 0;
        for (place, segment) in version.record.segments.iter().enumerate() {
            let stop = start + segment.size;
            if (start..stop).contains(&self.at) {
                let file = match self.open.take() {
                    Some((open, file)) if open == place => file,
                    _ => version.inner.disk.open_data(&segment.data)?,
                };
                let end = self.end.min(stop) - start;
                let bytes = read_checked(&file, segment, self.at - start, end)?;
                self.at += bytes.len() as u64;
                self.open = Some((place, file));
                return Ok(Some((bytes, self)));
            }
            start = stop;
        }
        Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a record names too few bytes"))
    }
}
