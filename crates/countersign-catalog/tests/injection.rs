//! Hostile text through every field of text comes back verbatim, and changes nothing else.

mod common;

use common::{at, new_file, new_upload, open, owner, staging_key, stored};
use countersign::Timestamp;
use countersign_catalog::{
    AccessKey, ApiKeyHash, Catalog, CatalogError, Column, ColumnKind, DataSourceFilter,
    DataSourceRef, DatasetChange, FileRef, Identity, Intake, NewDataSource, NewDataset, NewJob,
    NewSchemaFile, NewUploadToken, NewVersion, Page, Slug, Stored, TargetDataset, TeamName,
    UploadRef, UserId,
};
use uuid::Uuid;

/// At most 128 bytes each, so that they fit every field.
const HOSTILE: &[&str] = &[
    "'",
    "\"",
    "`",
    "''",
    "\\",
    "\\'",
    ";",
    "--",
    "/*",
    "*/",
    "%",
    "_",
    "?",
    "?1",
    "$1",
    ":name",
    "@name",
    "NULL",
    "null",
    "0",
    "-1",
    "1e9",
    "0x10",
    " leading",
    "trailing ",
    "'; DROP TABLE teams; --",
    "' OR '1'='1",
    "\" OR \"\"=\"",
    "') OR ('1'='1",
    "1; ATTACH DATABASE '/tmp/x' AS x; --",
    "' UNION SELECT hash FROM api_keys --",
    "x' || (SELECT name FROM teams) || '",
    "'; PRAGMA foreign_keys = OFF; --",
    "'; COMMIT; BEGIN; --",
    "x'00'",
    "{}%s%n${7*7}{{7*7}}",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "Ünïcödé",
    "e\u{301}",
    "\u{e9}",
    "\u{202e}txt.exe",
    "\u{feff}bom",
    "\u{200b}",
    "🦀🦀🦀",
    "\u{10ffff}",
    "\u{fffd}\u{fffe}",
];

/// Not for names, which refuse control characters.
const CONTROLS: &[&str] =
    &["\0", "a\0b", "\0'; DROP TABLE teams; --", "a\r\nb", "\u{1b}[2J", "\u{7f}"];

fn all() -> impl Iterator<Item = &'static str> {
    HOSTILE.iter().chain(CONTROLS).copied()
}

async fn assert_nothing_else_changed(catalog: &dyn Catalog, bystander: &Identity) {
    let page = catalog.files(bystander.team, Page { limit: 10, offset: 0 }).await.unwrap();
    assert_eq!((page.total, &*page.files[0].name), (1, "bystander"));
    assert_eq!(owner(catalog, "bystanders", "ada").await, *bystander);
}

#[tokio::test]
async fn names_of_teams_and_users() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let bystander = owner(catalog, "bystanders", "ada").await;
    catalog.add_file(&new_file(&bystander, "bystander"), at(1)).await.unwrap();
    let mut teams = vec![bystander.team];
    for text in HOSTILE {
        let name = TeamName::new(*text).unwrap();
        assert_eq!(catalog.team(&name).await.unwrap(), None, "{text:?}");
        let identity = owner(catalog, text, text).await;
        assert_eq!(catalog.team(&name).await.unwrap(), Some(identity.team));
        assert!(!teams.contains(&identity.team), "{text:?} is a team of its own");
        teams.push(identity.team);
        let hash = ApiKeyHash::of(text);
        catalog.add_api_key(&hash, &identity, at(1)).await.unwrap();
        let found = catalog.api_key_owner(&hash).await.unwrap().unwrap();
        assert_eq!(found.user.as_str(), *text);
        assert_eq!(found, identity);
        assert_eq!(owner(catalog, text, text).await, identity);
    }
    for text in CONTROLS {
        assert!(UserId::new(*text).is_err() && TeamName::new(*text).is_err(), "{text:?}");
    }
    assert_nothing_else_changed(catalog, &bystander).await;
}

