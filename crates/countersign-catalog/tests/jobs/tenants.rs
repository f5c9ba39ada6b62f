//! What another team has is as good as not there.

use countersign_catalog::{CatalogError, UploadRef};

use crate::{
    ALL, add_dataset, add_pending, add_ready, add_version,
    common::{at, open, owner},
    dataset, into_new, new_job, new_version, source_of, stranger,
};

#[tokio::test]
async fn a_job_of_another_team_is_neither_seen_nor_committed() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let target = add_dataset(catalog, &ada).await;
    let pending = add_pending(catalog, &ada, None).await;
    let with_dataset = add_ready(catalog, &ada, Some(target.id)).await;
    let without = add_ready(catalog, &ada, None).await;
    let committed = add_ready(catalog, &ada, Some(target.id)).await;
    let id = committed.upload.id;
    let committed = catalog.commit_job(ada.team, id, &new_version(), at(3)).await.unwrap();
    for job in [pending, with_dataset, without, committed] {
        let id = job.upload.id;
        for team in [bob.team, stranger().team] {
            assert_eq!(catalog.job(team, id).await.unwrap(), None);
            for version in [new_version(), into_new(&bob), into_new(&ada)] {
                // As one that never was, also where it is committed.
                let refused = catalog.commit_job(team, id, &version, at(4)).await;
                assert!(matches!(refused, Err(CatalogError::UploadClosed)), "{refused:?}");
            }
        }
        assert_eq!(catalog.job(ada.team, id).await.unwrap().as_ref(), Some(&job));
        assert_eq!(source_of(catalog, &job).await.is_some(), job.committed_at.is_some());
    }
    assert_eq!(dataset(catalog, &ada, target.id).await.version, 1);
    assert_eq!(catalog.datasets(bob.team, None, ALL).await.unwrap().total, 0);
}

#[tokio::test]
async fn no_job_is_for_a_dataset_of_another_team() {
    let fixture = open().await;
    let catalog = &*fixture.catalog;
    let ada = owner(catalog, "acme", "ada").await;
    let bob = owner(catalog, "zenith", "bob").await;
    let target = add_dataset(catalog, &ada).await;
    add_version(catalog, &target, at(2)).await;
    let new = new_job(&bob, Some(target.id));
    let refused = catalog.add_job(&new, at(3)).await;
    assert!(matches!(refused, Err(CatalogError::OwnerUnknown)), "{refused:?}");
    assert_eq!(catalog.upload(UploadRef::Id(new.upload.id)).await.unwrap(), None);
    // Nor does one become the first version of a dataset there.
    let job = add_ready(catalog, &bob, None).await;
    let refused = catalog.commit_job(bob.team, job.upload.id, &into_new(&ada), at(3)).await;
    assert!(matches!(refused, Err(CatalogError::OwnerUnknown)), "{refused:?}");
    assert_eq!(catalog.job(bob.team, job.upload.id).await.unwrap(), Some(job));
    assert_eq!(catalog.datasets(ada.team, None, ALL).await.unwrap().total, 1);
    assert_eq!(dataset(catalog, &ada, target.id).await.version, 1);
}
