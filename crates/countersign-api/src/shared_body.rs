use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, BodyDataStream, Bytes},
    http::{HeaderMap, header},
};
use futures_util::{Stream, StreamExt};
use tokio::time::timeout;

/// The most of a refused body that is read, in bytes, and how long.
const DRAIN_LEN_MAX: usize = 16 * 1024 * 1024;
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// A body that is read by one, and to its end by another when the first refuses it.
///
/// Where it is not read to its end, the connection is reset, and its client may never see why. It
/// would look while it sends, if the answer was an error to HTTP; but most refusals here are 200.
#[derive(Clone)]
pub(crate) struct SharedBody(Arc<Mutex<Shared>>);

struct Shared {
    body: BodyDataStream,
    is_asked_for: bool,
}

impl SharedBody {
    pub(crate) fn new(body: Body) -> Self {
        let body = body.into_data_stream();
        Self(Arc::new(Mutex::new(Shared { body, is_asked_for: false })))
    }

    /// The bytes that were not read yet.
    pub(crate) fn stream(&self) -> Self {
        self.clone()
    }

    /// Reads the rest, if its end is near.
    pub(crate) async fn drain(mut self, headers: &HeaderMap) {
        // Who waits for `100 Continue` sends nothing until somebody reads.
        if headers.contains_key(header::EXPECT) && !self.shared().is_asked_for {
            return;
        }
        let read = async {
            let mut len = 0_usize;
            while let Some(Ok(chunk)) = self.next().await
                && len <= DRAIN_LEN_MAX
            {
                len = len.saturating_add(chunk.len());
            }
        };
        // Whether it came to the end is all one: the connection is closed after the answer.
        timeout(DRAIN_TIMEOUT, read).await.unwrap_or_default();
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream for SharedBody {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut shared = self.shared();
        shared.is_asked_for = true;
        shared.body.poll_next_unpin(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use axum::http::HeaderValue;
    use futures_util::stream;

    use super::*;

    fn body(count: usize) -> SharedBody {
        let piece = Bytes::from(vec![0; 1024 * 1024]);
        let pieces = (0..count).map(move |_| io::Result::Ok(piece.clone()));
        SharedBody::new(Body::from_stream(stream::iter(pieces)))
    }

    async fn count(body: SharedBody) -> usize {
        body.count().await
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_body_is_read_where_its_end_is_near() {
        let none = HeaderMap::new();
        let near = body(16);
        assert!(near.stream().next().await.is_some());
        near.clone().drain(&none).await;
        assert_eq!(count(near).await, 0);
        let far = body(100);
        far.clone().drain(&none).await;
        assert!(count(far).await > 80);

        let begun = tokio::time::Instant::now();
        let silent = stream::pending::<io::Result<Bytes>>();
        SharedBody::new(Body::from_stream(silent)).drain(&none).await;
        assert_eq!(begun.elapsed(), DRAIN_TIMEOUT);
    }

    #[tokio::test]
    async fn who_waits_for_leave_to_send_is_not_given_it() {
        let mut headers = HeaderMap::new();
        headers.insert(header::EXPECT, HeaderValue::from_static("100-continue"));
        let waiting = body(3);
        waiting.clone().drain(&headers).await;
        assert_eq!(count(waiting).await, 3);
        let sending = body(3);
        assert!(sending.stream().next().await.is_some());
        sending.clone().drain(&headers).await;
        assert_eq!(count(sending).await, 0);
    }
}