#[tokio::test]
async fn files_and_uploads() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let bystander = owner(catalog, "bystanders", "ada").await;
    catalog.add_file(&new_file(&bystander, "bystander"), at(1)).await.unwrap();
    let ada = owner(catalog, "acme", "ada").await;
    for text in all() {
        let mut new = new_file(&ada, text);
        new.upload.intake = Intake::Single { staging_key: text.into() };
        // The two keys differ.
        let object_key = format!("{text}.object");
        new.upload.object_key = object_key.as_str().into();
        new.upload.content_type = text.into();
        let added = catalog.add_file(&new, at(1)).await.unwrap();
        let found = catalog.file(ada.team, FileRef::HashId(&added.hash_id)).await.unwrap().unwrap();
        assert_eq!(found, added);
        for field in [&found.name, &staging_key(&found.upload), &found.upload.content_type] {
            assert_eq!(**field, *text);
        }
        assert_eq!(*found.upload.object_key, *object_key);
        assert_eq!(catalog.file(ada.team, FileRef::HashId(text)).await.unwrap(), None);

        let stored = Stored { size: 1, etag: text.into(), sha256: None };
        assert!(!catalog.object_exists(&object_key).await.unwrap());
        catalog.accept_upload(new.upload.id, &stored, at(2)).await.unwrap();
        assert!(catalog.object_exists(&object_key).await.unwrap());
        catalog.delete_file(ada.team, FileRef::Number(added.number), at(3)).await.unwrap().unwrap();
        assert!(!catalog.object_exists(&object_key).await.unwrap());
        let doomed = catalog.doomed(10, Timestamp::MAX).await.unwrap();
        assert_eq!(doomed, [text, &object_key].map(Box::from));
        for key in doomed {
            catalog.forget_doomed(&key).await.unwrap();
        }
        assert!(catalog.doomed(10, Timestamp::MAX).await.unwrap().is_empty());
    }
    assert_nothing_else_changed(catalog, &bystander).await;
}

#[tokio::test]
async fn reasons_of_failures() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let bystander = owner(catalog, "bystanders", "ada").await;
    catalog.add_file(&new_file(&bystander, "bystander"), at(1)).await.unwrap();
    let ada = owner(catalog, "acme", "ada").await;
    for text in all().chain([""]) {
        let added = catalog.add_file(&new_file(&ada, "a"), at(1)).await.unwrap();
        catalog.fail_upload(added.upload.id, text, at(2)).await.unwrap();
        let found = catalog.upload(UploadRef::Id(added.upload.id)).await.unwrap().unwrap();
        assert_eq!(found.failure.as_deref(), Some(text));
    }
    assert_nothing_else_changed(catalog, &bystander).await;
}

#[tokio::test]
async fn access_keys() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let bystander = owner(catalog, "bystanders", "ada").await;
    catalog.add_file(&new_file(&bystander, "bystander"), at(1)).await.unwrap();
    for text in all() {
        assert_eq!(catalog.access_key(text).await.unwrap(), None);
        let key = AccessKey { id: text.into(), team: bystander.team, bucket: text.into() };
        catalog.add_access_key(&key, at(1)).await.unwrap();
        assert_eq!(catalog.access_key(text).await.unwrap(), Some(key));
    }
    assert_nothing_else_changed(catalog, &bystander).await;
}

#[tokio::test]
async fn uploads_in_parts_and_their_keys() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let bystander = owner(catalog, "bystanders", "ada").await;
    catalog.add_file(&new_file(&bystander, "bystander"), at(1)).await.unwrap();
    let ada = owner(catalog, "acme", "ada").await;
    for text in all() {
        assert_eq!(catalog.upload(UploadRef::ObjectKey(text)).await.unwrap(), None);
        let mut new = new_upload(&ada, Intake::Multipart { upload_id: text.into(), part_size: 1 });
        new.object_key = text.into();
        new.content_type = text.into();
        let added = catalog.add_upload(&new, at(1)).await.unwrap();
        assert_eq!((&added.intake, &*added.object_key), (&new.intake, text));
        let found = catalog.upload(UploadRef::ObjectKey(text)).await.unwrap();
        assert_eq!(found, Some(added));

        let key = format!("{text}.direct");
        catalog.doom(&key, at(2)).await.unwrap();
        assert_eq!(catalog.doomed(10, at(2)).await.unwrap(), [key.as_str().into()]);
        let mut new = new_upload(&ada, Intake::Direct);
        new.object_key = key.as_str().into();
        let stored = Stored { size: 1, etag: text.into(), sha256: None };
        catalog.add_stored_upload(&new, &stored, at(1)).await.unwrap();
        assert!(catalog.object_exists(&key).await.unwrap());
        assert!(catalog.doomed(10, Timestamp::MAX).await.unwrap().is_empty());
    }
    assert_nothing_else_changed(catalog, &bystander).await;
}

