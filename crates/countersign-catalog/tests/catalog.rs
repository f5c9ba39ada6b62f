//! What each method does, and what it refuses.

mod common;

use common::{at, new_file, open, owner, staging_key, stored};
use countersign::Timestamp;
use countersign_catalog::{
    AccessKey, ApiKeyHash, Catalog, CatalogError, File, FilePage, FileRef, Identity, Intake,
    NewFile, Page, Slug, Stored, TeamId, TeamName, Upload, UploadRef, UploadState, UserId,
};
use uuid::Uuid;

const ALL: Page = Page { limit: 100, offset: 0 };

fn stranger() -> Identity {
    Identity { team: TeamId::new(i64::MAX), user: UserId::new("nobody").unwrap() }
}

async fn add(catalog: &dyn Catalog, owner: &Identity, name: &str) -> File {
    catalog.add_file(&new_file(owner, name), at(1)).await.unwrap()
}

async fn upload(catalog: &dyn Catalog, file: &File) -> Upload {
    catalog.upload(UploadRef::Id(file.upload.id)).await.unwrap().unwrap()
}

/// Also those that are not due for a long time.
async fn doomed(catalog: &dyn Catalog) -> Vec<Box<str>> {
    catalog.doomed(100, Timestamp::MAX).await.unwrap()
}

fn keys_of(files: &[&File]) -> Vec<Box<str>> {
    let keys = |file: &&File| [staging_key(&file.upload), file.upload.object_key.clone()];
    files.iter().flat_map(keys).collect()
}

#[tokio::test]
async fn a_user_is_made_once_per_team() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    assert_eq!(owner(catalog, "acme", "ada").await, ada);
    let bob = owner(catalog, "acme", "bob").await;
    assert_eq!(bob.team, ada.team);
    let other_ada = owner(catalog, "zenith", "ada").await;
    assert_ne!(other_ada.team, ada.team);
    // Names are bytes: no case is folded and nothing is trimmed.
    assert_ne!(owner(catalog, "Acme", "ada").await.team, ada.team);
    assert_ne!(owner(catalog, "acme ", "ada").await.team, ada.team);

    for known in [&ada, &bob, &other_ada] {
        assert!(catalog.has_user(known).await.unwrap(), "{known:?}");
    }
    let elsewhere = Identity { team: other_ada.team, user: bob.user };
    let folded = Identity { team: ada.team, user: UserId::new("Ada").unwrap() };
    for unknown in [stranger(), elsewhere, folded] {
        assert!(!catalog.has_user(&unknown).await.unwrap(), "{unknown:?}");
    }
}

#[tokio::test]
async fn a_team_is_found_by_its_name() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let acme = TeamName::new("acme").unwrap();
    assert_eq!(catalog.team(&acme).await.unwrap(), None);
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    assert_eq!(catalog.team(&acme).await.unwrap(), Some(ada.team));
    let zenith = TeamName::new("zenith").unwrap();
    assert_eq!(catalog.team(&zenith).await.unwrap(), Some(bob.team));
    for unknown in ["Acme", "acme ", " acme", "acm", "acm%", "ada"] {
        let name = TeamName::new(unknown).unwrap();
        assert_eq!(catalog.team(&name).await.unwrap(), None, "{unknown:?}");
    }
}

#[tokio::test]
async fn an_api_key_leads_to_its_owner() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    assert!(!catalog.has_api_keys().await.unwrap());
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let hash = ApiKeyHash::of("key of ada");
    catalog.add_api_key(&hash, &ada, at(0)).await.unwrap();
    assert!(catalog.has_api_keys().await.unwrap());
    assert_eq!(catalog.api_key_owner(&hash).await.unwrap(), Some(ada.clone()));
    assert_eq!(catalog.api_key_owner(&ApiKeyHash::of("key of Ada")).await.unwrap(), None);

    for owner in [&ada, &bob] {
        let again = catalog.add_api_key(&hash, owner, at(0)).await;
        assert!(matches!(again, Err(CatalogError::Conflict)), "{again:?}");
    }
    assert_eq!(catalog.api_key_owner(&hash).await.unwrap(), Some(ada.clone()));

    let foreigner = Identity { team: bob.team, user: ada.user };
    for owner in [stranger(), foreigner] {
        let refused = catalog.add_api_key(&ApiKeyHash::of("new"), &owner, at(0)).await;
        assert!(matches!(refused, Err(CatalogError::OwnerUnknown)), "{refused:?}");
    }
}

