//! Objects that do not fit into memory: sent in parts, and completed once all of them were checked.

use bytes::Bytes;
use futures_util::{
    StreamExt, TryStreamExt,
    stream::{self, Stream},
};
use object_store::PutPayload;

use super::{client::Payload, parts::S3Parts};
use crate::{
    CompletedPart, ObjectInfo, ObjectKey, PartNumber, PartStore, PutRequest, StoreError, UploadId,
    intake::Intake, through::part_len,
};

/// Parts of one upload that are on their way at the same time.
const PARTS_IN_FLIGHT_MAX: usize = 2;

impl S3Parts {
    /// Stores a body after its head.
    pub(super) async fn put(
        &self,
        key: &ObjectKey,
        (head, intake): (PutPayload, Intake),
        put: PutRequest,
    ) -> Result<ObjectInfo, StoreError> {
        let part_len = part_len(put.length)?;
        let upload = self.create(key, put.attributes).await?;
        let sent = self.send_parts(key, &upload, cut(head, intake, part_len)).await;
        match sent {
            Ok(parts) => self.complete_checked(key, &upload, &parts).await,
            Err(error) => {
                // The reason for the refusal is worth more than that of the cleaning up.
                if let Err(abort) = self.abort(key, &upload).await {
                    tracing::warn!(error = %abort, "a refused upload was not aborted");
                }
                Err(error)
            }
        }
    }

    async fn send_parts(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        bodies: impl Stream<Item = Result<Vec<Bytes>, StoreError>> + Send,
    ) -> Result<Vec<CompletedPart>, StoreError> {
        let send = |(index, body): (usize, Result<Vec<Bytes>, StoreError>)| async move {
            let number = u16::try_from(index + 1).map_err(StoreError::backend)?;
            let number = PartNumber::new(number).map_err(StoreError::backend)?;
            let etag = self.send_part(key, upload, number, Payload::Whole(body?)).await?;
            Ok::<_, StoreError>(CompletedPart { number, etag })
        };
        bodies.enumerate().map(send).buffered(PARTS_IN_FLIGHT_MAX).try_collect().await
    }
}

/// The bodies of the parts: all of one length but the last. Ends with an error where the whole is
/// not what was said.
fn cut(
    head: PutPayload,
    intake: Intake,
    part_len: usize,
) -> impl Stream<Item = Result<Vec<Bytes>, StoreError>> + Send {
    let head: Vec<Bytes> = head.into_iter().collect();
    let start = Some(Cutter { chunks: head, intake, part_len });
    stream::try_unfold(start, |state| async move {
        match state {
            Some(cutter) => cutter.next().await,
            None => Ok(None),
        }
    })
}

struct Cutter {
    /// Received, and of no part yet.
    chunks: Vec<Bytes>,
    intake: Intake,
    part_len: usize,
}

impl Cutter {
    async fn next(mut self) -> Result<Option<(Vec<Bytes>, Option<Self>)>, StoreError> {
        let mut len: usize = self.chunks.iter().map(Bytes::len).sum();
        while len < self.part_len {
            let Some(chunk) = self.intake.next().await? else {
                self.intake.finish()?;
                return Ok((len > 0).then_some((self.chunks, None)));
            };
            len += chunk.len();
            // Copied, for a chunk of one byte may hold on to a buffer of many.
            self.chunks.push(Bytes::copy_from_slice(&chunk));
        }
        let mut rest = Vec::new();
        if let Some(last) = self.chunks.last_mut() {
            let over = len - self.part_len;
            rest.push(last.split_off(last.len() - over.min(last.len())));
        }
        let body = std::mem::replace(&mut self.chunks, rest);
        Ok(Some((body, Some(self))))
    }
}
