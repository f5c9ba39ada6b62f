use std::path::{Path, PathBuf};

use cap_std::fs::ReadDir;

use super::{Inner, key_path::Entry};
use crate::{ObjectKey, StoreError};

impl Inner {
    /// The keys that begin with `prefix` and are longer, in ascending order of their bytes.
    pub(super) fn keys(&self, prefix: &[u8]) -> Result<Vec<ObjectKey>, StoreError> {
        let mut keys = Vec::new();
        self.walk(Path::new("."), &[], prefix, &mut keys)?;
        Ok(keys)
    }

    fn walk(
        &self,
        folder: &Path,
        begin: &[u8],
        prefix: &[u8],
        keys: &mut Vec<ObjectKey>,
    ) -> Result<(), StoreError> {
        let mut entries = entries_in(self.disk.records.read_dir(folder)?)?;
        // A key comes before those that go on where it ends.
        entries.sort_by(|(_, one), (_, other)| {
            let is_folder = |entry: &Entry| matches!(entry, Entry::Folder(_));
            one.bytes().cmp(other.bytes()).then(is_folder(one).cmp(&is_folder(other)))
        });
        for (name, entry) in entries {
            let whole = [begin, entry.bytes()].concat();
            match entry {
                Entry::Record(_) if whole.starts_with(prefix) && whole != prefix => {
                    let key =
                        String::from_utf8(whole).ok().and_then(|key| ObjectKey::new(key).ok());
                    keys.push(key.ok_or(StoreError::Damaged)?);
                }
                Entry::Folder(_) if whole.starts_with(prefix) || prefix.starts_with(&whole) => {
                    self.walk(&folder.join(name), &whole, prefix, keys)?;
                }
                Entry::Record(_) | Entry::Folder(_) => {}
            }
        }
        Ok(())
    }
}

fn entries_in(folder: ReadDir) -> Result<Vec<(PathBuf, Entry)>, StoreError> {
    let mut entries = Vec::new();
    for entry in folder {
        let name = entry?.file_name();
        if let Some(entry) = name.to_str().and_then(Entry::parse) {
            entries.push((PathBuf::from(name), entry));
        }
    }
    Ok(entries)
}
