//! Schema files, and what they keep others from.

use countersign::Timestamp;
use countersign_catalog::{
    Acceptance, CatalogError, DataSourceRef, FileRef, Intake, NewDataSource, NewDataset,
    NewSchemaFile, NewUploadToken, NewVersion, Page, Purpose, SchemaFile, TargetDataset, Upload,
    UploadRef, UploadState,
};
use uuid::Uuid;

use crate::{
    add_schema, add_schema_file, add_token,
    common::{at, new_file, new_upload, open, owner, staging_key, stored},
    doomed, new_schema_file, new_token,
};

#[tokio::test]
async fn a_schema_file_is_as_it_was_recorded() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let eve = owner(catalog, "acme", "eve").await;
    let schema = add_schema(catalog, &ada, "sales").await.id;
    let token = add_token(catalog, &ada, schema).await;
    for (name, owner) in
        [("a".to_owned(), &ada), ("x".repeat(255), &ada), ("Ü\0\n/..".to_owned(), &eve)]
    {
        // The upload may be another user's of the team.
        let upload = new_upload(owner, Intake::Direct);
        let new = NewSchemaFile { token: token.id, name: name.into(), upload };
        assert!(!catalog.has_schema_file(schema, &new.name).await.unwrap());
        catalog.doom(&new.upload.object_key, at(9)).await.unwrap();
        let file = catalog.add_schema_file(&new, &stored(7), at(8)).await.unwrap();
        let expected = SchemaFile {
            schema,
            name: new.name.clone(),
            upload: Upload {
                purpose: Purpose::SchemaFile,
                id: new.upload.id,
                owner: owner.clone(),
                state: UploadState::Ready,
                intake: Intake::Direct,
                object_key: new.upload.object_key.clone(),
                content_type: new.upload.content_type,
                declared_size: None,
                not_after: new.upload.not_after,
                failure: None,
            },
            size: 7,
            created_at: at(8),
        };
        assert_eq!(file, expected);
        assert!(catalog.has_schema_file(schema, &new.name).await.unwrap());
        assert!(catalog.object_exists(&new.upload.object_key).await.unwrap());
        let found = catalog.upload(UploadRef::Id(new.upload.id)).await.unwrap();
        assert_eq!(found, Some(file.upload));
        assert!(doomed(catalog).await.is_empty());
    }
}

#[tokio::test]
async fn a_name_is_taken_in_its_schema_alone_and_byte_by_byte() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let sales = add_token(catalog, &ada, add_schema(catalog, &ada, "sales").await.id).await;
    let stock = add_token(catalog, &ada, add_schema(catalog, &ada, "stock").await.id).await;
    let of_bob = add_token(catalog, &bob, add_schema(catalog, &bob, "sales").await.id).await;
    let names = ["a.csv", "A.csv", "a.csv ", "a.csv\0", "a.csv\0b", "\u{e9}", "e\u{301}", "%", "_"];
    for name in names {
        for token in [&sales, &stock, &of_bob] {
            assert!(!catalog.has_schema_file(token.schema, name).await.unwrap(), "{name:?}");
            let file = add_schema_file(catalog, token, name).await;
            assert_eq!((file.schema, &*file.name), (token.schema, name));
            assert!(catalog.has_schema_file(token.schema, name).await.unwrap());
        }
        assert!(!catalog.has_schema_file(i64::MAX, name).await.unwrap());
    }
    for unknown in ["", "a", "a.cs_", "*"] {
        assert!(!catalog.has_schema_file(sales.schema, unknown).await.unwrap(), "{unknown:?}");
    }
}

#[tokio::test]
async fn when_the_token_ends_is_not_looked_at() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let schema = add_schema(catalog, &ada, "sales").await.id;
    let new = NewUploadToken { not_after: Timestamp::MIN, ..new_token(&ada, schema) };
    let token = catalog.add_upload_token(&new, at(1)).await.unwrap();
    // The bytes began to come in time, and took some.
    add_schema_file(catalog, &token, "a.csv").await;
    assert!(catalog.has_schema_file(schema, "a.csv").await.unwrap());
}

#[tokio::test]
async fn a_staging_key_is_doomed_if_it_has_one() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let token = add_token(catalog, &ada, add_schema(catalog, &ada, "sales").await.id).await;
    let single = new_file(&ada, "").upload;
    let new = NewSchemaFile { upload: single, ..new_schema_file(&token, "a.csv") };
    catalog.doom(&new.upload.object_key, at(9)).await.unwrap();
    let file = catalog.add_schema_file(&new, &stored(7), at(8)).await.unwrap();
    assert_eq!(doomed(catalog).await, [staging_key(&file.upload)]);
}

#[tokio::test]
async fn nobody_else_gets_the_upload_of_a_schema_file() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let token = add_token(catalog, &ada, add_schema(catalog, &ada, "sales").await.id).await;
    let file = add_schema_file(catalog, &token, "a.csv").await;
    let id = file.upload.id;
    let dataset = || NewDataset {
        id: Uuid::new_v4(),
        owner: ada.clone(),
        name: "new".into(),
        description: "".into(),
        columns: vec![],
    };
    for failure in [None, Some("no CSV".into())] {
        let new = NewDataSource {
            id: Uuid::new_v4(),
            dataset: TargetDataset::New(dataset()),
            name: "a".into(),
            file_name: "a".into(),
            upload: id,
            failure,
        };
        let refused = catalog.add_data_source(ada.team, &new, at(3)).await;
        assert!(matches!(refused, Err(CatalogError::Conflict)), "{refused:?}");
    }
    let version = NewVersion { data_source: Uuid::new_v4(), dataset: Some(dataset()) };
    let refused = catalog.commit_job(ada.team, id, &version, at(3)).await;
    assert!(matches!(refused, Err(CatalogError::UploadClosed)), "{refused:?}");
    let refused = catalog.fail_upload(id, "why", at(3)).await;
    assert!(matches!(refused, Err(CatalogError::UploadClosed)), "{refused:?}");
    let accepted = catalog.accept_upload(id, &stored(9), at(3)).await.unwrap();
    assert_eq!(accepted, Acceptance::Before);

    assert_eq!(catalog.job(ada.team, id).await.unwrap(), None);
    assert_eq!(catalog.delete_file(ada.team, FileRef::Number(1), at(3)).await.unwrap(), None);
    let reference = DataSourceRef::Upload(id);
    assert_eq!(catalog.delete_data_source(ada.team, reference, at(3)).await.unwrap(), None);
    let all = Page { limit: 9, offset: 0 };
    assert_eq!(catalog.files(ada.team, all).await.unwrap().total, 0);
    assert_eq!(catalog.datasets(ada.team, None, all).await.unwrap().total, 0);
    let found = catalog.upload(UploadRef::Id(id)).await.unwrap();
    assert_eq!(found, Some(file.upload));
    assert!(doomed(catalog).await.is_empty());
}
