//! A folder that no store has anything to do with.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// All that can be known of what is in a folder: bytes, modes, times, links.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Snapshot(BTreeMap<PathBuf, Entry>);

#[derive(Debug, PartialEq, Eq)]
struct Entry {
    inode: u64,
    links: u64,
    mode: u32,
    modified: (i64, i64),
    changed: (i64, i64),
    bytes: Option<Vec<u8>>,
}

impl Snapshot {
    pub(crate) fn of(folder: &Path) -> Self {
        let mut entries = BTreeMap::new();
        let mut left = vec![folder.to_path_buf()];
        while let Some(path) = left.pop() {
            let meta = fs::symlink_metadata(&path).unwrap();
            if meta.is_dir() {
                left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
            let entry = Entry {
                inode: meta.ino(),
                links: meta.nlink(),
                mode: meta.mode(),
                modified: (meta.mtime(), meta.mtime_nsec()),
                changed: (meta.ctime(), meta.ctime_nsec()),
                bytes: meta.is_file().then(|| fs::read(&path).unwrap()),
            };
            entries.insert(path, entry);
        }
        Self(entries)
    }

    /// What is another now, for a message.
    pub(crate) fn changes(&self, now: &Self) -> Vec<PathBuf> {
        let all = self.0.keys().chain(now.0.keys());
        let mut changed: Vec<_> =
            all.filter(|path| self.0.get(*path) != now.0.get(*path)).cloned().collect();
        changed.dedup();
        changed
    }
}
