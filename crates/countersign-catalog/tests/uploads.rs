//! The ways in which bytes come in, and which keys each of them has to lose.

mod common;

use std::slice;

use common::{at, new_file, new_upload, open, owner, staging_key, stored};
use countersign::Timestamp;
use countersign_catalog::{
    Acceptance, Catalog, CatalogError, FileRef, Identity, Intake, NewFile, NewUpload, Purpose,
    Stored, TeamId, Upload, UploadRef, UploadState, UserId,
};
use uuid::Uuid;

const SIZE_MAX: u64 = i64::MAX.unsigned_abs();

fn single() -> Intake {
    Intake::Single { staging_key: Uuid::new_v4().to_string().into() }
}

fn multipart() -> Intake {
    Intake::Multipart { upload_id: Uuid::new_v4().to_string().into(), part_size: 8 << 20 }
}

fn every_intake() -> [Intake; 3] {
    [single(), multipart(), Intake::Direct]
}

async fn upload(catalog: &dyn Catalog, id: Uuid) -> Option<Upload> {
    catalog.upload(UploadRef::Id(id)).await.unwrap()
}

/// Also those that are not due for a long time.
async fn doomed(catalog: &dyn Catalog) -> Vec<Box<str>> {
    catalog.doomed(100, Timestamp::MAX).await.unwrap()
}

/// The keys in the order in which they are doomed.
fn keys_of(upload: &Upload) -> Vec<Box<str>> {
    let staging = matches!(upload.intake, Intake::Single { .. }).then(|| staging_key(upload));
    staging.into_iter().chain([upload.object_key.clone()]).collect()
}

async fn forget_all(catalog: &dyn Catalog) {
    for key in doomed(catalog).await {
        catalog.forget_doomed(&key).await.unwrap();
    }
}

#[tokio::test]
async fn an_upload_is_as_it_was_recorded() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let longest = "x".repeat(1_024);
    for intake in [
        single(),
        multipart(),
        Intake::Multipart { upload_id: "x".into(), part_size: 1 },
        Intake::Multipart { upload_id: longest.as_str().into(), part_size: SIZE_MAX },
        Intake::Direct,
        Intake::Direct,
    ] {
        for declared_size in [None, Some(0), Some(1), Some(SIZE_MAX)] {
            let mut new = new_upload(&ada, intake.clone());
            new.declared_size = declared_size;
            let added = catalog.add_upload(&new, at(1)).await.unwrap();
            let expected = Upload {
                purpose: Purpose::DataSource,
                id: new.id,
                owner: ada.clone(),
                state: UploadState::Pending,
                intake: new.intake,
                object_key: new.object_key,
                content_type: new.content_type,
                declared_size,
                not_after: new.not_after,
                failure: None,
            };
            assert_eq!(added, expected);
            for reference in [UploadRef::Id(new.id), UploadRef::ObjectKey(&added.object_key)] {
                assert_eq!(catalog.upload(reference).await.unwrap().as_ref(), Some(&added));
            }
            assert!(!catalog.object_exists(&added.object_key).await.unwrap());
            if intake != Intake::Direct {
                break;
            }
        }
    }
    for unknown in ["", "objects/", "%"] {
        assert_eq!(catalog.upload(UploadRef::ObjectKey(unknown)).await.unwrap(), None);
    }
    assert!(doomed(catalog).await.is_empty());
}

#[tokio::test]
async fn a_staging_key_is_no_object_key() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let added = catalog.add_upload(&new_upload(&ada, single()), at(1)).await.unwrap();
    let by_staging_key = staging_key(&added);
    assert_eq!(catalog.upload(UploadRef::ObjectKey(&by_staging_key)).await.unwrap(), None);
}

/// Every upload that cannot be, with the reason.
fn wrong_uploads(ada: &Identity, elsewhere: TeamId) -> Vec<(NewUpload, CatalogError)> {
    let too_long = "x".repeat(1_025);
    let parts = |upload_id: &str, part_size| {
        new_upload(ada, Intake::Multipart { upload_id: upload_id.into(), part_size })
    };
    let foreigner = Identity { team: elsewhere, user: ada.user.clone() };
    let stranger = Identity { team: TeamId::new(99), user: UserId::new("ada").unwrap() };
    let mut wrong = vec![
        (parts("", 1), CatalogError::OutOfRange),
        (parts(&too_long, 1), CatalogError::OutOfRange),
        (parts("a", 0), CatalogError::OutOfRange),
        (parts("a", SIZE_MAX + 1), CatalogError::OutOfRange),
        (parts("a", u64::MAX), CatalogError::OutOfRange),
        (new_upload(&foreigner, Intake::Direct), CatalogError::OwnerUnknown),
        (new_upload(&stranger, Intake::Direct), CatalogError::OwnerUnknown),
    ];
    let edits: [fn(&mut NewUpload); 5] = [
        |new| new.declared_size = Some(SIZE_MAX + 1),
        |new| new.declared_size = Some(u64::MAX),
        |new| new.object_key = "".into(),
        |new| new.object_key = "x".repeat(1_025).into(),
        |new| new.content_type = "x".repeat(1_025).into(),
    ];
    for edit in edits {
        let mut new = new_upload(ada, Intake::Direct);
        edit(&mut new);
        wrong.push((new, CatalogError::OutOfRange));
    }
    wrong
}

