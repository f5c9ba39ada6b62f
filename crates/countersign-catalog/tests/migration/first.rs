//! From the first version.

use countersign::Timestamp;
use countersign_catalog::{
    AccessKey, ApiKeyHash, Catalog, CatalogError, DataSourceFilter, DataSourceRef, FileRef, Intake,
    NewDataSource, NewDataset, NewFile, Schemas, Slug, SqliteCatalog, Stored, TargetDataset,
    TeamId, TeamName, UploadRef, UploadState, UserId,
};
use uuid::Uuid;

use crate::{
    ALL, DUMPS, NOW, assert_sound, dump, first_version, new_upload, schema, strings, upload_id,
};

#[tokio::test]
async fn every_row_is_unchanged_and_every_key_points_where_it_did() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    let mut raw = first_version(&path).await;
    let before = dump(&mut raw, DUMPS).await;
    assert_eq!(before.len(), 27);
    drop(raw);
    SqliteCatalog::open(&path).await.unwrap().close().await;

    let mut raw = crate::raw(&path).await;
    assert_eq!(dump(&mut raw, DUMPS).await, before);
    let singles: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM uploads
         WHERE coalesce(multipart_id, part_size, declared_size) IS NULL AND staging_key NOT NULL",
    )
    .fetch_one(&mut raw)
    .await
    .unwrap();
    assert_eq!(singles, 6);
    assert_sound(&mut raw).await;
    for (sql, expected) in [
        (
            r#"SELECT DISTINCT "table" FROM pragma_foreign_key_list('files') ORDER BY 1"#,
            "teams uploads",
        ),
        (r#"SELECT DISTINCT "table" FROM pragma_foreign_key_list('objects')"#, "uploads"),
        (r#"SELECT DISTINCT "table" FROM pragma_foreign_key_list('uploads')"#, "users"),
        (
            r#"SELECT DISTINCT "table" FROM pragma_foreign_key_list('data_sources') ORDER BY 1"#,
            "datasets uploads",
        ),
    ] {
        assert_eq!(strings(&mut raw, sql).await.join(" "), expected, "{sql}");
    }
    let left_over =
        "SELECT name FROM sqlite_schema WHERE name LIKE 'kept%' OR sql LIKE '%new_uploads%'
         OR sql LIKE '%kept_%'";
    assert!(strings(&mut raw, left_over).await.is_empty());
}

#[tokio::test]
async fn a_file_that_was_empty_and_one_that_was_not_have_one_schema() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = (directory.path().join("old.db"), directory.path().join("new.db"));
    drop(first_version(&old).await);
    let mut schemas = vec![];
    for path in [old, new] {
        SqliteCatalog::open(&path).await.unwrap().close().await;
        schemas.push(schema(&path).await);
    }
    assert_eq!(schemas[0], schemas[1]);
}

#[tokio::test]
async fn a_migration_that_cannot_be_finished_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    let mut raw = first_version(&path).await;
    let before = dump(&mut raw, DUMPS).await;
    // In the way at the beginning, in the middle and at the end.
    for (make, drop) in [
        ("CREATE TABLE kept_files (x)", "DROP TABLE kept_files"),
        ("CREATE TABLE datasets (x)", "DROP TABLE datasets"),
        (
            "CREATE TRIGGER file_becomes_no_data_sources AFTER DELETE ON teams BEGIN SELECT 1; END",
            "DROP TRIGGER file_becomes_no_data_sources",
        ),
    ] {
        sqlx::query(make).execute(&mut raw).await.unwrap();
        let error = SqliteCatalog::open(&path).await.unwrap_err();
        assert!(matches!(error, CatalogError::Backend { .. }), "{error:?}");
        assert_eq!(dump(&mut raw, DUMPS).await, before);
        let versions: Vec<i64> = sqlx::query_scalar("SELECT version FROM _sqlx_migrations")
            .fetch_all(&mut raw)
            .await
            .unwrap();
        assert_eq!(versions, [1]);
        sqlx::query(drop).execute(&mut raw).await.unwrap();
    }
    SqliteCatalog::open(&path).await.unwrap();
    assert_eq!(dump(&mut raw, DUMPS).await, before);
}

