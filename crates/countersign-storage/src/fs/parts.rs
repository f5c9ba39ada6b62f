//! Multipart uploads: a folder each, with a record per part. Completing moves no bytes: the data
//! files of the parts become those of the object.

use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use bytes::Bytes;
use cap_fs_ext::DirExt;
use cap_std::fs::Dir;
use futures_util::stream::BoxStream;
use object_store::Attributes;
use sha2::{Digest, Sha256};

use super::{
    FileStore, Inner,
    disk::{absent_is_fine, create_synced, ensure_dir, is_only_name, read_small, sync_dir},
    id::Id,
    key_path::path_of,
    publish::{Version, record_in, sync_parent},
    record::{Origin, Record, UploadRecord, attributes_of, named, of_sealed, to_sealed},
};
use crate::{
    CompletedPart, ETag, ObjectInfo, ObjectKey, Part, PartNumber, PartStore, PutRequest,
    StoreError, UploadId,
    part::{PartSizes, check_completed},
};

/// What belongs to the upload as a whole.
pub(super) const UPLOAD: &str = "upload.record";

/// The record of the object that an upload is about to become.
pub(super) const OBJECT: &str = "object.record";

/// The data files of the parts that are not in it.
const SPARE: &str = "spare.record";

#[async_trait]
impl PartStore for FileStore {
    async fn create(
        &self,
        key: &ObjectKey,
        attributes: Attributes,
    ) -> Result<UploadId, StoreError> {
        let key = key.clone();
        let id = self.blocking(move |inner| inner.create_upload(&key, &attributes)).await?;
        UploadId::new(id.as_str()).map_err(StoreError::backend)
    }

    async fn put_part(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        number: PartNumber,
        body: BoxStream<'static, io::Result<Bytes>>,
        put: PutRequest,
    ) -> Result<ETag, StoreError> {
        let (key, id) = (key.clone(), id_of(upload)?);
        let (key, id) = self
            .blocking(move |inner| {
                inner.upload(&key, &id)?;
                Ok((key, id))
            })
            .await?;
        let staged = self.stage(body, &put).await?;
        self.blocking(move |inner| {
            // The attributes are those of the upload.
            let put = PutRequest { attributes: Attributes::new(), ..put };
            let version = inner.prepare_staged(staged, &put, Some(id.clone()))?;
            let etag = version.record().info()?.etag;
            inner.publish_part(&key, &id, number, version)?;
            Ok(etag)
        })
        .await
    }

    async fn list(&self, key: &ObjectKey, upload: &UploadId) -> Result<Vec<Part>, StoreError> {
        let (key, id) = (key.clone(), id_of(upload)?);
        self.blocking(move |inner| {
            let _stripe = inner.lock(&key);
            let (folder, _) = inner.upload(&key, &id)?;
            stored_parts(&folder)?.iter().map(|(number, record)| part_of(*number, record)).collect()
        })
        .await
    }

    async fn complete(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        parts: &[CompletedPart],
    ) -> Result<ObjectInfo, StoreError> {
        self.complete_sized(key, upload, parts, PartSizes::AsS3).await
    }

    async fn abort(&self, key: &ObjectKey, upload: &UploadId) -> Result<(), StoreError> {
        let Ok(id) = id_of(upload) else { return Ok(()) };
        let key = key.clone();
        self.blocking(move |inner| inner.abort_upload(&key, &id)).await
    }
}

impl FileStore {
    /// Completes an upload; `object_store` has no least size of a part, S3 has.
    pub(super) async fn complete_sized(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        parts: &[CompletedPart],
        sizes: PartSizes,
    ) -> Result<ObjectInfo, StoreError> {
        let (key, id, parts) = (key.clone(), id_of(upload)?, parts.to_vec());
        self.blocking(move |inner| inner.complete_upload(&key, &id, &parts, sizes)).await
    }
}

fn id_of(upload: &UploadId) -> Result<Id, StoreError> {
    Id::parse(upload.as_str()).ok_or(StoreError::NoSuchUpload)
}

fn name_of(number: PartNumber) -> PathBuf {
    PathBuf::from(format!("{:05}.record", number.as_u16()))
}

fn number_of(name: &str) -> Option<PartNumber> {
    let number: u16 = name.strip_suffix(".record")?.parse().ok()?;
    PartNumber::new(number).ok()
}

fn part_of(number: PartNumber, record: &Record) -> Result<Part, StoreError> {
    Ok(Part::new(number, record.size, record.info()?.etag))
}

