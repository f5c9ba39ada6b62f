//! What a body is held to while it streams in.

use std::io;

use bytes::Bytes;
use futures_util::{
    StreamExt, TryStreamExt,
    stream::{BoxStream, Fuse},
};
use md5::Md5;
use sha2::{Digest, Sha256};

use crate::{BodyLength, PutRequest, StoreError};

/// A body, held to all that was said of it. In two, for who digests on another thread than he
/// receives on.
pub(crate) struct Intake {
    pub(crate) body: Incoming,
    pub(crate) digests: Digests,
}

impl Intake {
    pub(crate) fn new(body: BoxStream<'static, io::Result<Bytes>>, put: &PutRequest) -> Self {
        let body = Incoming { body: body.fuse(), length: put.length, received: 0 };
        let digests = Digests {
            sha256: Sha256::new(),
            sha256_expected: put.sha256,
            md5: put.md5.map(|expected| (Md5::new(), expected)),
        };
        Self { body, digests }
    }

    /// The next bytes, digested.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        let chunk = self.body.next().await?;
        if let Some(chunk) = &chunk {
            self.digests.update(chunk);
        }
        Ok(chunk)
    }

    /// The SHA-256 of a body that has ended and is all that was said of it.
    pub(crate) fn finish(self) -> Result<[u8; 32], StoreError> {
        self.body.finish()?;
        self.digests.finish()
    }
}

/// The bytes of a body, counted as they come.
pub(crate) struct Incoming {
    /// Fused: a stream may panic that is asked again after its end.
    body: Fuse<BoxStream<'static, io::Result<Bytes>>>,
    length: BodyLength,
    received: u64,
}

impl Incoming {
    /// The next bytes. Refuses a body at the first byte that is too many: what comes after may be
    /// endless, or never come.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        let chunk = self.body.try_next().await.map_err(StoreError::Body)?;
        let more = chunk.as_ref().map_or(0, Bytes::len);
        self.received = self.received.saturating_add(more as u64);
        match self.length {
            BodyLength::Exactly(expected) if self.received > expected => {
                Err(StoreError::LengthMismatch { expected })
            }
            BodyLength::AtMost(max) if self.received > max => Err(StoreError::TooLarge { max }),
            _ => Ok(chunk),
        }
    }

    /// How many bytes a body had that has ended, which is what was said.
    pub(crate) fn finish(self) -> Result<u64, StoreError> {
        match self.length {
            BodyLength::Exactly(expected) if self.received != expected => {
                Err(StoreError::LengthMismatch { expected })
            }
            _ => Ok(self.received),
        }
    }
}

/// The digests of a body, taken as it passes.
pub(crate) struct Digests {
    sha256: Sha256,
    sha256_expected: Option<[u8; 32]>,
    /// Only when somebody said which: an MD5 costs as much as the SHA-256.
    md5: Option<(Md5, [u8; 16])>,
}

impl Digests {
    pub(crate) fn update(&mut self, chunk: &[u8]) {
        self.sha256.update(chunk);
        if let Some((md5, _)) = &mut self.md5 {
            md5.update(chunk);
        }
    }

    /// The SHA-256, when it and the MD5 are what was said.
    pub(crate) fn finish(self) -> Result<[u8; 32], StoreError> {
        if let Some((md5, expected)) = self.md5
            && <[u8; 16]>::from(md5.finalize()) != expected
        {
            return Err(StoreError::Md5Mismatch);
        }
        let sha256 = self.sha256.finalize().into();
        if self.sha256_expected.is_some_and(|expected| expected != sha256) {
            return Err(StoreError::Sha256Mismatch);
        }
        Ok(sha256)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use futures_util::{FutureExt, stream};

    use super::*;

    /// Reads a body that comes in chunks of these lengths, and panics when more is asked of it.
    fn read(lens: &'static [usize], put: &PutRequest) -> Result<u64, StoreError> {
        let is_too_long = lens.iter().sum::<usize>() as u64 > put.length.max();
        // The last one finds the end, which a body that is too long is not read to.
        let polls_max = lens.len() + usize::from(!is_too_long);
        let (mut chunks, mut polls) = (lens.iter(), 0);
        let body = stream::poll_fn(move |_| {
            polls += 1;
            assert!(polls <= polls_max, "asked for more");
            Poll::Ready(chunks.next().map(|len| Ok(vec![7; *len].into())))
        });
        let Intake { mut body, .. } = Intake::new(body.boxed(), put);
        let received = async {
            while body.next().await?.is_some() {}
            // Again, as the file store does.
            assert!(body.next().await?.is_none());
            body.finish()
        };
        received.now_or_never().unwrap()
    }

    #[test]
    fn a_length_that_was_said_is_the_length() {
        for lens in [&[][..], &[0], &[1], &[9], &[0, 4, 0, 5, 0], &[10], &[11], &[5, 5, 1]] {
            let len = lens.iter().sum::<usize>() as u64;
            for said in [0, 1, 9, 10, 11, u64::MAX] {
                match read(lens, &PutRequest::new(said)) {
                    Ok(size) => assert!(size == len && said == len, "{lens:?}, {said}"),
                    Err(StoreError::LengthMismatch { expected }) => {
                        assert!(expected == said && said != len, "{lens:?}, {said}");
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }

    #[test]
    fn a_length_that_was_not_said_is_what_came_up_to_the_most() {
        for lens in [&[][..], &[0], &[1], &[9], &[0, 4, 0, 5, 0], &[10], &[11], &[5, 5, 1]] {
            let len = lens.iter().sum::<usize>() as u64;
            for said in [0, 1, 9, 10, 11, u64::MAX] {
                match read(lens, &PutRequest::up_to(said)) {
                    Ok(size) => assert!(size == len && len <= said, "{lens:?}, {said}"),
                    Err(StoreError::TooLarge { max }) => {
                        assert!(max == said && len > said, "{lens:?}, {said}");
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }
}