#[tokio::test]
async fn an_access_key_is_found_by_its_id() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let team = owner(catalog, "acme", "ada").await.team;
    let key = AccessKey { id: "CSAK0001".into(), team, bucket: "uploads".into() };
    assert_eq!(catalog.access_key(&key.id).await.unwrap(), None);
    catalog.add_access_key(&key, at(0)).await.unwrap();
    assert_eq!(catalog.access_key(&key.id).await.unwrap(), Some(key.clone()));
    assert_eq!(catalog.access_key("csak0001").await.unwrap(), None);

    let again = catalog.add_access_key(&key, at(0)).await;
    assert!(matches!(again, Err(CatalogError::Conflict)), "{again:?}");
    let unowned = AccessKey { id: "CSAK0002".into(), team: stranger().team, ..key.clone() };
    let refused = catalog.add_access_key(&unowned, at(0)).await;
    assert!(matches!(refused, Err(CatalogError::OwnerUnknown)), "{refused:?}");
    for wrong in ["", &"A".repeat(129)] {
        let key = AccessKey { id: wrong.into(), ..key.clone() };
        let refused = catalog.add_access_key(&key, at(0)).await;
        assert!(matches!(refused, Err(CatalogError::OutOfRange)), "{refused:?}");
    }
}

#[tokio::test]
async fn a_slug_is_unique_in_its_team() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let acme = owner(catalog, "acme", "ada").await.team;
    let zenith = owner(catalog, "zenith", "ada").await.team;
    let slug = Slug::new("sales").unwrap();
    let schema = catalog.add_schema(acme, &slug, at(0)).await.unwrap();
    assert_eq!((schema.team, &schema.slug), (acme, &slug));
    let again = catalog.add_schema(acme, &slug, at(0)).await;
    assert!(matches!(again, Err(CatalogError::Conflict)), "{again:?}");
    assert_ne!(catalog.add_schema(zenith, &slug, at(0)).await.unwrap().id, schema.id);
    let refused = catalog.add_schema(stranger().team, &slug, at(0)).await;
    assert!(matches!(refused, Err(CatalogError::OwnerUnknown)), "{refused:?}");
}

#[tokio::test]
async fn a_file_is_as_it_was_recorded() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let new = new_file(&ada, "sales.csv");
    let file = catalog.add_file(&new, at(5)).await.unwrap();
    assert_eq!((file.number, &file.name, file.size), (1, &new.name, None));
    assert_eq!((file.created_at, file.upload.not_after), (at(5), new.upload.not_after));
    assert_eq!((&file.upload.owner, file.upload.state), (&ada, UploadState::Pending));
    assert_eq!(file.upload.failure, None);
    assert_eq!(file.upload.intake, new.upload.intake);
    assert_eq!(file.upload.object_key, new.upload.object_key);
    assert_eq!(file.upload.content_type, new.upload.content_type);

    for reference in [FileRef::Number(1), FileRef::HashId(&file.hash_id)] {
        assert_eq!(catalog.file(ada.team, reference).await.unwrap().as_ref(), Some(&file));
    }
    assert_eq!(upload(catalog, &file).await, file.upload);
    assert_eq!(catalog.upload(UploadRef::Id(Uuid::new_v4())).await.unwrap(), None);
    assert!(doomed(catalog).await.is_empty());
}

#[tokio::test]
async fn ids_and_keys_are_never_used_twice() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let old = add(catalog, &ada, "old").await;
    let repeat = |case: usize| {
        let mut new = new_file(&bob, "new");
        match case {
            0 => new.upload.id = old.upload.id,
            1 => new.upload.intake = old.upload.intake.clone(),
            _ => new.upload.object_key = old.upload.object_key.clone(),
        }
        new
    };
    for case in 0..3 {
        let refused = catalog.add_file(&repeat(case), at(2)).await;
        assert!(matches!(refused, Err(CatalogError::Conflict)), "{refused:?}");
    }
    // A key that was doomed and swept would be swept again under its new owner.
    catalog.delete_file(ada.team, FileRef::Number(1), at(2)).await.unwrap().unwrap();
    for case in 0..3 {
        let refused = catalog.add_file(&repeat(case), at(2)).await;
        assert!(matches!(refused, Err(CatalogError::Conflict)), "{refused:?}");
    }
    assert_eq!(add(catalog, &bob, "new").await.number, 1, "a refusal uses no number");
}

