//! The body of a part, held to what was said of it before the store can take it for whole.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};

use super::client::Payload;
use crate::{
    BodyLength, PutMode, PutRequest, StoreError,
    intake::Intake,
    through::{BUFFER_LEN_MAX, Received},
};

pub(super) struct PartBody {
    pub(super) payload: Payload,
    pub(super) refusal: Refusal,
}

/// Why a body was refused while it was sent.
#[derive(Clone, Default)]
pub(super) struct Refusal(Arc<Mutex<Option<StoreError>>>);

impl Refusal {
    pub(super) fn take(&self) -> Option<StoreError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn set(&self, error: StoreError) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

impl PartBody {
    /// Takes a body: all of it, where it fits into memory. S3 wants to know the length of a part
    /// before its first byte, so a longer one is refused whose length was not said.
    pub(super) async fn of(
        body: BoxStream<'static, io::Result<Bytes>>,
        put: &PutRequest,
    ) -> Result<Self, StoreError> {
        let refusal = Refusal::default();
        if let BodyLength::Exactly(length) = put.length
            && length > BUFFER_LEN_MAX
        {
            let intake = Intake::new(body, put);
            let body = held_back(intake, refusal.clone());
            let payload = Payload::Streamed { body, length, sha256: put.sha256 };
            return Ok(Self { payload, refusal });
        }
        let put = PutRequest { mode: PutMode::Overwrite, ..put.clone() };
        match Received::of(body, &put).await? {
            Received::Whole { payload, .. } => {
                Ok(Self { payload: Payload::Whole(payload.into_iter().collect()), refusal })
            }
            Received::Begun { .. } => Err(StoreError::ModeUnsupported),
        }
    }
}

/// A body whose last bytes come when all of it was checked.
fn held_back(intake: Intake, refusal: Refusal) -> BoxStream<'static, io::Result<Bytes>> {
    let start = Some((intake, Bytes::new(), refusal));
    let next = |state: Option<(Intake, Bytes, Refusal)>| async move {
        let (mut intake, mut held, refusal) = state?;
        loop {
            match intake.next().await {
                Ok(Some(chunk)) if chunk.is_empty() => {}
                Ok(Some(chunk)) if held.is_empty() => held = chunk,
                Ok(Some(chunk)) => return Some((Ok(held), Some((intake, chunk, refusal)))),
                Ok(None) => {
                    return match intake.finish() {
                        Ok(_) => Some((Ok(held), None)),
                        Err(error) => Some((Err(broken_off(&refusal, error)), None)),
                    };
                }
                Err(error) => return Some((Err(broken_off(&refusal, error)), None)),
            }
        }
    };
    stream::unfold(start, next).boxed()
}

fn broken_off(refusal: &Refusal, error: StoreError) -> io::Error {
    refusal.set(error);
    io::Error::other("the body was refused")
}