/// The parts in a folder, by number.
pub(super) fn stored_parts(folder: &Dir) -> Result<Vec<(PartNumber, Record)>, StoreError> {
    let mut parts = Vec::new();
    for entry in folder.entries()? {
        let name = entry?.file_name();
        if let Some(number) = name.to_str().and_then(number_of) {
            parts.push((number, Record::parse(&read_small(folder, Path::new(&name))?)?));
        }
    }
    parts.sort_by_key(|(number, _)| *number);
    Ok(parts)
}

impl Inner {
    fn create_upload(&self, key: &ObjectKey, attributes: &Attributes) -> Result<Id, StoreError> {
        let id = Id::random()?;
        let (tmp, uploads) = (&self.disk.tmp, &self.disk.uploads);
        let name = id.upload_name();
        let record = UploadRecord { key: key.as_str().into(), attributes: named(attributes) };
        let record = to_sealed(&record)?;
        ensure_dir(tmp, Path::new(&name))?;
        let made = || -> io::Result<()> {
            let folder = tmp.open_dir_nofollow(&name)?;
            create_synced(&folder, UPLOAD, &record)?;
            sync_dir(&folder, Path::new("."))?;
            tmp.rename(&name, uploads, id.as_str())?;
            sync_dir(uploads, Path::new(".")).or_else(|error| {
                uploads.rename(id.as_str(), tmp, &name)?;
                Err(error)
            })
        };
        made().inspect_err(|_| self.bury_upload(&id))?;
        Ok(id)
    }

    /// The folder of an upload, and what was said when it began.
    fn upload(&self, key: &ObjectKey, id: &Id) -> Result<(Dir, UploadRecord), StoreError> {
        self.upload_in(id.as_str(), key)
    }

    /// Settles an upload whose completing failed so that it could not be taken back. The caller
    /// holds the stripe of the key, so nobody is completing it.
    fn settle_failed(&self, key: &ObjectKey, id: &Id) -> Result<(), StoreError> {
        match self.upload_in(&id.completing_name(), key) {
            Ok(_) => self.settle(id),
            Err(StoreError::NoSuchUpload) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn upload_in(&self, name: &str, key: &ObjectKey) -> Result<(Dir, UploadRecord), StoreError> {
        let opened = self.disk.uploads.open_dir_nofollow(name).and_then(|folder| {
            let record = read_small(&folder, Path::new(UPLOAD))?;
            Ok((folder, record))
        });
        let (folder, record) = opened.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => StoreError::NoSuchUpload,
            _ => error.into(),
        })?;
        let record: UploadRecord = of_sealed(&record)?;
        if record.key != key.as_str() {
            return Err(StoreError::NoSuchUpload);
        }
        Ok((folder, record))
    }

    fn publish_part(
        &self,
        key: &ObjectKey,
        id: &Id,
        number: PartNumber,
        version: Version,
    ) -> Result<(), StoreError> {
        let _stripe = self.lock(key);
        let (folder, _) = self.upload(key, id)?;
        let path = name_of(number);
        let old = record_in(&folder, &path)?;
        let new = version.record().id.record_name();
        self.replace((&self.disk.tmp, &new), (&folder, &path), old.as_ref())?;
        version.published();
        if let Some(old) = old {
            self.retire(&old);
        }
        Ok(())
    }

    fn complete_upload(
        self: &Arc<Self>,
        key: &ObjectKey,
        id: &Id,
        named: &[CompletedPart],
        sizes: PartSizes,
    ) -> Result<ObjectInfo, StoreError> {
        let path = path_of(key);
        self.ensure_parents(&path)?;
        let _stripe = self.lock(key);
        self.settle_failed(key, id)?;
        let old = self.record_at(&path)?;
        let (folder, upload) = match (self.upload(key, id), &old) {
            // Asked again, perhaps because the answer got lost.
            (Err(StoreError::NoSuchUpload), Some(old)) if old.upload.as_ref() == Some(id) => {
                // Who completed it may have died before that was durable.
                sync_parent(&self.disk.records, &path)?;
                return old.info();
            }
            (found, _) => found?,
        };
        let stored = stored_parts(&folder)?;
        let parts: Vec<_> =
            stored.iter().map(|(number, it)| part_of(*number, it)).collect::<Result<_, _>>()?;
        let places = check_completed(named, &parts, sizes)?;
        let record = object_of(&places, &stored, id, &attributes_of(&upload.attributes))?;
        let info = record.info()?;

        let named: HashSet<_> = record.data().collect();
        let data = stored.iter().flat_map(|(_, part)| part.data());
        let spare: Vec<_> = data.filter(|data| !named.contains(data)).collect();
        rewrite(&folder, SPARE, &to_sealed(&spare)?)?;
        rewrite(&folder, OBJECT, &record.to_bytes()?)?;
        self.become_object(&folder, id, &path, old.as_ref())?;
        self.clear_completed(&folder, id);
        if let Some(old) = old {
            self.retire(&old);
        }
        Ok(info)
    }