#[tokio::test]
async fn a_file_that_cannot_be_is_refused_whole() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let foreigner = Identity { team: bob.team, user: ada.user.clone() };
    for owner in [stranger(), foreigner] {
        let refused = catalog.add_file(&new_file(&owner, "a"), at(1)).await;
        assert!(matches!(refused, Err(CatalogError::OwnerUnknown)), "{refused:?}");
    }
    let edits: [fn(&mut NewFile); 6] = [
        |new| new.name = "x".repeat(4_097).into(),
        |new| new.upload.intake = Intake::Single { staging_key: "".into() },
        |new| new.upload.intake = Intake::Single { staging_key: "x".repeat(1_025).into() },
        |new| new.upload.object_key = "".into(),
        |new| new.upload.object_key = "x".repeat(1_025).into(),
        |new| new.upload.content_type = "x".repeat(1_025).into(),
    ];
    for edit in edits {
        let mut new = new_file(&ada, "a");
        edit(&mut new);
        let refused = catalog.add_file(&new, at(1)).await;
        assert!(matches!(refused, Err(CatalogError::OutOfRange)), "{refused:?}");
        assert_eq!(catalog.upload(UploadRef::Id(new.upload.id)).await.unwrap(), None);
    }
    assert_eq!(add(catalog, &ada, "").await.number, 1, "a refusal uses no number");
}

#[tokio::test]
async fn numbers_count_in_the_team_and_never_come_twice() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    for expected in 1..=3 {
        assert_eq!(add(catalog, &ada, "a").await.number, expected);
    }
    assert_eq!(add(catalog, &bob, "b").await.number, 1);
    for number in [2, 3] {
        catalog.delete_file(ada.team, FileRef::Number(number), at(2)).await.unwrap().unwrap();
    }
    assert_eq!(add(catalog, &ada, "a").await.number, 4);
}

#[tokio::test]
async fn another_teams_file_is_as_good_as_not_there() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let file = add(catalog, &ada, "secret").await;
    assert_eq!(add(catalog, &ada, "second").await.number, 2);
    add(catalog, &bob, "bob's first").await;
    // Team, number and hash id: of another team, and of nobody.
    for (team, reference) in [
        (bob.team, FileRef::Number(2)),
        (bob.team, FileRef::Number(3)),
        (bob.team, FileRef::HashId(&file.hash_id)),
        (bob.team, FileRef::HashId("zzzzzzzzzz")),
        (stranger().team, FileRef::Number(1)),
        (ada.team, FileRef::Number(0)),
        (ada.team, FileRef::Number(-1)),
        (ada.team, FileRef::Number(i64::MIN)),
        (ada.team, FileRef::Number(i64::MAX)),
        (ada.team, FileRef::HashId("")),
        (ada.team, FileRef::HashId("1")),
        (ada.team, FileRef::HashId(&file.hash_id.to_uppercase())),
    ] {
        assert_eq!(catalog.file(team, reference).await.unwrap(), None, "{reference:?}");
        assert_eq!(catalog.delete_file(team, reference, at(2)).await.unwrap(), None);
    }
    let page = catalog.files(stranger().team, ALL).await.unwrap();
    assert_eq!(page, FilePage { files: vec![], total: 0 });
    let page = catalog.files(bob.team, ALL).await.unwrap();
    assert_eq!((page.files.len(), page.total, &*page.files[0].name), (1, 1, "bob's first"));
    assert_eq!(catalog.files(ada.team, ALL).await.unwrap().total, 2);
    assert!(doomed(catalog).await.is_empty());
}

#[tokio::test]
async fn pages_are_newest_first() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let mut files = vec![];
    for name in ["a", "b", "c", "d", "e"] {
        files.insert(0, add(catalog, &ada, name).await);
    }
    assert_eq!(catalog.files(ada.team, ALL).await.unwrap(), FilePage { files, total: 5 });
    let cases: [(u32, u64, &[i64]); 7] = [
        (2, 0, &[5, 4]),
        (2, 2, &[3, 2]),
        (2, 4, &[1]),
        (2, 5, &[]),
        (0, 0, &[]),
        (u32::MAX, 3, &[2, 1]),
        (1, u64::MAX, &[]),
    ];
    for (limit, offset, expected) in cases {
        let page = catalog.files(ada.team, Page { limit, offset }).await.unwrap();
        let numbers: Vec<_> = page.files.iter().map(|file| file.number).collect();
        assert_eq!((&*numbers, page.total), (expected, 5), "{limit} after {offset}");
    }
}

#[tokio::test]
async fn an_accepted_upload_has_an_object() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let file = add(catalog, &ada, "a").await;
    let key = &file.upload.object_key;
    assert!(!catalog.object_exists(key).await.unwrap());
    catalog.accept_upload(file.upload.id, &stored(12), at(2)).await.unwrap();
    assert!(catalog.object_exists(key).await.unwrap());
    assert!(!catalog.object_exists(&staging_key(&file.upload)).await.unwrap());
    assert_eq!(upload(catalog, &file).await.state, UploadState::Ready);
    let found = catalog.file(ada.team, FileRef::Number(1)).await.unwrap().unwrap();
    assert_eq!((found.size, found.upload.state), (Some(12), UploadState::Ready));

    // A second time changes nothing, whatever is said to have been found.
    catalog.accept_upload(file.upload.id, &stored(99), at(3)).await.unwrap();
    assert_eq!(catalog.file(ada.team, FileRef::Number(1)).await.unwrap().unwrap(), found);
    // What was accepted cannot be refused any more.
    let refused = catalog.fail_upload(file.upload.id, "late", at(3)).await;
    assert!(matches!(refused, Err(CatalogError::UploadClosed)), "{refused:?}");
    assert_eq!(catalog.file(ada.team, FileRef::Number(1)).await.unwrap().unwrap(), found);
    assert_eq!(doomed(catalog).await, [staging_key(&file.upload)]);
}

