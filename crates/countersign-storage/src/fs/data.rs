//! A data file: the bytes, and after them a CRC-32C of each block, four bytes each, little-endian.
//!
//! The digests find bytes that changed on the medium, before they are handed to anybody; they are
//! no defence against somebody who can write here. One per block, so that a range is checked
//! without reading all.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    os::unix::fs::FileExt,
};

use bytes::Bytes;

use super::record::Segment;

/// In bytes.
pub(super) const BLOCK_LEN: u64 = 64 * 1024;

/// Blocks that are read in one go.
const BLOCKS_PER_READ: u64 = 4;

const DIGEST_LEN: u64 = 4;

/// Writes a data file from its start.
pub(super) struct DataWriter {
    file: BufWriter<File>,
    /// Bytes in the block that is being filled.
    filled: u64,
    crc: u32,
    digests: Vec<u8>,
}

impl DataWriter {
    pub(super) fn new(file: File) -> Self {
        Self { file: BufWriter::new(file), filled: 0, crc: 0, digests: Vec::new() }
    }

    pub(super) fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        while !bytes.is_empty() {
            let room = usize::try_from(BLOCK_LEN - self.filled).map_err(io::Error::other)?;
            let (block, rest) = bytes.split_at(bytes.len().min(room));
            self.crc = crc32c::crc32c_append(self.crc, block);
            self.filled += block.len() as u64;
            if self.filled == BLOCK_LEN {
                self.end_block();
            }
            bytes = rest;
        }
        Ok(())
    }

    fn end_block(&mut self) {
        self.digests.extend_from_slice(&self.crc.to_le_bytes());
        self.filled = 0;
        self.crc = 0;
    }

    /// Makes the file durable.
    pub(super) fn finish(mut self) -> io::Result<()> {
        if self.filled > 0 {
            self.end_block();
        }
        self.file.write_all(&self.digests)?;
        self.file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }
}

/// Reads some blocks from `at` on, checked, and cuts them to `at..end`; both lie in the segment.
/// One call reads a bounded number of bytes, so it may return less than was asked for.
pub(super) fn read_checked(file: &File, segment: &Segment, at: u64, end: u64) -> io::Result<Bytes> {
    let first = at / BLOCK_LEN;
    let start = first * BLOCK_LEN;
    let stop = segment.size.min(start + BLOCKS_PER_READ * BLOCK_LEN);
    let stop = stop.min(end.next_multiple_of(BLOCK_LEN));
    let blocks = (stop - start).div_ceil(BLOCK_LEN);

    let mut bytes = vec![0; usize::try_from(stop - start).map_err(io::Error::other)?];
    file.read_exact_at(&mut bytes, start)?;
    let mut digests = vec![0; usize::try_from(blocks * DIGEST_LEN).map_err(io::Error::other)?];
    file.read_exact_at(&mut digests, segment.size + first * DIGEST_LEN)?;

    let block_len = usize::try_from(BLOCK_LEN).map_err(io::Error::other)?;
    for (block, digest) in bytes.chunks(block_len).zip(digests.as_chunks().0) {
        if crc32c::crc32c(block).to_le_bytes() != *digest {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a stored block was damaged"));
        }
    }
    let cut = |offset: u64| usize::try_from(offset - start).map_err(io::Error::other);
    Ok(Bytes::from(bytes).slice(cut(at)?..cut(end.min(stop))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::id::Id;

    fn stored(len: usize) -> (Vec<u8>, Segment, File) {
        let bytes: Vec<u8> = (0..len).map(|i| u8::try_from(i * 31 % 251).unwrap()).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let mut writer = DataWriter::new(File::create(&path).unwrap());
        for chunk in bytes.chunks(10_007) {
            writer.write(chunk).unwrap();
        }
        writer.finish().unwrap();
        let segment = Segment { data: Id::random().unwrap(), size: len as u64 };
        let file = File::options().read(true).write(true).open(path).unwrap();
        (bytes, segment, file)
    }

    fn read(file: &File, segment: &Segment, mut at: u64, end: u64) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        while at < end {
            let bytes = read_checked(file, segment, at, end)?;
            assert!(!bytes.is_empty());
            at += bytes.len() as u64;
            all.extend_from_slice(&bytes);
        }
        Ok(all)
    }

    #[test]
    fn ranges_at_the_edges_of_blocks_come_back() {
        for len in [0_usize, 1, 65_535, 65_536, 65_537, 400_000] {
            let (bytes, segment, file) = stored(len);
            let edges = [0, 1, 65_535, 65_536, 65_537, 262_144, 262_145, 399_999, 400_000];
            for start in edges.into_iter().filter(|start| *start <= len) {
                for end in edges.into_iter().filter(|end| (start..=len).contains(end)) {
                    let found = read(&file, &segment, start as u64, end as u64).unwrap();
                    assert!(found == bytes[start..end], "{len}: {start}..{end}");
                }
            }
        }
    }

    #[test]
    fn one_bit_that_flipped_is_not_served() {
        for place in [0, 65_535, 65_536, 399_999, 400_000, 400_027] {
            let (bytes, segment, file) = stored(400_000);
            let mut byte = [0];
            file.read_exact_at(&mut byte, place).unwrap();
            file.write_all_at(&[byte[0] ^ 0x10], place).unwrap();
            let error = read(&file, &segment, 0, 400_000).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{place}");
            // A range that does not touch the block is good.
            if place < 65_536 {
                assert_eq!(read(&file, &segment, 65_536, 70_000).unwrap(), bytes[65_536..70_000]);
            }
        }
    }

    #[test]
    fn a_file_that_was_cut_is_not_served() {
        let (_, segment, file) = stored(70_000);
        file.set_len(70_000).unwrap();
        assert!(read(&file, &segment, 0, 70_000).is_err());
    }
}
