//! How long a store may be silent: while it takes a body, until it answers, while it sends one.
//!
//! Only time in which the store is waited for counts. A body that comes slowly from elsewhere is
//! held to whatever its own reader says.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, stream::BoxStream};
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::error::S3Error;

/// The least that has to come or go before the patience starts anew, in bytes.
const STEP_LEN: usize = 16 * 1024;

/// How a request is getting on.
#[derive(Clone)]
pub(super) struct Progress(Arc<Mutex<State>>);

struct State {
    last: Instant,
    waits_for_source: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State { last: Instant::now(), waits_for_source: false })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, waits_for_source: bool) {
        *self.state() = State { last: Instant::now(), waits_for_source };
    }

    /// Ends when the store has been silent for so long.
    pub(super) async fn silent_for(&self, silence_max: Duration) -> S3Error {
        loop {
            let now = Instant::now();
            let since = {
                let state = self.state();
                if state.waits_for_source { now } else { state.last }
            };
            if since + silence_max <= now {
                return S3Error::Silent { waited: silence_max };
            }
            sleep_until(since + silence_max).await;
        }
    }
}

/// A body that is sent, which notes when something of it was taken.
pub(super) struct Sending {
    source: BoxStream<'static, io::Result<Bytes>>,
    progress: Progress,
    /// What is left of a chunk: it is handed on in steps, so that each shows.
    rest: Bytes,
}

impl Sending {
    pub(super) fn new(source: BoxStream<'static, io::Result<Bytes>>, progress: Progress) -> Self {
        Self { source, progress, rest: Bytes::new() }
    }
}

impl Stream for Sending {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while self.rest.is_empty() {
            let next = self.source.as_mut().poll_next(cx);
            self.progress.note(next.is_pending());
            match ready!(next) {
                Some(Ok(chunk)) => self.rest = chunk,
                end => return Poll::Ready(end),
            }
        }
        self.progress.note(false);
        let len = self.rest.len().min(4 * STEP_LEN);
        Poll::Ready(Some(Ok(self.rest.split_to(len))))
    }
}

/// A body that is received, and fails where nearly nothing comes.
pub(super) struct Receiving {
    body: reqwest::Body,
    silence_max: Duration,
    /// What is left of the patience, and how much came since it was full.
    left: Duration,
    step_len: usize,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Receiving {
    pub(super) fn new(body: reqwest::Body, silence_max: Duration) -> Self {
        Self { body, silence_max, left: silence_max, step_len: 0, waiting: None }
    }

    fn note(&mut self, len: usize) {
        if let Some((since, _)) = self.waiting.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
        self.step_len = self.step_len.saturating_add(len);
        if self.step_len >= STEP_LEN {
            (self.left, self.step_len) = (self.silence_max, 0);
        }
    }
}

impl Body for Receiving {
    type Data = Bytes;
    type Error = S3Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, S3Error>>> {
        if let Poll::Ready(next) = Pin::new(&mut self.body).poll_frame(cx) {
            let frame = next.map(|frame| frame.map_err(S3Error::of_transport));
            let len = match &frame {
                Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
                _ => 0,
            };
            self.note(len);
            return Poll::Ready(frame);
        }
        let left = self.left;
        let (_, sleep) =
            self.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(left))));
        ready!(sleep.as_mut().poll(cx));
        let waited = self.silence_max;
        Poll::Ready(Some(Err(S3Error::Silent { waited })))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
