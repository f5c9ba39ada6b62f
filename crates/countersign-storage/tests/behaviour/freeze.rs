use countersign_storage::{Attribute, Attributes, PutRequest, StoreError, bytes_of};

use super::{
    MIB, bytes_like, is_absent, key, read,
    stores::{s3, stores},
};

#[tokio::test]
async fn freezing_twice_freezes_once_and_a_late_put_stays_outside() {
    for store in stores().await {
        let (objects, name) = (store.backend.objects(), store.name);
        let (staging, frozen) = (key("staging/a b+ü.csv"), key("objects/frozen.csv"));
        let none = objects.freeze(&staging, &frozen).await;
        assert!(matches!(none, Err(StoreError::NotFound)), "{name}: {none:?}");
        let mut put = PutRequest::new(3).with_content_type("text/csv");
        put.attributes.insert(Attribute::Metadata("note".into()), "of mine".into());
        objects.put(&staging, bytes_of("one"), put).await.unwrap();
        let first = objects.freeze(&staging, &frozen).await.unwrap();
        assert!(is_absent(&store.backend, &staging).await, "{name}");
        let content_type = first.attributes.get(&Attribute::ContentType).unwrap();
        assert_eq!(&**content_type, "text/csv", "{name}");
        assert_eq!(first.attributes.len(), 2, "{name}");
        objects.put(&staging, bytes_of("late"), PutRequest::new(4)).await.unwrap();
        assert_eq!(objects.freeze(&staging, &frozen).await.unwrap(), first, "{name}");
        assert_eq!(read(&store.backend, &frozen).await.unwrap(), "one", "{name}");
        assert_eq!(read(&store.backend, &staging).await.unwrap(), "late", "{name}");
        objects.delete(&staging).await.unwrap();
        assert_eq!(objects.freeze(&staging, &frozen).await.unwrap(), first, "{name}");
    }
}

/// Whoever has a URL can send them, and no signature refuses them.
#[tokio::test]
async fn what_would_change_how_bytes_are_read_is_left_behind_on_an_s3() {
    let store = s3().await;
    let (objects, staging, frozen) = (store.backend.objects(), key("staging/a"), key("frozen/a"));
    let mut put = PutRequest::new(3).with_content_type("text/csv");
    for (name, value) in [
        (Attribute::CacheControl, "public, max-age=31536000"),
        (Attribute::ContentDisposition, "inline"),
        (Attribute::ContentEncoding, "gzip"),
    ] {
        put.attributes.insert(name, value.into());
    }
    objects.put(&staging, bytes_of("one"), put).await.unwrap();
    let info = objects.freeze(&staging, &frozen).await.unwrap();
    let expected = Attributes::from_iter([(Attribute::ContentType, "text/csv")]);
    assert_eq!(info.attributes, expected);
    assert_eq!(objects.open(&frozen).await.unwrap().info(), &info);
}

#[tokio::test]
async fn what_is_large_and_what_is_empty_is_frozen() {
    for store in stores().await {
        let objects = store.backend.objects();
        for len in [0, 9 * MIB] {
            let (staging, frozen) = (key(&format!("staging/{len}")), key(&format!("frozen/{len}")));
            let put = PutRequest::new(len as u64);
            objects.put(&staging, bytes_of(bytes_like(3, len)), put).await.unwrap();
            let info = objects.freeze(&staging, &frozen).await.unwrap();
            assert_eq!(info.size, len as u64, "{}", store.name);
            assert_eq!(read(&store.backend, &frozen).await.unwrap(), bytes_like(3, len));
        }
    }
}

#[tokio::test]
async fn many_who_freeze_at_once_get_one_answer() {
    for store in stores().await {
        let (objects, name) = (store.backend.objects(), store.name);
        for round in 0..5 {
            let (staging, frozen) = (key(&format!("s/{round}")), key(&format!("f/{round}")));
            objects.put(&staging, bytes_of("one"), PutRequest::new(3)).await.unwrap();
            let freezes = (0..8).map(|_| objects.freeze(&staging, &frozen));
            let late = objects.put(&staging, bytes_of("late"), PutRequest::new(4));
            let (results, late) = tokio::join!(futures_util::future::join_all(freezes), late);
            late.unwrap();
            let tags: Vec<_> = results.into_iter().map(|info| info.unwrap().etag).collect();
            let now = objects.open(&frozen).await.unwrap();
            assert!(tags.iter().all(|tag| *tag == now.info().etag), "{name}: {tags:?}");
        }
    }
}

/// What ended between the copy and the deletion looks like this.
#[tokio::test]
async fn a_copy_that_was_not_deleted_is_deleted_by_the_next_freeze() {
    let store = s3().await;
    let objects = store.backend.objects();
    let (staging, frozen) = (key("staging"), key("frozen"));
    for at in [&staging, &frozen] {
        objects.put(at, bytes_of("one"), PutRequest::new(3)).await.unwrap();
    }
    objects.freeze(&staging, &frozen).await.unwrap();
    assert!(is_absent(&store.backend, &staging).await);
    assert_eq!(read(&store.backend, &frozen).await.unwrap(), "one");
}
