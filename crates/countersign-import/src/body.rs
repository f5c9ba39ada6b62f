//! The bytes of a file as they come, held to the limits.

use std::{fmt, io};

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::{Duration, Instant, timeout_at};

use crate::{FetchError, Limits, connect::Connection};

/// A file that is on its way. Dropped, it is left at that.
pub struct Fetched {
    body: Incoming,
    /// The body comes by it.
    _connection: Connection,
    limits: Limits,
    ends_at: Instant,
    received: u64,
    /// How long was waited for the server; not for whoever reads.
    waited: Duration,
}

impl fmt::Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetched").field("received", &self.received).finish_non_exhaustive()
    }
}

impl Fetched {
    pub(crate) fn new(
        body: Incoming,
        connection: Connection,
        limits: Limits,
        ends_at: Instant,
    ) -> Self {
        let (received, waited) = (0, Duration::ZERO);
        Self { body, _connection: connection, limits, ends_at, received, waited }
    }

    /// The next bytes, or `None` once the file is whole.
    ///
    /// # Errors
    ///
    /// [`FetchError::Silent`], [`FetchError::TooSlow`], [`FetchError::TooLate`],
    /// [`FetchError::TooLarge`], [`FetchError::BrokenOff`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, FetchError> {
        loop {
            match self.frame().await? {
                None => return Ok(None),
                Some(bytes) if !bytes.is_empty() => return Ok(Some(bytes)),
                // A trailer, say.
                Some(_) => {}
            }
        }
    }

    async fn frame(&mut self) -> Result<Option<Bytes>, FetchError> {
        let Limits { silence_max, total_max, slow_max, bytes_per_sec_min, bytes_max, .. } =
            self.limits;
        let begun = Instant::now();
        let patience_ends_at = (begun + silence_max).min(self.ends_at);
        let Ok(frame) = timeout_at(patience_ends_at, self.body.frame()).await else {
            return Err(if patience_ends_at == self.ends_at {
                FetchError::TooLate { total_max }
            } else {
                FetchError::Silent { waited: silence_max }
            });
        };
        self.waited += begun.elapsed();
        let Some(frame) = frame else { return Ok(None) };
        let frame = frame.map_err(|error| FetchError::BrokenOff(error.into()))?;
        let bytes = frame.into_data().unwrap_or_default();
        self.received = self.received.saturating_add(bytes.len() as u64);
        if self.received > bytes_max {
            return Err(FetchError::TooLarge { bytes_max });
        }
        // Who is never silent for long may still take for ever.
        if Instant::now() >= self.ends_at {
            return Err(FetchError::TooLate { total_max });
        }
        let due = self.waited.as_millis() * u128::from(bytes_per_sec_min) / 1_000;
        if self.waited > slow_max && u128::from(self.received) < due {
            return Err(FetchError::TooSlow { bytes_per_sec_min });
        }
        Ok(Some(bytes))
    }

    /// The bytes as a stream, whose errors have a [`FetchError`] inside.
    #[must_use]
    pub fn into_stream(self) -> BoxStream<'static, io::Result<Bytes>> {
        let chunks = stream::try_unfold(self, |mut file| async {
            let chunk = file.chunk().await.map_err(io::Error::other)?;
            Ok(chunk.map(|bytes| (bytes, file)))
        });
        chunks.boxed()
    }
}