    /// The one moment in which an upload ends and its object begins. Until the rename the record is
    /// in the upload's folder; that it is gone from there says, after a crash, that it was published.
    fn become_object(
        &self,
        folder: &Dir,
        id: &Id,
        path: &Path,
        old: Option<&Record>,
    ) -> Result<(), StoreError> {
        let uploads = &self.disk.uploads;
        sync_dir(folder, Path::new("."))?;
        // First the upload is gone, then the object is there: else an abort after a power cut would
        // find the upload alive, and take the object's bytes with it.
        uploads.rename(id.as_str(), uploads, id.completing_name())?;
        let became = sync_dir(uploads, Path::new("."))
            .and_then(|()| self.replace((folder, OBJECT), (&self.disk.records, path), old));
        if let Err(error) = became {
            // Where it may have been published, its parts are the object's.
            if is_unpublished(folder)? {
                uploads.rename(id.completing_name(), uploads, id.as_str())?;
            }
            return Err(error.into());
        }
        Ok(())
    }

    /// Removes what an upload leaves that became an object: its records, and the data of the parts
    /// that are not in it. May be repeated, however far it came.
    pub(super) fn clear_completed(&self, folder: &Dir, id: &Id) {
        let clear = || -> Result<(), StoreError> {
            let spare: Vec<Id> = match read_small(folder, Path::new(SPARE)) {
                Ok(bytes) => of_sealed(&bytes)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
                Err(error) => return Err(error.into()),
            };
            self.disk.remove_data(spare.iter())?;
            absent_is_fine(folder.remove_file(SPARE))?;
            Ok(self.disk.uploads.remove_dir_all(id.completing_name())?)
        };
        if let Err(error) = clear() {
            tracing::warn!(%error, "the rest of a completed upload stays until the next start");
        }
    }

    fn abort_upload(&self, key: &ObjectKey, id: &Id) -> Result<(), StoreError> {
        let _stripe = self.lock(key);
        self.settle_failed(key, id)?;
        match self.upload(key, id) {
            Ok(_) => {}
            Err(StoreError::NoSuchUpload) => return Ok(()),
            Err(error) => return Err(error),
        }
        let (tmp, uploads) = (&self.disk.tmp, &self.disk.uploads);
        uploads.rename(id.as_str(), tmp, id.upload_name())?;
        if let Err(error) = sync_dir(uploads, Path::new(".")) {
            tmp.rename(id.upload_name(), uploads, id.as_str())?;
            return Err(error.into());
        }
        self.bury_upload(id);
        Ok(())
    }

    /// Removes what is left of an upload in `tmp/`.
    pub(super) fn bury_upload(&self, id: &Id) {
        let bury = || -> Result<(), StoreError> {
            let folder = self.disk.tmp.open_dir_nofollow(id.upload_name())?;
            for (_, part) in stored_parts(&folder)? {
                self.disk.remove_data(part.data())?;
            }
            drop(folder);
            Ok(self.disk.tmp.remove_dir_all(id.upload_name())?)
        };
        if let Err(error) = bury() {
            tracing::warn!(%error, "the parts of an aborted upload stay until the next start");
        }
    }
}

/// Whether the object's record is still in the folder of its upload, and nowhere else.
pub(super) fn is_unpublished(folder: &Dir) -> io::Result<bool> {
    match is_only_name(folder, OBJECT) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        other => other,
    }
}

/// Writes a small file anew, durable but for its name. An attempt before may have left one.
fn rewrite(folder: &Dir, name: &str, bytes: &[u8]) -> io::Result<()> {
    absent_is_fine(folder.remove_file(name))?;
    create_synced(folder, name, bytes)
}

/// The record of the object that some of the stored parts make.
fn object_of(
    places: &[usize],
    stored: &[(PartNumber, Record)],
    id: &Id,
    attributes: &Attributes,
) -> Result<Record, StoreError> {
    let mut segments = Vec::with_capacity(places.len());
    let mut digest = Sha256::new();
    for (_, part) in places.iter().filter_map(|place| stored.get(*place)) {
        digest.update(part.sha256()?.ok_or(StoreError::Damaged)?);
        segments.extend(part.segments.iter().cloned());
    }
    let etag = ETag::of_digest(&digest.finalize().into(), places.len());
    let origin = Origin { etag, sha256: None, upload: Some(id.clone()) };
    Ok(Record::new(segments, attributes, origin)?)
}