#[tokio::test]
async fn datasets_and_what_they_are_searched_for() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let bystander = owner(catalog, "bystanders", "ada").await;
    catalog.add_file(&new_file(&bystander, "bystander"), at(1)).await.unwrap();
    let ada = owner(catalog, "acme", "ada").await;
    let everything = Page { limit: 1_000, offset: 0 };
    for text in all() {
        let name = format!("{text}!");
        let (id, owner) = (Uuid::new_v4(), ada.clone());
        let new =
            NewDataset { id, owner, name: name.into(), description: text.into(), columns: vec![] };
        let added = catalog.add_dataset(&new, at(1)).await.unwrap();
        assert_eq!((&added.name, &*added.description), (&new.name, text));
        assert_eq!(catalog.dataset(ada.team, id).await.unwrap(), Some(added.clone()));
        let change =
            DatasetChange { name: Some(text.into()), description: Some(added.name.clone()) };
        let changed = catalog.change_dataset(ada.team, id, &change, at(4)).await.unwrap().unwrap();
        assert_eq!((&*changed.name, &changed.description), (text, &added.name));
        assert_eq!(catalog.dataset(ada.team, id).await.unwrap(), Some(changed));
    }
    let listed = catalog.datasets(ada.team, None, everything).await.unwrap().datasets;
    assert_eq!(listed.len(), all().count());
    for text in all() {
        let found = catalog.datasets(ada.team, Some(text), everything).await.unwrap();
        let folded = text.to_ascii_lowercase();
        let contains = |name: &str| name.to_ascii_lowercase().contains(&folded);
        let expected: Vec<_> =
            listed.iter().filter(|dataset| contains(&dataset.description)).cloned().collect();
        assert!(!expected.is_empty());
        assert_eq!((found.total, found.datasets.len()), (count(&expected), expected.len()));
        assert_eq!(found.datasets, expected, "{text:?}");
        let elsewhere = catalog.datasets(bystander.team, Some(text), everything).await.unwrap();
        assert_eq!(elsewhere.total, 0);
    }
    assert_nothing_else_changed(catalog, &bystander).await;
}

fn count<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap()
}

#[tokio::test]
async fn data_sources_and_why_they_failed() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let bystander = owner(catalog, "bystanders", "ada").await;
    catalog.add_file(&new_file(&bystander, "bystander"), at(1)).await.unwrap();
    let ada = owner(catalog, "acme", "ada").await;
    for text in all() {
        for failure in [None, Some(text.into())] {
            let upload = new_upload(&ada, Intake::Direct);
            catalog.doom(&upload.object_key, at(2)).await.unwrap();
            catalog.add_stored_upload(&upload, &stored(1), at(1)).await.unwrap();
            let (dataset, id) = (Uuid::new_v4(), Uuid::new_v4());
            let (name, description) = (text.into(), text.into());
            let (owner, columns) = (ada.clone(), vec![]);
            let target = NewDataset { id: dataset, owner, name, description, columns };
            let new = NewDataSource {
                id,
                dataset: TargetDataset::New(target),
                // What is the same is kept once.
                name: if failure.is_some() { text.into() } else { format!("{text}!").into() },
                file_name: text.into(),
                upload: upload.id,
                failure,
            };
            let added = catalog.add_data_source(ada.team, &new, at(2)).await.unwrap();
            assert_eq!((&*added.name, &*added.file_name), (new.name.as_ref(), text));
            assert_eq!(added.failure, new.failure);
            assert_eq!(added.upload.failure, new.failure);
            let by_id = DataSourceRef::Id { dataset, id };
            let found = catalog.data_source(ada.team, by_id).await.unwrap();
            assert_eq!(found.as_ref(), Some(&added));
            let filter = DataSourceFilter { team: ada.team, dataset, states: None };
            let page = catalog.data_sources(filter, Page { limit: 10, offset: 0 }).await.unwrap();
            assert_eq!((page.total, page.data_sources), (1, vec![added.clone()]));
            let deleted = catalog.delete_data_source(ada.team, by_id, at(3)).await.unwrap();
            assert_eq!(deleted, Some(added));
        }
    }
    assert_nothing_else_changed(catalog, &bystander).await;
}