#[tokio::test]
async fn sizes_are_kept_up_to_the_largest_and_not_beyond() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    for size in [0, 5 << 30, i64::MAX.unsigned_abs()] {
        let file = add(catalog, &ada, "a").await;
        let found = Stored { size, etag: "".into(), sha256: None };
        catalog.accept_upload(file.upload.id, &found, at(2)).await.unwrap();
        let found = catalog.file(ada.team, FileRef::HashId(&file.hash_id)).await.unwrap();
        assert_eq!(found.unwrap().size, Some(size));
    }
    let file = add(catalog, &ada, "a").await;
    let long = Stored { etag: "x".repeat(1_025).into(), ..stored(1) };
    for wrong in [stored(1 << 63), stored(u64::MAX), long] {
        let refused = catalog.accept_upload(file.upload.id, &wrong, at(2)).await;
        assert!(matches!(refused, Err(CatalogError::OutOfRange)), "{refused:?}");
        assert_eq!(upload(catalog, &file).await.state, UploadState::Pending);
        assert!(!doomed(catalog).await.contains(&staging_key(&file.upload)));
    }
}

#[tokio::test]
async fn a_failed_upload_is_doomed() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let file = add(catalog, &ada, "a").await;
    let long = catalog.fail_upload(file.upload.id, &"x".repeat(4_097), at(2)).await;
    assert!(matches!(long, Err(CatalogError::OutOfRange)), "{long:?}");
    assert!(doomed(catalog).await.is_empty());

    catalog.fail_upload(file.upload.id, "wrong digest", at(2)).await.unwrap();
    let failed = upload(catalog, &file).await;
    assert_eq!(
        (failed.state, failed.failure.as_deref()),
        (UploadState::Failed, Some("wrong digest"))
    );
    assert_eq!(doomed(catalog).await, keys_of(&[&file]));
    catalog.fail_upload(file.upload.id, "another reason", at(3)).await.unwrap();
    assert_eq!(upload(catalog, &file).await, failed);

    // The file is still in the list, and still goes.
    let found = catalog.file(ada.team, FileRef::Number(1)).await.unwrap().unwrap();
    assert_eq!((found.size, &found.upload), (None, &failed));
    assert_eq!(
        catalog.delete_file(ada.team, FileRef::Number(1), at(4)).await.unwrap(),
        Some(found)
    );
    assert_eq!(upload(catalog, &file).await, failed);
    assert_eq!(doomed(catalog).await, keys_of(&[&file]));
}

#[tokio::test]
async fn a_deleted_file_takes_its_object_with_it() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let pending = add(catalog, &ada, "pending").await;
    let ready = add(catalog, &ada, "ready").await;
    catalog.accept_upload(ready.upload.id, &stored(12), at(2)).await.unwrap();

    let by_hash_id = FileRef::HashId(&ready.hash_id);
    let deleted = catalog.delete_file(ada.team, by_hash_id, at(3)).await.unwrap().unwrap();
    assert_eq!((deleted.size, deleted.upload.state), (Some(12), UploadState::Ready));
    assert!(!catalog.object_exists(&ready.upload.object_key).await.unwrap());
    let deleted = catalog.delete_file(ada.team, FileRef::Number(1), at(4)).await.unwrap().unwrap();
    assert_eq!(deleted, pending);

    for file in [&pending, &ready] {
        assert_eq!(upload(catalog, file).await.state, UploadState::Aborted);
        let refused = catalog.fail_upload(file.upload.id, "late", at(5)).await;
        assert!(matches!(refused, Err(CatalogError::UploadClosed)), "{refused:?}");
        let number = FileRef::Number(file.number);
        assert_eq!(catalog.file(ada.team, number).await.unwrap(), None);
        assert_eq!(catalog.delete_file(ada.team, number, at(5)).await.unwrap(), None);
    }
    assert_eq!(catalog.files(ada.team, ALL).await.unwrap().total, 0);
    assert_eq!(doomed(catalog).await, keys_of(&[&ready, &pending]), "the oldest first");
}
