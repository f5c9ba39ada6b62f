use std::io;

use bytes::Bytes;
use countersign_storage::{
    Attribute, Attributes, Backend, CompletedPart, ETag, ObjectKey, Part, PartNumber, PutRequest,
    StoreError, UploadId, bytes_of,
};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{MIB, bytes_like, is_absent, key, read, stores::stores};

/// One upload at one key.
struct Upload<'a> {
    backend: &'a Backend,
    key: ObjectKey,
    id: UploadId,
}

impl<'a> Upload<'a> {
    async fn begin(backend: &'a Backend, at: &str) -> Self {
        let mut attributes = Attributes::new();
        attributes.insert(Attribute::ContentType, "text/csv".into());
        let id = backend.parts().create(&key(at), attributes).await.unwrap();
        Self { backend, key: key(at), id }
    }

    async fn try_put(&self, part: u16, body: Bytes, put: PutRequest) -> Result<ETag, StoreError> {
        let parts = self.backend.parts();
        parts.put_part(&self.key, &self.id, number(part), bytes_of(body), put).await
    }

    async fn put(&self, part: u16, body: Bytes) -> CompletedPart {
        let put = PutRequest::new(body.len() as u64);
        let etag = self.try_put(part, body, put).await.unwrap();
        CompletedPart { number: number(part), etag }
    }

    async fn list(&self) -> Result<Vec<Part>, StoreError> {
        self.backend.parts().list(&self.key, &self.id).await
    }

    async fn complete(&self, named: &[CompletedPart]) -> Result<ETag, StoreError> {
        let info = self.backend.parts().complete(&self.key, &self.id, named).await?;
        Ok(info.etag)
    }
}

fn number(number: u16) -> PartNumber {
    PartNumber::new(number).unwrap()
}