#[tokio::test]
async fn jobs_and_columns() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let bystander = owner(catalog, "bystanders", "ada").await;
    catalog.add_file(&new_file(&bystander, "bystander"), at(1)).await.unwrap();
    let ada = owner(catalog, "acme", "ada").await;
    for text in all() {
        let upload = new_upload(&ada, Intake::Direct);
        let new = NewJob { dataset: None, name: text.into(), upload };
        let job = catalog.add_job(&new, at(1)).await.unwrap();
        assert_eq!(&*job.name, text);
        let id = job.upload.id;
        assert_eq!(catalog.job(ada.team, id).await.unwrap(), Some(job));
        catalog.accept_upload(id, &stored(1), at(2)).await.unwrap();
        let columns = vec![Column { name: text.into(), kind: ColumnKind::Text }];
        let (name, description) = (text.into(), text.into());
        let dataset =
            NewDataset { id: Uuid::new_v4(), owner: ada.clone(), name, description, columns };
        let columns = dataset.columns.clone();
        let version = NewVersion { data_source: Uuid::new_v4(), dataset: Some(dataset) };
        let job = catalog.commit_job(ada.team, id, &version, at(3)).await.unwrap();
        let found = catalog.dataset(ada.team, job.dataset.unwrap()).await.unwrap().unwrap();
        assert_eq!(found.version, 1);
        assert_eq!(catalog.columns(ada.team, found.id).await.unwrap(), columns);
        assert_eq!(&*found.current.unwrap().name, text);
        let source = catalog.data_source(ada.team, DataSourceRef::Upload(id)).await.unwrap();
        assert_eq!(&*source.unwrap().name, text);
    }
    assert_nothing_else_changed(catalog, &bystander).await;
}

#[tokio::test]
async fn schema_files() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let bystander = owner(catalog, "bystanders", "ada").await;
    catalog.add_file(&new_file(&bystander, "bystander"), at(1)).await.unwrap();
    let ada = owner(catalog, "acme", "ada").await;
    let schema = catalog.add_schema(ada.team, &Slug::new("sales").unwrap(), at(0)).await.unwrap();
    let (id, owner) = (Uuid::new_v4(), ada.clone());
    let token = NewUploadToken { id, owner, schema: schema.id, not_after: at(9) };
    catalog.add_upload_token(&token, at(1)).await.unwrap();
    for text in all() {
        assert!(!catalog.has_schema_file(schema.id, text).await.unwrap(), "{text:?}");
        let upload = new_upload(&ada, Intake::Direct);
        catalog.doom(&upload.object_key, at(9)).await.unwrap();
        let new = NewSchemaFile { token: id, name: text.into(), upload };
        let file = catalog.add_schema_file(&new, &stored(1), at(2)).await.unwrap();
        assert_eq!((file.schema, &*file.name), (schema.id, text));
        assert!(catalog.has_schema_file(schema.id, text).await.unwrap());
    }
    assert_nothing_else_changed(catalog, &bystander).await;
}

#[tokio::test]
async fn what_is_refused_is_not_repeated_in_the_error() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let mut new = new_file(&ada, "canary");
    new.upload.intake = Intake::Single { staging_key: "canary".into() };
    catalog.add_file(&new, at(1)).await.unwrap();
    new.upload.id = Uuid::new_v4();
    let conflict = catalog.add_file(&new, at(1)).await.unwrap_err();
    new.upload.content_type = "canary".repeat(1_000).into();
    let range = catalog.add_file(&new, at(1)).await.unwrap_err();
    assert!(matches!(conflict, CatalogError::Conflict), "{conflict:?}");
    assert!(matches!(range, CatalogError::OutOfRange), "{range:?}");
    for error in [conflict, range] {
        let text = format!("{error} {error:?}");
        for secret in ["canary", "INSERT", "uploads", "staging_key"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
