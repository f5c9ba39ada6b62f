//! The folder of a bucket, and the few things that are done to it.
//!
//! ```text
//! lock                     held by the process that has the store open
//! data/00…ff/<id>          the bytes of an object or a part, and their block digests; never changed
//! records/…                one record per object, its path is the key (`key_path.rs`)
//! uploads/<id>/            a multipart upload: upload.record, and one record per part
//! uploads/<id>.completing/ one that becomes an object: object.record until it has, spare.record
//! tmp/                     what is not published, or not any more
//! ```
//!
//! A record, of whatever kind, is a line of JSON and a line with its digest (`record.rs`).
//!
//! A record in `tmp/` that has no other name is dead, and so are the data files that it names:
//! publishing is a rename out of `tmp/`, removing is a rename into it. So what a crash left behind
//! is found without looking through the objects. The trap: who copies a folder after a crash and
//! makes two files of a record with two names kills what it names. Such a copy keeps hard links, or
//! leaves `tmp/` out.

use std::{
    fs::{File, TryLockError},
    io::{self, Read, Write},
    path::Path,
};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt, OpenOptionsMaybeDirExt};
use cap_std::{
    ambient_authority,
    fs::{Dir, DirBuilder, DirBuilderExt, MetadataExt, OpenOptions, OpenOptionsExt},
};

use super::{id::Id, record::RECORD_LEN_MAX};

/// Folders by capability: nothing that is opened through them, by symbolic link or by dots, lies
/// outside.
#[derive(Debug)]
pub(super) struct Disk {
    pub(super) data: Dir,
    pub(super) records: Dir,
    pub(super) uploads: Dir,
    pub(super) tmp: Dir,
    /// Locked as long as it is open.
    _lock: File,
}

impl Disk {
    /// Opens a folder and what belongs in it, making what is missing. `Ok(None)`, when another
    /// process has it.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        ensure_ambient(path)?;
        let root = Dir::open_ambient_dir(path, ambient_authority())?;
        let mut options = options();
        options.read(true).write(true).create(true);
        let lock = root.open_with("lock", &options)?.into_std();
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        for name in ["data", "records", "uploads", "tmp"] {
            ensure_dir(&root, Path::new(name))?;
        }
        let data = root.open_dir("data")?;
        for first in 0..=u8::MAX {
            ensure_dir(&data, Path::new(&Id::folder_of(first)))?;
        }
        sync_dir(&data, Path::new("."))?;
        sync_dir(&root, Path::new("."))?;
        Ok(Some(Self {
            records: root.open_dir("records")?,
            uploads: root.open_dir("uploads")?,
            tmp: root.open_dir("tmp")?,
            data,
            _lock: lock,
        }))
    }

    /// Writes a small file into `tmp/` and makes its bytes durable. Its name is not, yet.
    pub(super) fn write_tmp(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        create_synced(&self.tmp, name, bytes)
    }

    /// Moves a finished data file to its place and makes its name durable.
    pub(super) fn keep_data(&self, id: &Id) -> io::Result<()> {
        self.tmp.rename(id.data_name(), &self.data, id.data_path())?;
        sync_dir(&self.data, Path::new(&id.folder()))
    }

    /// Gives the bytes of a data file a second name, durably.
    pub(super) fn link_data(&self, old: &Id, new: &Id) -> io::Result<()> {
        self.data.hard_link(old.data_path(), &self.data, new.data_path())?;
        sync_dir(&self.data, Path::new(&new.folder()))
    }

    /// Removes data files. What is gone already is no error, for removal is repeated after a crash.
    pub(super) fn remove_data<'a>(&self, ids: impl Iterator<Item = &'a Id>) -> io::Result<()> {
        for id in ids {
            absent_is_fine(self.data.remove_file(id.data_path()))?;
        }
        Ok(())
    }

    /// Opens a data file for reading.
    pub(super) fn open_data(&self, id: &Id) -> io::Result<File> {
        Ok(self.data.open_with(id.data_path(), options().read(true))?.into_std())
    }
}

/// Every file is private, and none is reached through a link.
pub(super) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600).follow(FollowSymlinks::No);
    options
}

fn private_dir() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

/// Makes the folder of a bucket and those above it, durably: every one that is missing.
fn ensure_ambient(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;

    if path.is_dir() {
        return Ok(());
    }
    // Of `bucket`, the parent is the empty path.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or_else(|| Path::new("."));
    ensure_ambient(parent)?;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    File::open(parent)?.sync_all()
}

/// Makes a folder, unless it is there.
pub(super) fn ensure_dir(parent: &Dir, path: &Path) -> io::Result<()> {
    match parent.create_dir_with(path, &private_dir()) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// Makes the names in a folder durable.
pub(super) fn sync_dir(parent: &Dir, path: &Path) -> io::Result<()> {
    // A `Dir` is opened as a path only, which cannot be synced.
    let mut options = options();
    options.read(true).maybe_dir(true);
    parent.open_with(path, &options)?.into_std().sync_all()
}

/// Makes a file that was not there, with these bytes, durable but for its name.
pub(super) fn create_synced(dir: &Dir, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut file = dir.open_with(name, options().write(true).create_new(true))?.into_std();
    file.write_all(bytes)?;
    file.sync_all()
}

/// Reads a whole record.
pub(super) fn read_small(dir: &Dir, path: &Path) -> io::Result<Vec<u8>> {
    let file = dir.open_with(path, options().read(true))?.into_std();
    let mut bytes = Vec::new();
    file.take(RECORD_LEN_MAX as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether a record has no name but this one. In `tmp/`, that says that it is dead.
pub(super) fn is_only_name(dir: &Dir, name: &str) -> io::Result<bool> {
    Ok(dir.open_with(name, options().read(true))?.metadata()?.nlink() == 1)
}

pub(super) fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
