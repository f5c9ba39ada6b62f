//! A body on its way into a data file that nobody sees yet.

use std::{io, sync::Arc};

use bytes::Bytes;
use futures_util::{future, stream::BoxStream};

use super::{
    FileStore, Inner,
    data::DataWriter,
    disk::{absent_is_fine, options},
    id::Id,
};
use crate::{
    PutRequest, StoreError,
    intake::{Digests, Incoming, Intake},
};

/// Bytes that are gathered before they are written: a hop to another thread costs more than a
/// network packet is worth.
const BATCH_LEN: usize = 256 * 1024;

/// Pieces that are gathered: one of a few bytes takes a hundred beside them.
const BATCH_PIECES_MAX: usize = 1_024;

/// A finished, durable data file in `tmp/`. Gone when it is dropped, unless it was kept.
pub(super) struct Staged {
    file: TmpData,
    /// In bytes.
    size: u64,
    sha256: [u8; 32],
}

/// A data file in `tmp/` that goes with this value.
struct TmpData {
    inner: Arc<Inner>,
    id: Id,
    kept: bool,
}

impl Drop for TmpData {
    fn drop(&mut self) {
        if !self.kept {
            let removed = absent_is_fine(self.inner.disk.tmp.remove_file(self.id.data_name()));
            if let Err(error) = removed {
                tracing::warn!(%error, "a refused upload stays until the next start");
            }
        }
    }
}

impl Staged {
    pub(super) const fn id(&self) -> &Id {
        &self.file.id
    }

    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    pub(super) const fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// Moves it to its place. From here on the record that names it decides over it.
    pub(super) fn keep(mut self) -> Result<(), StoreError> {
        // Should this fail half-way, the record in `tmp/` names the file, and its removal removes it.
        self.file.inner.disk.keep_data(&self.file.id)?;
        self.file.kept = true;
        Ok(())
    }
}

impl FileStore {
    /// Writes a body into `tmp/`, held to what was said of it.
    pub(super) async fn stage(
        &self,
        body: BoxStream<'static, io::Result<Bytes>>,
        put: &PutRequest,
    ) -> Result<Staged, StoreError> {
        let Intake { mut body, digests } = Intake::new(body, put);
        let begin = self.blocking(move |inner| Staging::begin(inner, digests));
        let (staging, batch) = future::join(begin, gather(&mut body)).await;
        let (mut staging, mut batch) = (staging?, batch?);
        while !batch.is_empty() {
            // Takes the next bytes off the network while these are written.
            let write = self.blocking(move |_| staging.write(batch));
            let (written, next) = future::join(write, gather(&mut body)).await;
            (staging, batch) = (written?, next?);
        }
        let size = body.finish()?;
        self.blocking(move |_| staging.finish(size)).await
    }
}

async fn gather(body: &mut Incoming) -> Result<Vec<Bytes>, StoreError> {
    let mut batch = Vec::new();
    let mut len = 0_usize;
    while len < BATCH_LEN && batch.len() < BATCH_PIECES_MAX {
        match body.next().await? {
            // An empty chunk is no end.
            Some(chunk) if chunk.is_empty() => {}
            Some(chunk) => {
                len = len.saturating_add(chunk.len());
                batch.push(chunk);
            }
            None => break,
        }
    }
    Ok(batch)
}

struct Staging {
    file: TmpData,
    writer: DataWriter,
    digests: Digests,
}

impl Staging {
    fn begin(inner: &Arc<Inner>, digests: Digests) -> Result<Self, StoreError> {
        let id = Id::random()?;
        let mut create = options();
        create.write(true).create_new(true);
        let file = inner.disk.tmp.open_with(id.data_name(), &create)?.into_std();
        let writer = DataWriter::new(file);
        Ok(Self { file: TmpData { inner: Arc::clone(inner), id, kept: false }, writer, digests })
    }

    fn write(mut self, batch: Vec<Bytes>) -> Result<Self, StoreError> {
        for chunk in batch {
            self.digests.update(&chunk);
            self.writer.write(&chunk)?;
        }
        Ok(self)
    }

    fn finish(self, size: u64) -> Result<Staged, StoreError> {
        let sha256 = self.digests.finish()?;
        self.writer.finish()?;
        Ok(Staged { file: self.file, size, sha256 })
    }
}
