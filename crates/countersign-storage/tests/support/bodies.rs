//! Bodies that say which they are: every byte follows from a number, none is like another's.

use super::rng::Rng;

/// The bytes that belong to a number.
pub(crate) fn body_of(number: u64, len: usize) -> Vec<u8> {
    let mut rng = Rng::new(number);
    let mut bytes = number.to_le_bytes().to_vec();
    while bytes.len() < len {
        bytes.extend_from_slice(&rng.next().to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}
