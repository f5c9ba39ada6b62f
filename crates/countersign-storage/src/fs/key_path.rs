//! Where the record of a key lies: the key in lower-case hex, cut into folders.
//!
//! - One path per key and one key per path, on every file system: no case, no Unicode form, no dot
//!   and no device name means anything in hex digits.
//! - In the order of the keys, and by prefix, as a listing wants it.
//! - Within 255 bytes per name, however long the key.

use std::path::PathBuf;

use crate::ObjectKey;

/// The bytes of a key that make one folder. Keys that we mint are shorter and need none.
const CHUNK_LEN: usize = 120;

const SUFFIX: &str = ".record";

pub(super) fn path_of(key: &ObjectKey) -> PathBuf {
    let mut path = PathBuf::new();
    let mut rest = key.as_str().as_bytes();
    while rest.len() > CHUNK_LEN {
        let (chunk, after) = rest.split_at(CHUNK_LEN);
        path.push(hex::encode(chunk));
        rest = after;
    }
    path.push(hex::encode(rest) + SUFFIX);
    path
}

/// What a name in a folder of records stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// The last bytes of a key.
    Record(Vec<u8>),
    /// Bytes that more follow.
    Folder(Vec<u8>),
}

impl Entry {
    /// Reads a name; `None` for one that we did not write.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let bytes_of = |digits: &str| {
            let bytes = hex::decode(digits).ok().filter(|bytes| !bytes.is_empty())?;
            (hex::encode(&bytes) == digits).then_some(bytes)
        };
        match name.strip_suffix(SUFFIX) {
            Some(digits) => bytes_of(digits).filter(|it| it.len() <= CHUNK_LEN).map(Self::Record),
            None => bytes_of(name).filter(|it| it.len() == CHUNK_LEN).map(Self::Folder),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Record(bytes) | Self::Folder(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key_of(path: &std::path::Path) -> Vec<u8> {
        path.iter()
            .flat_map(|name| Entry::parse(name.to_str().unwrap()).unwrap().bytes().to_vec())
            .collect()
    }

    #[test]
    fn keys_at_the_edge_of_a_folder() {
        for (len, folders) in [(1, 0), (120, 0), (121, 1), (240, 1), (241, 2), (1024, 8)] {
            let key = ObjectKey::new("k".repeat(len)).unwrap();
            let path = path_of(&key);
            assert_eq!(path.iter().count(), folders + 1, "{len}");
            assert!(path.iter().all(|name| name.len() <= 255), "{len}");
            assert_eq!(key_of(&path), key.as_str().as_bytes());
        }
    }

    #[test]
    fn names_that_we_do_not_write_are_nothing() {
        for name in ["", "6b", ".record", "6B.record", "6.record", "x.record", "6b.record~"] {
            assert_eq!(Entry::parse(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn one_path_per_key(one in "\\PC{1,200}", other in "\\PC{1,200}") {
            let (one, other) = (ObjectKey::new(one).unwrap(), ObjectKey::new(other).unwrap());
            prop_assert_eq!(key_of(&path_of(&one)), one.as_str().as_bytes());
            prop_assert_eq!(path_of(&one) == path_of(&other), one == other);
        }
    }
}
