//! How a version comes to a key, and leaves it.
//!
//! The order is what a power cut cannot take apart: data, the record's bytes, the data's name, the
//! record's rename, its folder; and only then are the bytes of the version before removed.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use cap_std::fs::Dir;

use super::{
    Inner,
    disk::{absent_is_fine, ensure_dir, is_only_name, read_small, sync_dir},
    id::Id,
    key_path::path_of,
    record::{Origin, Record, Segment},
    stage::Staged,
};
use crate::{ETag, ObjectInfo, ObjectKey, PutMode, PutRequest, StoreError};

/// A version whose record is durable in `tmp/`. Gone with its data when it is dropped, unless it was
/// published, or may have been.
pub(super) struct Version {
    inner: Arc<Inner>,
    record: Arc<Record>,
    published: bool,
}

impl Version {
    pub(super) fn record(&self) -> &Record {
        &self.record
    }

    pub(super) fn published(mut self) {
        self.published = true;
    }
}

impl Drop for Version {
    fn drop(&mut self) {
        if !self.published {
            self.inner.discard(&self.record);
        }
    }
}

impl Inner {
    /// Makes a record durable in `tmp/`. The data that it names may be moved to its place after.
    pub(super) fn prepare(self: &Arc<Self>, record: Record) -> Result<Version, StoreError> {
        let bytes = record.to_bytes()?;
        let version =
            Version { inner: Arc::clone(self), record: Arc::new(record), published: false };
        self.disk.write_tmp(&version.record.id.record_name(), &bytes)?;
        Ok(version)
    }

    /// Gives a body that was staged its record, and moves it to its place. From here on the record
    /// decides over it.
    pub(super) fn prepare_staged(
        self: &Arc<Self>,
        staged: Staged,
        put: &PutRequest,
        upload: Option<Id>,
    ) -> Result<Version, StoreError> {
        let segment = Segment { data: staged.id().clone(), size: staged.size() };
        let sha256 = *staged.sha256();
        let origin = Origin { etag: ETag::of_digest(&sha256, 1), sha256: Some(sha256), upload };
        let version = self.prepare(Record::new(vec![segment], &put.attributes, origin)?)?;
        staged.keep()?;
        Ok(version)
    }

    /// The record of a key. The caller holds its stripe.
    pub(super) fn record_at(&self, path: &Path) -> Result<Option<Record>, StoreError> {
        record_in(&self.disk.records, path)
    }

    pub(super) fn publish(
        &self,
        key: &ObjectKey,
        version: Version,
        mode: &PutMode,
    ) -> Result<ObjectInfo, StoreError> {
        let info = version.record().info()?;
        let path = path_of(key);
        self.ensure_parents(&path)?;
        // Held until the name is durable: should that fail, nobody may have gone on from here.
        let _stripe = self.lock(key);
        let old = self.record_at(&path)?;
        check_mode(mode, old.as_ref())?;
        let records = &self.disk.records;
        self.replace(
            (&self.disk.tmp, &version.record().id.record_name()),
            (records, &path),
            old.as_ref(),
        )?;
        version.published();
        if let Some(old) = old {
            self.retire(&old);
        }
        Ok(info)
    }

    /// Moves a record to its place, durably. One that was there gets a name in `tmp/`. When it fails
    /// all is as before; when taking back fails too, what was moved stays where it is, and the
    /// recovery makes the best of it. The caller holds the stripe.
    pub(super) fn replace(
        &self,
        (source, name): (&Dir, &str),
        (folder, path): (&Dir, &Path),
        old: Option<&Record>,
    ) -> io::Result<()> {
        let tmp = &self.disk.tmp;
        if let Some(old) = old {
            // Two names are no harm: a record with another name than that in `tmp/` is not dead.
            // One that is there already was left by a call that failed, and is the same file.
            let linked = folder.hard_link(path, tmp, old.id.record_name());
            if let Err(error) = linked
                && error.kind() != io::ErrorKind::AlreadyExists
            {
                return Err(error);
            }
        }
        if let Err(error) = source.rename(name, folder, path) {
            if let Some(old) = old
                && let Err(error) = absent_is_fine(tmp.remove_file(old.id.record_name()))
            {
                tracing::warn!(%error, "a record has two names until the next start");
            }
            return Err(error);
        }
        // A second name, so that taking back is two renames and no moment without a record.
        sync_parent(folder, path).or_else(|error| {
            folder.hard_link(path, source, name)?;
            let taken_back = match old {
                Some(old) => tmp.rename(old.id.record_name(), folder, path),
                None => folder.remove_file(path),
            };
            if taken_back.is_err()
                && let Err(error) = source.remove_file(name)
            {
                // Once the record were replaced, its second name would say that it never was there.
                tracing::warn!(%error, "a record has two names until the next start");
            }
            taken_back.and(Err(error))
        })
    }

