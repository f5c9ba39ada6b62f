//! A body as it comes in.

use std::{io, time::Duration};

use axum::body::{Body, Bytes};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::time::timeout;

/// How long a client may send nothing before it is given up.
const CHUNK_TIMEOUT: Duration = Duration::from_secs(30);

/// The chunks of a body. Nothing is asked of the client before the first one is: so whoever waits
/// for `100 Continue` is told to go on only when the storage wants the bytes.
pub(crate) fn chunks(body: Option<Body>) -> BoxStream<'static, io::Result<Bytes>> {
    let Some(body) = body else { return stream::empty().boxed() };
    let next = |mut chunks: axum::body::BodyDataStream| async move {
        match timeout(CHUNK_TIMEOUT, chunks.next()).await {
            Ok(None) => Ok(None),
            Ok(Some(Ok(chunk))) => Ok(Some((chunk, chunks))),
            Ok(Some(Err(error))) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, error)),
            Err(elapsed) => Err(io::Error::new(io::ErrorKind::TimedOut, elapsed)),
        }
    };
    stream::try_unfold(body.into_data_stream(), next).boxed()
}

/// The most of a refused body that is read, in bytes, and how long.
const DRAIN_LEN_MAX: usize = 1024 * 1024;
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// Reads a refused body to its end, if that is near: a connection that is closed before is reset, and
/// its client may never see why it was refused.
pub(crate) async fn drain(body: Option<Body>) {
    let Some(body) = body else { return };
    let read = async {
        let mut chunks = body.into_data_stream();
        let mut len = 0_usize;
        while let Some(Ok(chunk)) = chunks.next().await
            && len <= DRAIN_LEN_MAX
        {
            len = len.saturating_add(chunk.len());
        }
    };
    // Whether it came to the end is all one: the connection is closed after the answer.
    timeout(DRAIN_TIMEOUT, read).await.unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use countersign_storage::collect;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_client_may_be_slow_but_not_silent() {
        let chunk = |wait: u64| async move {
            tokio::time::sleep(Duration::from_secs(wait)).await;
            Ok::<_, io::Error>(Bytes::from_static(b"x"))
        };
        let body = |waits: &'static [u64]| {
            chunks(Some(Body::from_stream(stream::iter(waits).then(move |wait| chunk(*wait)))))
        };
        assert_eq!(collect(body(&[29, 29, 29])).await.unwrap(), "xxx");
        let error = collect(body(&[1, 31])).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn nothing_follows_a_body_that_broke_off() {
        let broken = [Ok("x"), Err(io::Error::other("reset")), Ok("y")];
        let mut body = chunks(Some(Body::from_stream(stream::iter(broken))));
        assert_eq!(body.next().await.unwrap().unwrap(), "x");
        let error = body.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(body.next().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_body_is_read_where_its_end_is_near() {
        let begun = tokio::time::Instant::now();
        let endless = stream::repeat_with(|| Ok::<_, io::Error>(Bytes::from(vec![0; 65_536])));
        drain(Some(Body::from_stream(endless))).await;
        drain(Some(Body::from("x"))).await;
        drain(None).await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
        drain(Some(Body::from_stream(stream::pending::<io::Result<Bytes>>()))).await;
        assert!(begun.elapsed() < Duration::from_secs(3));
    }
}
