//! Objects that do not fit into memory: sent in parts, and completed once all of them were checked.

use std::collections::VecDeque;

use bytes::Bytes;
use futures_util::{
    StreamExt, TryStreamExt,
    stream::{self, Stream},
};
use object_store::{PutPayload, PutPayloadMut};

use super::{client::Payload, parts::S3Parts};
use crate::{
    BodyLength, CompletedPart, ObjectInfo, ObjectKey, PartNumber, PartStore, PutRequest,
    StoreError, UploadId, intake::Intake,
};

/// The length of a part, in bytes. Three of them are in memory: one that gathers, and those on their
/// way.
const PART_LEN: usize = 8 * 1024 * 1024;

/// The longest body that there are parts enough for, in bytes.
const LENGTH_MAX: u64 = PartNumber::MAX as u64 * PART_LEN as u64;

/// Parts of one upload that are on their way at the same time.
const PARTS_IN_FLIGHT_MAX: usize = 2;

/// Refuses a body that there are not parts enough for, before its first byte is asked for.
pub(super) fn check_length(length: BodyLength) -> Result<(), StoreError> {
    match length {
        BodyLength::Exactly(length) if length > LENGTH_MAX => {
            Err(StoreError::TooLarge { max: LENGTH_MAX })
        }
        _ => Ok(()),
    }
}

impl S3Parts {
    /// Stores a body after its head.
    pub(super) async fn put(
        &self,
        key: &ObjectKey,
        (head, intake): (PutPayload, Intake),
        put: PutRequest,
    ) -> Result<ObjectInfo, StoreError> {
        let upload = self.create(key, put.attributes).await?;
        let stored = async {
            let parts = self.send_parts(key, &upload, cut(head, intake)).await?;
            self.complete_checked(key, &upload, &parts).await
        };
        let stored = stored.await;
        // Nobody else knows of the upload. What is complete is not aborted by this.
        if stored.is_err()
            && let Err(abort) = self.abort(key, &upload).await
        {
            tracing::warn!(error = %abort, "a refused upload was not aborted");
        }
        stored
    }

    async fn send_parts(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        bodies: impl Stream<Item = Result<Vec<Bytes>, StoreError>> + Send,
    ) -> Result<Vec<CompletedPart>, StoreError> {
        let send = |(index, body): (usize, Result<Vec<Bytes>, StoreError>)| async move {
            let number = u16::try_from(index + 1).ok().and_then(|it| PartNumber::new(it).ok());
            let number = number.ok_or(StoreError::TooLarge { max: LENGTH_MAX })?;
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
) -> impl Stream<Item = Result<Vec<Bytes>, StoreError>> + Send {
    let start = Some(Cutter { received: head.into_iter().collect(), intake });
    stream::try_unfold(start, |state| async move {
        match state {
            Some(cutter) => cutter.next().await,
            None => Ok(None),
        }
    })
}

struct Cutter {
    /// Received, and of no part yet.
    received: VecDeque<Bytes>,
    intake: Intake,
}

impl Cutter {
    async fn next(mut self) -> Result<Option<(Vec<Bytes>, Option<Self>)>, StoreError> {
        // Copied into large blocks, for a chunk of one byte may hold on to a buffer of many, and
        // costs as much as one.
        let mut part = PutPayloadMut::new().with_block_size(BLOCK_LEN);
        while part.content_length() < PART_LEN {
            let chunk = match self.received.pop_front() {
                Some(chunk) => Some(chunk),
                None => self.intake.next().await?,
            };
            let Some(mut chunk) = chunk else {
                self.intake.finish()?;
                let is_empty = part.is_empty();
                return Ok((!is_empty).then(|| (part.freeze().into_iter().collect(), None)));
            };
            let room = PART_LEN - part.content_length();
            let rest = chunk.split_off(room.min(chunk.len()));
            part.extend_from_slice(&chunk);
            if !rest.is_empty() {
                self.received.push_front(rest);
            }
        }
        Ok(Some((part.freeze().into_iter().collect(), Some(self))))
    }
}

const BLOCK_LEN: usize = 1024 * 1024;