#[tokio::test]
async fn parts_become_one_object_and_the_last_of_a_number_counts() {
    for store in stores().await {
        let name = store.name;
        let upload = Upload::begin(&store.backend, "objects/ü +.csv").await;
        let last = upload.put(3, bytes_like(3, 9 * MIB)).await;
        let first = upload.put(1, bytes_like(1, 5 * MIB)).await;
        upload.put(2, bytes_like(9, 6 * MIB)).await;
        store.next_second().await;
        let second = upload.put(2, bytes_like(2, 5 * MIB + 1)).await;
        let listed = upload.list().await.unwrap();
        let sizes = [5 * MIB, 5 * MIB + 1, 9 * MIB];
        let named = [first, second, last];
        let expected: Vec<_> = std::iter::zip(&named, sizes)
            .map(|(part, size)| Part::new(part.number, size as u64, part.etag.clone()))
            .collect();
        assert_eq!(listed, expected, "{name}");
        assert!(is_absent(&store.backend, &upload.key).await, "{name}");
        let etag = upload.complete(&named).await.unwrap();
        let object = store.backend.objects().open(&upload.key).await.unwrap();
        assert_eq!(object.info().etag, etag, "{name}");
        let content_type = object.info().attributes.get(&Attribute::ContentType).unwrap();
        assert_eq!(&**content_type, "text/csv", "{name}");
        let parts = [(1, sizes[0]), (2, sizes[1]), (3, sizes[2])];
        let whole = parts.map(|(seed, len)| bytes_like(seed, len)).concat();
        assert_eq!(read(&store.backend, &upload.key).await.unwrap(), whole, "{name}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_can_be_put_right() {
    for store in stores().await {
        let name = store.name;
        let upload = Upload::begin(&store.backend, "refused").await;
        let first = upload.put(1, bytes_like(1, 5 * MIB)).await;
        let replaced = upload.put(2, bytes_like(9, 5 * MIB)).await;
        store.next_second().await;
        let second = upload.put(2, bytes_like(2, 6)).await;
        let third = upload.put(3, bytes_like(3, 7)).await;
        let absent = CompletedPart { number: number(4), etag: first.etag.clone() };
        let all = [first.clone(), second.clone(), third.clone()];
        for (named, is_reason) in [
            (vec![], (|it| matches!(it, StoreError::InvalidPartOrder)) as fn(&StoreError) -> bool),
            (vec![second.clone(), first.clone()], |it| matches!(it, StoreError::InvalidPartOrder)),
            (vec![first.clone(), first.clone()], |it| matches!(it, StoreError::InvalidPartOrder)),
            (vec![first.clone(), replaced], |it| {
                matches!(it, StoreError::InvalidPart { number: 2 })
            }),
            (vec![first.clone(), absent], |it| matches!(it, StoreError::InvalidPart { number: 4 })),
            (all.to_vec(), |it| matches!(it, StoreError::PartTooSmall { number: 2 })),
        ] {
            let refused = upload.complete(&named).await.unwrap_err();
            assert!(is_reason(&refused), "{name}: {refused:?}");
            assert!(is_absent(&store.backend, &upload.key).await, "{name}");
        }
        assert_eq!(upload.list().await.unwrap().len(), 3, "{name}");
        // The third is not named, and is gone.
        upload.complete(&[first, second]).await.unwrap();
        let whole = [bytes_like(1, 5 * MIB), bytes_like(2, 6)].concat();
        assert_eq!(read(&store.backend, &upload.key).await.unwrap(), whole, "{name}");
    }
}

#[tokio::test]
async fn completing_again_returns_the_object_as_long_as_it_is_there() {
    for store in stores().await {
        let name = store.name;
        let upload = Upload::begin(&store.backend, "twice").await;
        let named = [upload.put(1, bytes_like(1, 5 * MIB)).await, upload.put(2, "x".into()).await];
        let etag = upload.complete(&named).await.unwrap();
        assert_eq!(upload.complete(&named).await.unwrap(), etag, "{name}");
        assert_eq!(upload.complete(&[]).await.unwrap(), etag, "{name}: nothing has to be named");
        assert!(matches!(upload.list().await, Err(StoreError::NoSuchUpload)), "{name}");
        let other = Upload { backend: &store.backend, key: key("other"), id: upload.id.clone() };
        let elsewhere = other.complete(&named).await;
        assert!(matches!(elsewhere, Err(StoreError::NoSuchUpload)), "{name}: {elsewhere:?}");
        // A process that did not complete it knows it by the tags of its parts.
        if let Some(restarted) = store.restarted() {
            let again = Upload { backend: &restarted, key: key("twice"), id: upload.id.clone() };
            assert_eq!(again.complete(&named).await.unwrap(), etag);
            let other = again.complete(&named[..1]).await;
            assert!(matches!(other, Err(StoreError::NoSuchUpload)), "{other:?}");
        }
        let objects = store.backend.objects();
        objects.put(&upload.key, bytes_of("other"), PutRequest::new(5)).await.unwrap();
        let replaced = upload.complete(&named).await;
        assert!(matches!(replaced, Err(StoreError::NoSuchUpload)), "{name}: {replaced:?}");
        objects.delete(&upload.key).await.unwrap();
        let gone = upload.complete(&named).await;
        assert!(matches!(gone, Err(StoreError::NoSuchUpload)), "{name}: {gone:?}");
    }
}

#[tokio::test]
async fn many_who_complete_at_once_get_one_object() {
    for store in stores().await {
        let upload = Upload::begin(&store.backend, "together").await;
        let named = [upload.put(1, bytes_like(1, 5 * MIB)).await, upload.put(2, "x".into()).await];
        let all = futures_util::future::join_all((0..4).map(|_| upload.complete(&named))).await;
        let etag = store.backend.objects().open(&upload.key).await.unwrap().info().etag.clone();
        let done = all.iter().filter(|result| result.as_ref().is_ok_and(|it| *it == etag)).count();
        assert!(done >= 1, "{}: {all:?}", store.name);
        assert_eq!(upload.complete(&named).await.unwrap(), etag, "{}", store.name);
    }
}

#[tokio::test]
async fn an_upload_that_was_aborted_never_was() {
    for store in stores().await {
        let (parts, name) = (store.backend.parts(), store.name);
        let upload = Upload::begin(&store.backend, "aborted").await;
        let part = upload.put(1, "x".into()).await;
        // By another key it is none.
        parts.abort(&key("other"), &upload.id).await.unwrap();
        assert_eq!(upload.list().await.unwrap().len(), 1, "{name}");
        parts.abort(&upload.key, &upload.id).await.unwrap();
        parts.abort(&upload.key, &upload.id).await.unwrap();
        assert!(matches!(upload.list().await, Err(StoreError::NoSuchUpload)), "{name}");
        let put = upload.try_put(1, "x".into(), PutRequest::new(1)).await;
        assert!(matches!(put, Err(StoreError::NoSuchUpload)), "{name}: {put:?}");
        let completed = upload.complete(&[part]).await;
        assert!(matches!(completed, Err(StoreError::NoSuchUpload)), "{name}: {completed:?}");
        assert!(is_absent(&store.backend, &upload.key).await, "{name}");
    }
}

#[tokio::test]
async fn more_parts_than_one_page_has_are_listed() {
    for store in stores().await {
        let upload = Upload::begin(&store.backend, "many").await;
        let put = |part| {
            let upload = &upload;
            async move { Ok::<_, StoreError>(upload.put(part, bytes_like(1, part.into())).await) }
        };
        let puts = stream::iter((1..=1_005).map(|part| Ok(put(part))));
        let put: Vec<_> = puts.try_buffered(8).try_collect().await.unwrap();
        let listed = upload.list().await.unwrap();
        assert_eq!(listed.len(), 1_005, "{}", store.name);
        for (part, listed) in std::iter::zip(put, listed) {
            let size = part.number.as_u16().into();
            assert_eq!(listed, Part::new(part.number, size, part.etag), "{}", store.name);
        }
        store.backend.parts().abort(&upload.key, &upload.id).await.unwrap();
    }
}

#[tokio::test]
async fn a_part_that_is_not_what_was_said_is_no_part() {
    for store in stores().await {
        let name = store.name;
        let upload = Upload::begin(&store.backend, "said").await;
        let kept = upload.put(2, "kept".into()).await;
        for len in [3, 9 * MIB] {
            let said = PutRequest::new(len as u64);
            let mut wrong = vec![
                PutRequest::new(len as u64 - 1),
                PutRequest::new(len as u64 + 1),
                said.clone(),
                said.clone(),
            ];
            (wrong[2].sha256, wrong[3].md5) = (Some([7; 32]), Some([7; 16]));
            for put in wrong {
                for part in [1, 2] {
                    let refused = upload.try_put(part, bytes_like(1, len), put.clone()).await;
                    let is_reason = matches!(
                        refused,
                        Err(StoreError::LengthMismatch { .. }
                            | StoreError::Sha256Mismatch
                            | StoreError::Md5Mismatch)
                    );
                    assert!(is_reason, "{name}, {len}: {refused:?}");
                }
            }
            let broken = stream::iter([
                Ok(bytes_like(1, len - 1)),
                Err(io::Error::from(io::ErrorKind::ConnectionReset)),
            ]);
            let (parts, broken) = (store.backend.parts(), broken.boxed());
            let refused = parts.put_part(&upload.key, &upload.id, number(1), broken, said).await;
            assert!(matches!(refused, Err(StoreError::Body(_))), "{name}: {refused:?}");
        }
        let expected = [Part::new(number(2), 4, kept.etag)];
        assert_eq!(upload.list().await.unwrap(), expected, "{name}");
    }
}