    /// Removes a version that was not published. What may have been, for its record is not in `tmp/`
    /// or not only there, is left to the recovery.
    fn discard(&self, record: &Record) {
        match is_only_name(&self.disk.tmp, &record.id.record_name()) {
            Ok(true) => self.bury(record),
            Ok(false) => tracing::warn!("a record that failed has two names until the next start"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(%error, "an object that failed stays until the next start");
            }
        }
    }

    /// Removes the bytes of a version that no key has any more, now or when its last reader is done.
    pub(super) fn retire(&self, record: &Record) {
        if self.pins.doom(&record.id) {
            self.bury(record);
        }
    }

    /// Removes what is left of a version: its data, then the record in `tmp/` that names it.
    pub(super) fn bury(&self, record: &Record) {
        let buried = self
            .disk
            .remove_data(record.data())
            .and_then(|()| absent_is_fine(self.disk.tmp.remove_file(record.id.record_name())));
        if let Err(error) = buried {
            tracing::warn!(%error, "the bytes of a removed object stay until the next start");
        }
    }

    pub(super) fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        let path = path_of(key);
        let records = &self.disk.records;
        let _stripe = self.lock(key);
        let Some(old) = self.record_at(&path)? else {
            // Who deleted it may have died before that was durable.
            return Ok(absent_is_fine(sync_parent(records, &path))?);
        };
        let name = old.id.record_name();
        // A call that failed may have left the same file there. Renaming it to itself would do
        // nothing, and succeed (POSIX rename).
        absent_is_fine(self.disk.tmp.remove_file(&name))?;
        records.rename(&path, &self.disk.tmp, &name)?;
        if let Err(error) = sync_parent(records, &path) {
            self.disk.tmp.rename(&name, records, &path)?;
            return Err(error.into());
        }
        self.retire(&old);
        Ok(())
    }

    pub(super) fn freeze(
        &self,
        from: &ObjectKey,
        to: &ObjectKey,
    ) -> Result<ObjectInfo, StoreError> {
        let (source, target) = (path_of(from), path_of(to));
        let records = &self.disk.records;
        self.ensure_parents(&target)?;
        // In the order of the stripes, so that two freezes cannot wait for each other.
        let (one, other) = (self.stripe_of(from), self.stripe_of(to));
        let _first = self.lock_stripe(one.min(other));
        let _second = (one != other).then(|| self.lock_stripe(one.max(other)));

        if let Some(frozen) = self.record_at(&target)? {
            // Who froze it may have died before that was durable.
            sync_parent(records, &target)?;
            return frozen.info();
        }
        let info = self.record_at(&source)?.ok_or(StoreError::NotFound)?.info()?;
        records.rename(&source, records, &target)?;
        let synced = sync_parent(records, &target).and_then(|()| sync_parent(records, &source));
        if let Err(error) = synced {
            records.rename(&target, records, &source)?;
            return Err(error.into());
        }
        Ok(info)
    }

    /// Makes the folders of a record, durably.
    pub(super) fn ensure_parents(&self, path: &Path) -> Result<(), StoreError> {
        let mut folder = PathBuf::new();
        for name in path.parent().into_iter().flat_map(Path::iter) {
            let parent = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
            let parent = parent.to_path_buf();
            folder.push(name);
            // Synced though it was there: whoever made it may not have come to it yet.
            ensure_dir(&self.disk.records, &folder)?;
            sync_dir(&self.disk.records, &parent)?;
        }
        Ok(())
    }
}

/// The record in a folder, if there is one.
pub(super) fn record_in(folder: &Dir, path: &Path) -> Result<Option<Record>, StoreError> {
    match read_small(folder, path) {
        Ok(bytes) => Record::parse(&bytes).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn sync_parent(folder: &Dir, path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_dir(folder, parent),
        _ => sync_dir(folder, Path::new(".")),
    }
}

fn check_mode(mode: &PutMode, old: Option<&Record>) -> Result<(), StoreError> {
    match (mode, old) {
        (PutMode::Overwrite, _) | (PutMode::Create, None) => Ok(()),
        (PutMode::Create, Some(_)) => Err(StoreError::AlreadyExists),
        (PutMode::Update(_), None) => Err(StoreError::NotFound),
        (PutMode::Update(etag), Some(old)) if old.info()?.etag == *etag => Ok(()),
        (PutMode::Update(_), Some(_)) => Err(StoreError::Precondition),
    }
}
