//! PUT of a part.

use countersign_storage::{CompletedPart, ETag, ObjectKey, PartNumber};
use object_store::Attributes;

use crate::{
    client::{Call, Sign},
    world::World,
};

async fn begun(key: &str) -> (World, String) {
    let world = World::new();
    let key = ObjectKey::new(key).unwrap();
    let upload = world.backend.parts().create(&key, Attributes::new()).await.unwrap();
    (world, upload.as_str().to_owned())
}

async fn parts(world: &World, upload: &str) -> usize {
    let key = ObjectKey::new("k").unwrap();
    let upload = countersign_storage::UploadId::new(upload).unwrap();
    world.backend.parts().list(&key, &upload).await.unwrap().len()
}

#[tokio::test]
async fn a_part_is_stored_under_its_number() {
    let (world, upload) = begun("k").await;
    let query = [("partNumber", "7"), ("uploadId", upload.as_str())];
    let signed = [("content-length", "3")];
    let call = Sign::new("PUT", "k").query(&query).headers(&signed).sign().body("abc");
    let answer = call.header("content-type", "text/csv").send(&world).await;
    assert_eq!(answer.verdict(), "200");
    assert_eq!(world.stored("k").await, None);

    let key = ObjectKey::new("k").unwrap();
    let etag = ETag::parse(answer.header("etag")).unwrap();
    let part = CompletedPart { number: PartNumber::new(7).unwrap(), etag };
    let upload = countersign_storage::UploadId::new(upload).unwrap();
    world.backend.parts().complete(&key, &upload, &[part]).await.unwrap();
    assert_eq!(world.stored("k").await.unwrap(), b"abc");
}

#[tokio::test]
async fn a_part_is_named_whole_and_right() {
    let (world, upload) = begun("k").await;
    let upload = upload.as_str();
    for (query, verdict) in [
        (vec![("partNumber", "1")], "400 InvalidArgument"),
        (vec![("uploadId", upload)], "400 InvalidArgument"),
        (vec![("partNumber", "0"), ("uploadId", upload)], "400 InvalidArgument"),
        (vec![("partNumber", "10001"), ("uploadId", upload)], "400 InvalidArgument"),
        (vec![("partNumber", "65537"), ("uploadId", upload)], "400 InvalidArgument"),
        (vec![("partNumber", "+1"), ("uploadId", upload)], "400 InvalidArgument"),
        (vec![("partNumber", ""), ("uploadId", upload)], "400 InvalidArgument"),
        (vec![("partNumber", "1"), ("uploadId", "none")], "404 NoSuchUpload"),
        (vec![("partNumber", "1"), ("uploadId", "")], "404 NoSuchUpload"),
        (vec![("partNumber", "1"), ("uploadId", "ü")], "404 NoSuchUpload"),
        (vec![("partNumber", "1"), ("uploadId", upload), ("acl", "")], "501 NotImplemented"),
    ] {
        let call = Sign::new("PUT", "k").query(&query).sign().body("abc");
        assert_eq!(call.send(&world).await.verdict(), verdict, "{query:?}");
    }
    let query = [("partNumber", "1"), ("uploadId", upload)];
    let other_key = Sign::new("PUT", "other").query(&query).sign().body("abc");
    assert_eq!(other_key.send(&world).await.verdict(), "404 NoSuchUpload");
    assert_eq!(parts(&world, upload).await, 0);
}

#[tokio::test]
async fn a_part_is_held_to_what_was_said_of_it() {
    let (world, upload) = begun("k").await;
    let query = [("partNumber", "1"), ("uploadId", upload.as_str())];
    let sign = Sign::new("PUT", "k").query(&query);
    let wrong = "1B2M2Y8AsgTpgAmY7PhCfg==";
    for (headers, verdict) in [
        ([("content-md5", wrong)], "400 BadDigest"),
        ([("content-length", "4")], "400 IncompleteBody"),
        ([("x-amz-checksum-crc32", "AAAAAA==")], "501 NotImplemented"),
        ([("x-amz-meta-a", "1")], "501 NotImplemented"),
        ([("if-none-match", "*")], "501 NotImplemented"),
    ] {
        let call: Call = sign.clone().headers(&headers).sign().body("abc");
        assert_eq!(call.send(&world).await.verdict(), verdict, "{headers:?}");
    }
    let without_length = Call { body: b"abc".to_vec(), ..sign.sign() };
    assert_eq!(without_length.send(&world).await.verdict(), "411 MissingContentLength");
    assert_eq!(parts(&world, &upload).await, 0);
    assert_eq!(world.stored("k").await, None);
}
