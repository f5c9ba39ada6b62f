use std::io;

use countersign_storage::{Attribute, PutMode, PutRequest, StoreError, bytes_of, collect};
use futures_util::{StreamExt, stream};

use super::{
    MIB, bytes_like, is_absent, key, read,
    stores::{s3, stores},
};

#[tokio::test]
async fn what_is_put_is_read_whole_and_in_ranges() {
    for store in stores().await {
        let objects = store.backend.objects();
        for len in [0, 1, 70_000, 8 * MIB, 8 * MIB + 1, 17 * MIB] {
            let (at, body) = (key(&format!("whole/{len}")), bytes_like(7, len));
            let mut put = PutRequest::new(len as u64).with_content_type("text/csv");
            put.attributes.insert(Attribute::Metadata("note".into()), "of mine".into());
            let stored = objects.put(&at, bytes_of(body.clone()), put).await.unwrap();
            let object = objects.open(&at).await.unwrap();
            assert_eq!(object.info().etag, stored.etag, "{}, {len}", store.name);
            assert_eq!((object.info().size, stored.size), (len as u64, len as u64));
            let attribute = |name| object.info().attributes.get(&name).map(|it| it.to_string());
            assert_eq!(attribute(Attribute::ContentType).as_deref(), Some("text/csv"));
            assert_eq!(attribute(Attribute::Metadata("note".into())).as_deref(), Some("of mine"));
            for (start, end) in [(0, len), (0, 1), (len / 2, len), (len, len + 9), (3, 2), (1, 9)] {
                let range = start.min(len)..end.min(len).max(start.min(len));
                let got = collect(object.read(start as u64..end as u64)).await.unwrap();
                assert_eq!(got, body[range], "{}, {len}, {start}..{end}", store.name);
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_is_not_what_was_said_leaves_what_was_there() {
    for store in stores().await {
        let objects = store.backend.objects();
        let (absent, kept) = (key("absent"), key("kept"));
        objects.put(&kept, bytes_of("kept"), PutRequest::new(4)).await.unwrap();
        for len in [3, 9 * MIB] {
            let said = PutRequest::new(len as u64);
            let mut wrong = vec![
                PutRequest::new(len as u64 - 1),
                PutRequest::new(len as u64 + 1),
                PutRequest::up_to(len as u64 - 1),
                said.clone(),
                said.clone(),
            ];
            (wrong[3].sha256, wrong[4].md5) = (Some([7; 32]), Some([7; 16]));
            for put in wrong {
                for at in [&absent, &kept] {
                    let body = bytes_of(bytes_like(1, len));
                    let refused = objects.put(at, body, put.clone()).await.unwrap_err();
                    let is_reason = matches!(
                        refused,
                        StoreError::LengthMismatch { .. }
                            | StoreError::TooLarge { .. }
                            | StoreError::Sha256Mismatch
                            | StoreError::Md5Mismatch
                    );
                    assert!(is_reason, "{}: {refused:?}", store.name);
                }
            }
            let broken = stream::iter([
                Ok(bytes_like(1, len - 1)),
                Err(io::Error::from(io::ErrorKind::ConnectionReset)),
            ]);
            let refused = objects.put(&absent, broken.boxed(), said).await;
            assert!(matches!(refused, Err(StoreError::Body(_))), "{}", store.name);
            assert!(is_absent(&store.backend, &absent).await, "{}", store.name);
            if let Some(server) = &store.server {
                let left = [&absent, &kept].map(|at| server.uploads_at(at.as_str()));
                assert_eq!(left, [0, 0], "what is refused is aborted");
            }
            assert_eq!(read(&store.backend, &kept).await.unwrap(), "kept", "{}", store.name);
        }
    }
}

#[tokio::test]
async fn a_mode_is_heeded_or_refused() {
    for store in stores().await {
        let (objects, at, name) = (store.backend.objects(), key("moded"), store.name);
        let put = |body: &'static str, mode| {
            let put = PutRequest::new(body.len() as u64).with_mode(mode);
            objects.put(&at, bytes_of(body), put)
        };
        let first = put("one", PutMode::Create).await.unwrap();
        let again = put("two", PutMode::Create).await;
        assert!(matches!(again, Err(StoreError::AlreadyExists)), "{name}: {again:?}");
        let second = put("two", PutMode::Update(first.etag.clone())).await.unwrap();
        let late = put("three", PutMode::Update(first.etag)).await;
        assert!(matches!(late, Err(StoreError::Precondition)), "{name}: {late:?}");
        assert_eq!(objects.open(&at).await.unwrap().info().etag, second.etag, "{name}");
        assert_eq!(read(&store.backend, &at).await.unwrap(), "two", "{name}");
        objects.delete(&at).await.unwrap();
        let gone = put("four", PutMode::Update(second.etag)).await;
        let is_refused = matches!(gone, Err(StoreError::Precondition | StoreError::NotFound));
        assert!(is_refused, "{name}: {gone:?}");
        assert!(is_absent(&store.backend, &at).await, "{name}");
    }
}

#[tokio::test]
async fn of_many_who_create_one_object_one_does() {
    for store in stores().await {
        let (objects, at) = (store.backend.objects(), key("contended"));
        let puts = (0..16_u8).map(|number| {
            let put = PutRequest::new(1_000).with_mode(PutMode::Create);
            objects.put(&at, bytes_of(bytes_like(number, 1_000)), put)
        });
        let mut created = Vec::new();
        for (number, result) in futures_util::future::join_all(puts).await.into_iter().enumerate() {
            match result {
                Ok(_) => created.push(u8::try_from(number).unwrap()),
                Err(StoreError::AlreadyExists) => {}
                Err(error) => panic!("{}: {error:?}", store.name),
            }
        }
        let [number] = created[..] else { panic!("{}: {created:?}", store.name) };
        assert_eq!(read(&store.backend, &at).await.unwrap(), bytes_like(number, 1_000));
    }
}

#[tokio::test]
async fn a_reader_reads_one_version_or_none() {
    for store in stores().await {
        let (objects, at) = (store.backend.objects(), key("versioned"));
        objects.put(&at, bytes_of("old"), PutRequest::new(3)).await.unwrap();
        let object = objects.open(&at).await.unwrap();
        objects.put(&at, bytes_of("new"), PutRequest::new(3)).await.unwrap();
        match collect(object.read(0..3)).await {
            Ok(bytes) => assert_eq!(bytes, "old", "{}", store.name),
            Err(_) => assert_ne!(store.name, "files"),
        }
        objects.delete(&at).await.unwrap();
        objects.delete(&at).await.unwrap();
        assert!(is_absent(&store.backend, &at).await, "{}", store.name);
    }
}

#[tokio::test]
async fn a_key_is_kept_byte_for_byte_or_refused_by_name() {
    let long = "k".repeat(100);
    let kept = ["ü ñ/日本語", "a+b c", "p%41", "q?a=b&c#d", "x;y:z@e,f$g'h(i)*!", "t~d", &long];
    let odd = ["a//b", "/lead", "trail/", "..", "a/../b", "./c", "a\nb", &"k".repeat(1024)];
    for store in stores().await {
        let objects = store.backend.objects();
        for text in kept {
            let put = PutRequest::new(text.len() as u64);
            objects.put(&key(text), bytes_of(text.to_owned()), put).await.unwrap();
        }
        for text in kept {
            assert_eq!(read(&store.backend, &key(text)).await.unwrap(), text, "{}", store.name);
        }
        for text in odd {
            let put = PutRequest::new(text.len() as u64);
            match objects.put(&key(text), bytes_of(text.to_owned()), put).await {
                Ok(_) => assert_eq!(read(&store.backend, &key(text)).await.unwrap(), text),
                Err(StoreError::KeyUnsupported) => {}
                // The file system below the store of the test has a shorter limit.
                Err(StoreError::Backend { .. }) if text.len() == 1024 => {}
                Err(error) => panic!("{}, {text:?}: {error:?}", store.name),
            }
        }
    }
}

/// A body in chunks of one byte costs what it has, and one that there are not parts enough for is
/// not asked for.
#[tokio::test]
async fn a_body_in_crumbs_is_stored_and_one_without_an_end_is_refused() {
    let store = s3().await;
    let (objects, at) = (store.backend.objects(), key("crumbs"));
    let body = bytes_like(5, 17 * MIB + 3);
    let crumbs = body.clone().into_iter().map(|byte| Ok(vec![byte].into()));
    let put = PutRequest::new(body.len() as u64);
    objects.put(&at, stream::iter(crumbs).boxed(), put).await.unwrap();
    assert!(read(&store.backend, &at).await.unwrap() == body);
    let never = stream::poll_fn(|_| panic!("it is asked for"));
    let refused = objects.put(&at, never.boxed(), PutRequest::new(u64::MAX)).await;
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })), "{refused:?}");
}