#[tokio::test]
async fn an_upload_that_cannot_be_is_refused_whole() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let elsewhere = owner(catalog, "zenith", "bob").await.team;
    for (new, expected) in wrong_uploads(&ada, elsewhere) {
        let refusals = [
            catalog.add_upload(&new, at(1)).await,
            catalog.add_stored_upload(&new, &stored(1), at(1)).await,
            catalog
                .add_file(&NewFile { name: "a".into(), upload: new.clone() }, at(1))
                .await
                .map(|file| file.upload),
        ];
        for refused in refusals {
            let refused = refused.unwrap_err();
            assert_eq!(refused.to_string(), expected.to_string(), "{new:?}");
        }
        assert_eq!(upload(catalog, new.id).await, None);
        assert!(!catalog.object_exists(&new.object_key).await.unwrap());
    }
    assert!(doomed(catalog).await.is_empty());
    assert_eq!(catalog.add_file(&new_file(&ada, "a"), at(1)).await.unwrap().number, 1);
}

#[tokio::test]
async fn no_id_and_no_key_is_ever_used_twice() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    for intake in every_intake() {
        let old = new_upload(&ada, intake.clone());
        catalog.add_upload(&old, at(1)).await.unwrap();
        let id = NewUpload { id: old.id, ..new_upload(&bob, Intake::Direct) };
        let key =
            NewUpload { object_key: old.object_key.clone(), ..new_upload(&bob, Intake::Direct) };
        let mut repeated = vec![id, key];
        // Nothing can be repeated of what came in directly.
        repeated.extend((intake != Intake::Direct).then(|| new_upload(&bob, intake)));
        for new in &repeated {
            catalog.doom(&new.object_key, at(5)).await.unwrap();
            let refused = catalog.add_upload(new, at(2)).await;
            assert!(matches!(refused, Err(CatalogError::Conflict)), "{refused:?}");
            let refused = catalog.add_stored_upload(new, &stored(1), at(2)).await;
            assert!(matches!(refused, Err(CatalogError::Conflict)), "{refused:?}");
            // Whoever put bytes there cannot say so, and they go.
            assert_eq!(doomed(catalog).await, slice::from_ref(&new.object_key));
            forget_all(catalog).await;
        }
        assert_eq!(upload(catalog, old.id).await.unwrap().owner, ada);
    }
}

#[tokio::test]
async fn an_accepted_upload_loses_its_staging_key_alone() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    for intake in every_intake() {
        let added = catalog.add_upload(&new_upload(&ada, intake), at(1)).await.unwrap();
        let accepted = catalog.accept_upload(added.id, &stored(7), at(2)).await.unwrap();
        assert_eq!(accepted, Acceptance::Now);
        assert_eq!(upload(catalog, added.id).await.unwrap().state, UploadState::Ready);
        assert!(catalog.object_exists(&added.object_key).await.unwrap());
        let mut lost = keys_of(&added);
        lost.pop();
        assert_eq!(doomed(catalog).await, lost);
        let again = catalog.accept_upload(added.id, &stored(7), at(2)).await.unwrap();
        assert_eq!(again, Acceptance::Before);
        let refused = catalog.fail_upload(added.id, "late", at(3)).await;
        assert!(matches!(refused, Err(CatalogError::UploadClosed)), "{refused:?}");
        forget_all(catalog).await;
    }
}

#[tokio::test]
async fn a_failed_upload_loses_the_keys_that_it_has() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    for intake in every_intake() {
        let added = catalog.add_upload(&new_upload(&ada, intake), at(1)).await.unwrap();
        catalog.fail_upload(added.id, "why", at(2)).await.unwrap();
        assert_eq!(doomed(catalog).await, keys_of(&added));
        assert_eq!(catalog.doomed(100, at(2)).await.unwrap(), slice::from_ref(&added.object_key));
        forget_all(catalog).await;
        // The parts may have been assembled a moment too late.
        let refused = catalog.accept_upload(added.id, &stored(7), at(3)).await;
        assert!(matches!(refused, Err(CatalogError::UploadClosed)), "{refused:?}");
        assert_eq!(doomed(catalog).await, [added.object_key]);
        forget_all(catalog).await;
    }
}

