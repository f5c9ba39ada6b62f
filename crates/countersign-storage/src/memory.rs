//! Multipart uploads in memory, for tests.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use object_store::{Attributes, ObjectStore};

use crate::{
    CompletedPart, ETag, ObjectInfo, ObjectKey, Objects, Part, PartNumber, PartStore, PutRequest,
    StoreError, UploadId,
    intake::Intake,
    part::{PartSizes, check_completed},
    through::Through,
};

#[derive(Debug)]
pub(crate) struct MemoryParts {
    objects: Through,
    uploads: Mutex<HashMap<UploadId, Pending>>,
    /// What the uploads became that are complete.
    completed: Mutex<HashMap<UploadId, (ObjectKey, ETag)>>,
}

#[derive(Debug)]
struct Pending {
    key: ObjectKey,
    attributes: Attributes,
    parts: BTreeMap<PartNumber, (ETag, Bytes)>,
}

impl MemoryParts {
    pub(crate) fn new(store: Arc<dyn ObjectStore>) -> Self {
        let (uploads, completed) = (Mutex::default(), Mutex::default());
        Self { objects: Through::new(store), uploads, completed }
    }

    fn uploads(&self) -> MutexGuard<'_, HashMap<UploadId, Pending>> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn completed(&self) -> MutexGuard<'_, HashMap<UploadId, (ObjectKey, ETag)>> {
        self.completed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The object that an upload became, as long as it is there.
    async fn object_from(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
    ) -> Result<ObjectInfo, StoreError> {
        let became = self.completed().get(upload).cloned();
        let (_, etag) = became.filter(|(at, _)| at == key).ok_or(StoreError::NoSuchUpload)?;
        match self.objects.open(key).await {
            Ok(object) if object.info().etag == etag => Ok(object.info().clone()),
            Ok(_) | Err(StoreError::NotFound) => Err(StoreError::NoSuchUpload),
            Err(error) => Err(error),
        }
    }

    fn with<T>(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        act: impl FnOnce(&mut Pending) -> T,
    ) -> Result<T, StoreError> {
        match self.uploads().get_mut(upload) {
            Some(pending) if pending.key == *key => Ok(act(pending)),
            _ => Err(StoreError::NoSuchUpload),
        }
    }
}

#[async_trait]
impl PartStore for MemoryParts {
    async fn create(
        &self,
        key: &ObjectKey,
        attributes: Attributes,
    ) -> Result<UploadId, StoreError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(StoreError::backend)?;
        let id = UploadId::new(hex::encode(id)).map_err(StoreError::backend)?;
        let pending = Pending { key: key.clone(), attributes, parts: BTreeMap::new() };
        self.uploads().insert(id.clone(), pending);
        Ok(id)
    }

    async fn put_part(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        number: PartNumber,
        body: BoxStream<'static, io::Result<Bytes>>,
        put: PutRequest,
    ) -> Result<ETag, StoreError> {
        self.with(key, upload, |_| ())?;
        let mut intake = Intake::new(body, &put);
        let mut bytes = Vec::new();
        while let Some(chunk) = intake.next().await? {
            bytes.extend_from_slice(&chunk);
        }
        let etag = ETag::of_digest(&intake.finish()?, 1);
        let part = (etag.clone(), Bytes::from(bytes));
        self.with(key, upload, |pending| pending.parts.insert(number, part))?;
        Ok(etag)
    }

    async fn list(&self, key: &ObjectKey, upload: &UploadId) -> Result<Vec<Part>, StoreError> {
        self.with(key, upload, |pending| parts_of(&pending.parts))
    }

    async fn complete(
        &self,
        key: &ObjectKey,
        upload: &UploadId,
        parts: &[CompletedPart],
    ) -> Result<ObjectInfo, StoreError> {
        let found = self.with(key, upload, |pending| {
            check_completed(parts, &parts_of(&pending.parts), PartSizes::AsS3)?;
            let named = parts.iter().filter_map(|part| pending.parts.get(&part.number));
            let chunks: Vec<_> = named.map(|(_, bytes)| bytes.clone()).collect();
            Ok::<_, StoreError>((chunks, pending.attributes.clone()))
        });
        let (chunks, attributes) = match found {
            Err(StoreError::NoSuchUpload) => return self.object_from(key, upload).await,
            found => found??,
        };
        let body = Bytes::from(chunks.concat());
        let put = PutRequest { attributes, ..PutRequest::new(body.len() as u64) };
        let info = self.objects.put(key, crate::bytes_of(body), put).await?;
        self.completed().insert(upload.clone(), (key.clone(), info.etag.clone()));
        self.uploads().remove(upload);
        Ok(info)
    }

    async fn abort(&self, key: &ObjectKey, upload: &UploadId) -> Result<(), StoreError> {
        if self.with(key, upload, |_| ()).is_ok() {
            self.uploads().remove(upload);
        }
        Ok(())
    }
}

fn parts_of(parts: &BTreeMap<PartNumber, (ETag, Bytes)>) -> Vec<Part> {
    let part = |(number, (etag, bytes)): (&PartNumber, &(ETag, Bytes))| {
        Part::new(*number, bytes.len() as u64, etag.clone())
    };
    parts.iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, stream};

    use super::*;
    use crate::{Backend, bytes_of};

    #[tokio::test]
    async fn completing_again_returns_the_object_as_long_as_it_is_there() {
        let backend = Backend::memory();
        let (parts, key) = (backend.parts(), ObjectKey::new("k").unwrap());
        let upload = parts.create(&key, Attributes::new()).await.unwrap();
        let number = PartNumber::new(1).unwrap();
        let part = parts.put_part(&key, &upload, number, bytes_of("x"), PutRequest::new(1));
        let named = [CompletedPart { number, etag: part.await.unwrap() }];
        let first = parts.complete(&key, &upload, &named).await.unwrap();
        assert_eq!(parts.complete(&key, &upload, &named).await.unwrap(), first);
        backend.objects().delete(&key).await.unwrap();
        let gone = parts.complete(&key, &upload, &named).await;
        assert!(matches!(gone, Err(StoreError::NoSuchUpload)));
    }

    #[tokio::test]
    async fn a_part_of_unknown_length_is_as_one_of_that_length() {
        let backend = Backend::memory();
        let (parts, key) = (backend.parts(), ObjectKey::new("k").unwrap());
        let upload = parts.create(&key, Attributes::new()).await.unwrap();
        let number = PartNumber::new(1).unwrap();
        let put = |body: BoxStream<'static, io::Result<Bytes>>, put| {
            parts.put_part(&key, &upload, number, body, put)
        };
        for max in [0, 2] {
            let refused = put(bytes_of("abc"), PutRequest::up_to(max)).await;
            assert!(matches!(refused, Err(StoreError::TooLarge { max: it }) if it == max));
        }
        let error = || io::Error::from(io::ErrorKind::ConnectionReset);
        let broken = stream::iter([Ok(Bytes::from("a")), Err(error())]).boxed();
        let refused = put(broken, PutRequest::up_to(9)).await;
        assert!(matches!(refused, Err(StoreError::Body(_))));
        assert_eq!(parts.list(&key, &upload).await.unwrap(), []);
        for body in ["", "ab", "abc"] {
            let said = put(bytes_of(body), PutRequest::new(body.len() as u64)).await.unwrap();
            assert_eq!(put(bytes_of(body), PutRequest::up_to(3)).await.unwrap(), said);
            let listed = parts.list(&key, &upload).await.unwrap();
            assert_eq!(listed, [Part::new(number, body.len() as u64, said)]);
        }
    }
}
