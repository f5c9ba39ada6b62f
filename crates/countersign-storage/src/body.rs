use std::io;

use bytes::{Bytes, BytesMut};
use futures_util::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};

/// A body that is in memory already.
pub fn bytes_of(bytes: impl Into<Bytes>) -> BoxStream<'static, io::Result<Bytes>> {
    stream::iter([Ok(bytes.into())]).boxed()
}

/// All bytes of a body, in memory: for bodies that are known to be small.
///
/// # Errors
///
/// Those of the body.
pub async fn collect(body: BoxStream<'static, io::Result<Bytes>>) -> io::Result<Bytes> {
    let append = |mut all: BytesMut, chunk: Bytes| async move {
        all.extend_from_slice(&chunk);
        Ok(all)
    };
    body.try_fold(BytesMut::new(), append).await.map(BytesMut::freeze)
}