#[tokio::test]
async fn a_file_may_come_in_any_way() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    for (intake, is_ready) in
        every_intake().into_iter().flat_map(|i| [(i.clone(), false), (i, true)])
    {
        let mut new = NewFile { name: "a".into(), upload: new_upload(&ada, intake) };
        if let Intake::Single { staging_key: id } | Intake::Multipart { upload_id: id, .. } =
            &mut new.upload.intake
        {
            *id = Uuid::new_v4().to_string().into();
        }
        let added = catalog.add_file(&new, at(1)).await.unwrap();
        if is_ready {
            catalog.accept_upload(added.upload.id, &stored(7), at(2)).await.unwrap();
        }
        let reference = FileRef::HashId(&added.hash_id);
        let deleted = catalog.delete_file(ada.team, reference, at(3)).await.unwrap().unwrap();
        assert_eq!(deleted.upload.intake, new.upload.intake);
        assert_eq!(deleted.size, is_ready.then_some(7));
        let aborted = upload(catalog, new.upload.id).await.unwrap();
        assert_eq!(aborted.state, UploadState::Aborted);
        assert_eq!(doomed(catalog).await, keys_of(&aborted));
        forget_all(catalog).await;
        let refused = catalog.accept_upload(added.upload.id, &stored(7), at(4)).await;
        assert!(matches!(refused, Err(CatalogError::UploadClosed)), "{refused:?}");
        assert_eq!(doomed(catalog).await, [aborted.object_key]);
        forget_all(catalog).await;
    }
}

#[tokio::test]
async fn what_is_stored_already_is_ready_and_doomed_no_more() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    for intake in every_intake() {
        let new = new_upload(&ada, intake);
        catalog.doom(&new.object_key, at(90_000)).await.unwrap();
        let added = catalog.add_stored_upload(&new, &stored(7), at(2)).await.unwrap();
        assert_eq!((added.state, &added.intake), (UploadState::Ready, &new.intake));
        assert_eq!(upload(catalog, new.id).await.as_ref(), Some(&added));
        assert!(catalog.object_exists(&new.object_key).await.unwrap());
        let mut lost = keys_of(&added);
        lost.pop();
        assert_eq!(doomed(catalog).await, lost);
        forget_all(catalog).await;
        let accepted = catalog.accept_upload(new.id, &stored(8), at(3)).await.unwrap();
        assert_eq!(accepted, Acceptance::Before);
        assert!(doomed(catalog).await.is_empty());
    }
}

#[tokio::test]
async fn bytes_that_may_have_been_swept_are_not_recorded() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let new = new_upload(&ada, Intake::Direct);
    let refused = catalog.add_stored_upload(&new, &stored(1), at(2)).await;
    assert!(matches!(refused, Err(CatalogError::UploadClosed)), "{refused:?}");
    catalog.doom(&new.object_key, at(9)).await.unwrap();
    let refused = catalog.add_stored_upload(&new, &stored(1), at(9)).await;
    assert!(matches!(refused, Err(CatalogError::UploadClosed)), "{refused:?}");
    assert_eq!(upload(catalog, new.id).await, None);
    assert_eq!(doomed(catalog).await, slice::from_ref(&new.object_key));
    catalog.add_stored_upload(&new, &stored(1), at(8)).await.unwrap();
    assert!(doomed(catalog).await.is_empty());
}

#[tokio::test]
async fn what_cannot_be_stored_stays_doomed() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let new = new_upload(&ada, Intake::Direct);
    catalog.doom(&new.object_key, at(90_000)).await.unwrap();
    let long = Stored { etag: "x".repeat(1_025).into(), ..stored(1) };
    for wrong in [stored(SIZE_MAX + 1), stored(u64::MAX), long] {
        let refused = catalog.add_stored_upload(&new, &wrong, at(2)).await;
        assert!(matches!(refused, Err(CatalogError::OutOfRange)), "{refused:?}");
        assert_eq!(upload(catalog, new.id).await, None);
        assert!(!catalog.object_exists(&new.object_key).await.unwrap());
        assert!(catalog.doomed(9, at(89_999)).await.unwrap().is_empty());
        assert_eq!(catalog.doomed(9, at(90_000)).await.unwrap(), slice::from_ref(&new.object_key));
    }
    catalog.add_stored_upload(&new, &stored(SIZE_MAX), at(2)).await.unwrap();
    assert!(doomed(catalog).await.is_empty());
}

#[tokio::test]
async fn a_doomed_key_is_due_when_its_caller_says() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let [first, second] = ["objects/1", "objects/2"].map(Box::<str>::from);
    catalog.doom(&first, at(50)).await.unwrap();
    catalog.doom(&second, Timestamp::MIN).await.unwrap();
    assert_eq!(catalog.doomed(9, Timestamp::MIN).await.unwrap(), slice::from_ref(&second));
    assert_eq!(catalog.doomed(9, at(49)).await.unwrap(), slice::from_ref(&second));
    assert_eq!(catalog.doomed(9, at(50)).await.unwrap(), [first.clone(), second.clone()]);
    // Later, and then earlier.
    for due_at in [at(70), at(60)] {
        catalog.doom(&first, due_at).await.unwrap();
        assert_eq!(catalog.doomed(9, at(69)).await.unwrap(), slice::from_ref(&second));
        assert_eq!(catalog.doomed(9, at(70)).await.unwrap(), [first.clone(), second.clone()]);
    }
    for wrong in ["", &"x".repeat(1_025)] {
        let refused = catalog.doom(wrong, at(1)).await;
        assert!(matches!(refused, Err(CatalogError::OutOfRange)), "{refused:?}");
    }
    catalog.doom(&"x".repeat(1_024), Timestamp::MAX).await.unwrap();
    assert_eq!(doomed(catalog).await.len(), 3);
}
