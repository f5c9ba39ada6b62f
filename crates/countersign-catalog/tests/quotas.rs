//! What a team may have: kept by the schema, whatever asks for more.

mod common;

use std::sync::Arc;

use common::{at, new_file, new_upload, open, owner, staging_key, stored};
use countersign_catalog::{
    Catalog, CatalogError, FileRef, Identity, Intake, TeamId, TeamLimits, TeamUsage, UploadState,
};

fn limits(bytes_max: u64, objects_max: u64) -> TeamLimits {
    TeamLimits { bytes_max: Some(bytes_max), objects_max: Some(objects_max) }
}

async fn usage(catalog: &dyn Catalog, who: &Identity) -> (u64, u64) {
    let TeamUsage { bytes, objects, .. } = catalog.team_usage(who.team).await.unwrap();
    (bytes, objects)
}

/// Records a file of so many bytes; its number.
async fn add(catalog: &dyn Catalog, who: &Identity, size: u64) -> Result<i64, CatalogError> {
    let file = catalog.add_file(&new_file(who, "a.csv"), at(1)).await.unwrap();
    catalog.accept_upload(file.upload.id, &stored(size), at(2)).await?;
    Ok(file.number)
}

#[tokio::test]
async fn what_is_accepted_counts_until_it_is_deleted() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "acme", "bob").await;
    let eve = owner(catalog, "zenith", "eve").await;
    catalog.add_file(&new_file(&ada, "pending"), at(1)).await.unwrap();
    assert_eq!(usage(catalog, &ada).await, (0, 0));
    let first = add(catalog, &ada, 7).await.unwrap();
    let second = add(catalog, &bob, 0).await.unwrap();
    add(catalog, &eve, 100).await.unwrap();
    let direct = new_upload(&ada, Intake::Direct);
    catalog.doom(&direct.object_key, at(90_000)).await.unwrap();
    catalog.add_stored_upload(&direct, &stored(5), at(2)).await.unwrap();
    assert_eq!(usage(catalog, &ada).await, (12, 3));
    // Accepted again, it is not there twice.
    let file = catalog.file(ada.team, FileRef::Number(first)).await.unwrap().unwrap();
    catalog.accept_upload(file.upload.id, &stored(7), at(3)).await.unwrap();
    assert_eq!(usage(catalog, &ada).await, (12, 3));
    for (number, left) in [(first, (5, 2)), (second, (5, 1))] {
        catalog.delete_file(ada.team, FileRef::Number(number), at(4)).await.unwrap().unwrap();
        assert_eq!(usage(catalog, &ada).await, left);
    }
    assert_eq!(usage(catalog, &eve).await, (100, 1));
}

#[tokio::test]
async fn nothing_is_accepted_beyond_a_limit_and_what_was_refused_may_come_later() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    catalog.limit_team(ada.team, &limits(10, 2)).await.unwrap();
    let first = add(catalog, &ada, 8).await.unwrap();
    for size in [3, u64::MAX >> 1] {
        assert!(matches!(add(catalog, &ada, size).await, Err(CatalogError::OverQuota)), "{size}");
    }
    let file = catalog.add_file(&new_file(&ada, "late.csv"), at(1)).await.unwrap();
    let refused = catalog.accept_upload(file.upload.id, &stored(3), at(2)).await;
    assert!(matches!(refused, Err(CatalogError::OverQuota)), "{refused:?}");
    // Nothing was changed by it.
    let found = catalog.file(ada.team, FileRef::Number(file.number)).await.unwrap().unwrap();
    assert_eq!((found.upload.state, found.size), (UploadState::Pending, None));
    assert!(
        !catalog.doomed(9, at(u32::MAX >> 4)).await.unwrap().contains(&staging_key(&found.upload))
    );
    assert_eq!(usage(catalog, &ada).await, (8, 1));

    add(catalog, &ada, 2).await.unwrap();
    // Two objects are as many as there may be, however small a third one is.
    assert!(matches!(add(catalog, &ada, 0).await, Err(CatalogError::OverQuota)));
    let direct = new_upload(&ada, Intake::Direct);
    catalog.doom(&direct.object_key, at(90_000)).await.unwrap();
    let refused = catalog.add_stored_upload(&direct, &stored(0), at(2)).await;
    assert!(matches!(refused, Err(CatalogError::OverQuota)), "{refused:?}");

    catalog.delete_file(ada.team, FileRef::Number(first), at(4)).await.unwrap().unwrap();
    catalog.accept_upload(file.upload.id, &stored(3), at(5)).await.unwrap();
    assert_eq!(usage(catalog, &ada).await, (5, 2));
}

#[tokio::test]
async fn a_limit_is_of_one_team_and_can_be_changed_and_lifted() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let eve = owner(catalog, "zenith", "eve").await;
    add(catalog, &ada, 100).await.unwrap();
    // Who has more keeps it.
    catalog.limit_team(ada.team, &limits(10, 0)).await.unwrap();
    assert_eq!(catalog.team_usage(ada.team).await.unwrap().limits, limits(10, 0));
    assert_eq!(usage(catalog, &ada).await, (100, 1));
    assert!(matches!(add(catalog, &ada, 0).await, Err(CatalogError::OverQuota)));
    add(catalog, &eve, 1_000).await.unwrap();
    assert_eq!(catalog.team_usage(eve.team).await.unwrap().limits, TeamLimits::default());
    catalog.limit_team(ada.team, &TeamLimits::default()).await.unwrap();
    add(catalog, &ada, 1).await.unwrap();

    let unknown = TeamId::new(i64::MAX);
    let refused = catalog.limit_team(unknown, &limits(1, 1)).await;
    assert!(matches!(refused, Err(CatalogError::OwnerUnknown)), "{refused:?}");
    let refused = catalog.team_usage(unknown).await;
    assert!(matches!(refused, Err(CatalogError::OwnerUnknown)), "{refused:?}");
    for wrong in [limits(u64::MAX, 1), limits(1, u64::MAX)] {
        let refused = catalog.limit_team(ada.team, &wrong).await;
        assert!(matches!(refused, Err(CatalogError::OutOfRange)), "{refused:?}");
    }
}

#[tokio::test]
async fn more_bytes_than_can_be_counted_are_as_many_as_can_be() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let most = u64::MAX >> 1;
    let number = add(catalog, &ada, most).await.unwrap();
    add(catalog, &ada, 5).await.unwrap();
    assert_eq!(usage(catalog, &ada).await, (most, 2));
    catalog.delete_file(ada.team, FileRef::Number(number), at(4)).await.unwrap().unwrap();
    assert_eq!(usage(catalog, &ada).await, (0, 1));
}

#[tokio::test]
async fn of_64_at_once_as_many_are_accepted_as_may_be() {
    let fixture = open().await;
    let ada = owner(&*fixture.catalog, "acme", "ada").await;
    fixture.catalog.limit_team(ada.team, &limits(50, 1_000)).await.unwrap();
    let mut adding = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (catalog, ada) = (Arc::clone(&fixture.catalog), ada.clone());
        adding.spawn(async move { add(&*catalog, &ada, 5).await });
    }
    let outcomes = adding.join_all().await;
    assert_eq!(outcomes.iter().filter(|it| it.is_ok()).count(), 10);
    let is_refused = |it: &Result<i64, CatalogError>| matches!(it, Err(CatalogError::OverQuota));
    assert_eq!(outcomes.iter().filter(|it| is_refused(it)).count(), 54);
    assert_eq!(usage(&*fixture.catalog, &ada).await, (50, 10));
}
