//! Schema files that cannot be: whatever the reason, the bytes go.

use std::slice;

use countersign_catalog::{
    Catalog, CatalogError, Identity, Intake, NewSchemaFile, NewUpload, Stored, UploadRef,
};
use uuid::Uuid;

use crate::{
    add_schema, add_schema_file, add_token,
    common::{at, new_file, new_upload, open, owner, stored},
    doomed, new_schema_file, stranger,
};

/// Nothing came of it, and the key is doomed as before.
async fn assert_refused(
    catalog: &dyn Catalog,
    (new, stored): (&NewSchemaFile, &Stored),
    expected: &CatalogError,
) {
    let key = &new.upload.object_key;
    let due_at = at(90_000);
    catalog.doom(key, due_at).await.unwrap();
    let refused = catalog.add_schema_file(new, stored, at(3)).await.unwrap_err();
    assert_eq!(refused.to_string(), expected.to_string(), "{new:?}");
    assert!(catalog.doomed(9, at(89_999)).await.unwrap().is_empty());
    assert_eq!(catalog.doomed(9, due_at).await.unwrap(), slice::from_ref(key));
    catalog.forget_doomed(key).await.unwrap();
}

#[tokio::test]
async fn a_schema_file_that_cannot_be_is_refused_whole() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let schema = add_schema(catalog, &ada, "sales").await.id;
    let token = add_token(catalog, &ada, schema).await;
    let named = |name: String| NewSchemaFile { name: name.into(), ..new_schema_file(&token, "") };
    let of = |upload: NewUpload| NewSchemaFile { upload, ..new_schema_file(&token, "a") };
    let nobody = Identity { team: ada.team, user: stranger().user };
    let huge = NewUpload { declared_size: Some(u64::MAX), ..new_upload(&ada, Intake::Direct) };
    let unknown = NewSchemaFile { token: Uuid::new_v4(), ..new_schema_file(&token, "a") };
    for (new, expected) in [
        (named(String::new()), CatalogError::OutOfRange),
        (named("x".repeat(256)), CatalogError::OutOfRange),
        // The limit is in bytes.
        (named("ü".repeat(128)), CatalogError::OutOfRange),
        (of(huge), CatalogError::OutOfRange),
        (of(new_upload(&nobody, Intake::Direct)), CatalogError::OwnerUnknown),
        (of(new_upload(&stranger(), Intake::Direct)), CatalogError::OwnerUnknown),
        (unknown, CatalogError::OwnerUnknown),
    ] {
        assert_refused(catalog, (&new, &stored(1)), &expected).await;
        assert_eq!(catalog.upload(UploadRef::Id(new.upload.id)).await.unwrap(), None);
        assert!(!catalog.object_exists(&new.upload.object_key).await.unwrap());
        assert!(!catalog.has_schema_file(schema, &new.name).await.unwrap());
    }
    let long = Stored { etag: "x".repeat(1_025).into(), ..stored(1) };
    for wrong in [long, stored(u64::MAX)] {
        let new = new_schema_file(&token, "a");
        assert_refused(catalog, (&new, &wrong), &CatalogError::OutOfRange).await;
    }
    add_schema_file(catalog, &token, "a").await;
}

#[tokio::test]
async fn a_name_that_is_taken_stays_taken() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let eve = owner(catalog, "acme", "eve").await;
    let schema = add_schema(catalog, &ada, "sales").await.id;
    let token = add_token(catalog, &ada, schema).await;
    // Another token for the same schema is no way around it.
    let other = add_token(catalog, &eve, schema).await;
    let first = add_schema_file(catalog, &token, "a.csv").await;
    for token in [&token, &other] {
        let new = new_schema_file(token, "a.csv");
        assert_refused(catalog, (&new, &stored(1)), &CatalogError::Conflict).await;
        assert_eq!(catalog.upload(UploadRef::Id(new.upload.id)).await.unwrap(), None);
        assert!(!catalog.object_exists(&new.upload.object_key).await.unwrap());
    }
    let found = catalog.upload(UploadRef::Id(first.upload.id)).await.unwrap();
    assert_eq!(found, Some(first.upload));
}

#[tokio::test]
async fn no_id_and_no_key_is_ever_used_twice() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let schema = add_schema(catalog, &ada, "sales").await.id;
    let token = add_token(catalog, &ada, schema).await;
    let of_file = catalog.add_file(&new_file(&ada, "a"), at(1)).await.unwrap().upload;
    let of_schema_file = add_schema_file(catalog, &token, "a.csv").await.upload;
    for used in [of_file, of_schema_file] {
        let by_id = NewUpload { id: used.id, ..new_upload(&ada, Intake::Direct) };
        let object_key = used.object_key.clone();
        let by_key = NewUpload { object_key, ..new_upload(&ada, Intake::Direct) };
        for upload in [by_id, by_key] {
            let new = NewSchemaFile { upload, ..new_schema_file(&token, "b.csv") };
            assert_refused(catalog, (&new, &stored(1)), &CatalogError::Conflict).await;
        }
        assert_eq!(catalog.upload(UploadRef::Id(used.id)).await.unwrap(), Some(used));
    }
    assert!(!catalog.has_schema_file(schema, "b.csv").await.unwrap());
}

#[tokio::test]
async fn bytes_that_may_have_been_swept_are_not_recorded() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let token = add_token(catalog, &ada, add_schema(catalog, &ada, "sales").await.id).await;
    let new = new_schema_file(&token, "a.csv");
    let closed = async |now| {
        let refused = catalog.add_schema_file(&new, &stored(1), now).await;
        assert!(matches!(refused, Err(CatalogError::UploadClosed)), "{refused:?}");
        assert!(!catalog.has_schema_file(token.schema, "a.csv").await.unwrap());
        assert_eq!(catalog.upload(UploadRef::Id(new.upload.id)).await.unwrap(), None);
    };
    closed(at(2)).await;
    assert!(doomed(catalog).await.is_empty());
    catalog.doom(&new.upload.object_key, at(9)).await.unwrap();
    for now in [at(9), at(10)] {
        closed(now).await;
        assert_eq!(doomed(catalog).await, slice::from_ref(&new.upload.object_key));
    }
    catalog.add_schema_file(&new, &stored(1), at(8)).await.unwrap();
    assert!(doomed(catalog).await.is_empty());
}