#[tokio::test]
async fn the_old_records_are_used_as_before() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    drop(first_version(&path).await);
    let catalog = SqliteCatalog::open(&path).await.unwrap();
    let (acme, ada) = (TeamName::new("acme").unwrap(), UserId::new("ada").unwrap());
    let ada = catalog.ensure_user(&acme, &ada, NOW).await.unwrap();
    assert_eq!((ada.team, catalog.team(&acme).await.unwrap()), (TeamId::new(1), Some(ada.team)));
    assert!(catalog.has_user(&ada).await.unwrap() && catalog.has_api_keys().await.unwrap());
    assert!(catalog.access_key("CSAK1").await.unwrap().is_some());
    let again = catalog.add_schema(ada.team, &Slug::new("sales").unwrap(), NOW).await;
    assert!(matches!(again, Err(CatalogError::Conflict)), "{again:?}");

    let page = catalog.files(ada.team, ALL).await.unwrap();
    let found: Vec<_> =
        page.files.iter().map(|file| (file.number, file.upload.state, file.size)).collect();
    let expected = [
        (5, UploadState::Ready, Some(i64::MAX.unsigned_abs())),
        (3, UploadState::Failed, None),
        (2, UploadState::Pending, None),
        (1, UploadState::Ready, Some(0)),
    ];
    assert_eq!(found, expected);
    let single = Intake::Single { staging_key: "s2".into() };
    assert_eq!((&page.files[2].upload.intake, page.files[2].upload.declared_size), (&single, None));
    let found = catalog.upload(UploadRef::ObjectKey("o4")).await.unwrap().unwrap();
    assert_eq!((found.id, found.state), (upload_id(0x44), UploadState::Aborted));

    let stored = Stored { size: 3, etag: "e".into(), sha256: None };
    catalog.accept_upload(upload_id(0x22), &stored, NOW).await.unwrap();
    let closed = catalog.accept_upload(upload_id(0x33), &stored, NOW).await;
    assert!(matches!(closed, Err(CatalogError::UploadClosed)), "{closed:?}");
    let file = catalog.file(ada.team, FileRef::HashId("bbcdefghjk")).await.unwrap().unwrap();
    assert_eq!((file.number, file.size), (2, Some(3)));
    for number in [1, 2, 3, 5] {
        let deleted = catalog.delete_file(ada.team, FileRef::Number(number), NOW).await.unwrap();
        assert_eq!(deleted.unwrap().number, number);
    }
    let doomed = catalog.doomed(100, Timestamp::MAX).await.unwrap();
    // In their old order, those of the migrated ones first.
    let expected = ["s1", "o4", "s4", "s2", "o3", "o1", "o2", "s3", "s5", "o5"];
    assert_eq!(doomed, expected.map(Box::from));
    // What was used before the migration is still used.
    let (name, upload) =
        ("a".into(), new_upload(&ada, Intake::Single { staging_key: "s4".into() }));
    let again = catalog.add_file(&NewFile { name, upload }, NOW).await;
    assert!(matches!(again, Err(CatalogError::Conflict)), "{again:?}");
    let (name, upload) =
        ("a".into(), new_upload(&ada, Intake::Single { staging_key: "s6".into() }));
    assert_eq!(catalog.add_file(&NewFile { name, upload }, NOW).await.unwrap().number, 6);
}

#[tokio::test]
async fn the_new_records_stand_beside_the_old_ones() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    drop(first_version(&path).await);
    let catalog = SqliteCatalog::open(&path).await.unwrap();
    let (acme, eve) = (TeamName::new("acme").unwrap(), UserId::new("eve").unwrap());
    let eve = catalog.ensure_user(&acme, &eve, NOW).await.unwrap();
    let hash = ApiKeyHash::of("new");
    catalog.add_api_key(&hash, &eve, NOW).await.unwrap();
    assert_eq!(catalog.api_key_owner(&hash).await.unwrap().as_ref(), Some(&eve));
    let key = AccessKey { id: "CSAK2".into(), team: eve.team, bucket: "uploads".into() };
    catalog.add_access_key(&key, NOW).await.unwrap();

    let (id, name, description) = (Uuid::new_v4(), "sales".into(), "".into());
    let dataset = NewDataset { id, owner: eve.clone(), name, description, columns: vec![] };
    let dataset = catalog.add_dataset(&dataset, NOW).await.unwrap();
    assert_eq!(catalog.dataset(eve.team, id).await.unwrap().as_ref(), Some(&dataset));
    assert_eq!(catalog.datasets(eve.team, Some("SALES"), ALL).await.unwrap().total, 1);
    let stored = Stored { size: 3, etag: "e".into(), sha256: None };
    let direct = new_upload(&eve, Intake::Direct);
    let due_at = NOW.checked_add_secs(1).unwrap();
    catalog.doom(&direct.object_key, due_at).await.unwrap();
    catalog.add_stored_upload(&direct, &stored, NOW).await.unwrap();
    let parts = Intake::Multipart { upload_id: "1".into(), part_size: 5 << 20 };
    let (parts, lost) = (new_upload(&eve, parts), new_upload(&eve, Intake::Direct));
    for new in [&parts, &lost] {
        catalog.add_upload(new, NOW).await.unwrap();
    }
    catalog.accept_upload(parts.id, &stored, NOW).await.unwrap();
    catalog.fail_upload(lost.id, "why", NOW).await.unwrap();
    let new = |upload, failure: Option<&str>| NewDataSource {
        id: Uuid::new_v4(),
        dataset: TargetDataset::Existing(dataset.id),
        name: "a".into(),
        file_name: "a".into(),
        upload,
        failure: failure.map(Box::from),
    };
    catalog.add_data_source(eve.team, &new(direct.id, None), NOW).await.unwrap();
    catalog.add_data_source(eve.team, &new(parts.id, Some("why")), NOW).await.unwrap();
    // The bytes of an old file are no data source's.
    let taken = catalog.add_data_source(eve.team, &new(upload_id(0x11), None), NOW).await;
    assert!(matches!(taken, Err(CatalogError::Conflict)), "{taken:?}");
    let filter = DataSourceFilter { team: eve.team, dataset: dataset.id, states: None };
    assert_eq!(catalog.data_sources(filter, ALL).await.unwrap().total, 2);
    let reference = DataSourceRef::Upload(direct.id);
    assert!(catalog.data_source(eve.team, reference).await.unwrap().is_some());
    assert!(catalog.delete_data_source(eve.team, reference, NOW).await.unwrap().is_some());
    assert!(!catalog.object_exists(&direct.object_key).await.unwrap());
    assert!(catalog.object_exists("o1").await.unwrap());
    catalog.forget_doomed("s1").await.unwrap();
    let doomed = catalog.doomed(100, Timestamp::MAX).await.unwrap();
    let new = [&lost.object_key, &parts.object_key, &direct.object_key].map(Clone::clone);
    assert_eq!(doomed, [&["o4", "s4"].map(Box::from)[..], &new[..]].concat());
}
