//! A disk without a free byte: what frees space goes on, and nothing else takes its room.

#[expect(dead_code, reason = "the catalog lies on a disk of its own here")]
mod common;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use common::{at, new_file, new_upload, owner, stored};
use countersign_catalog::{
    Catalog, CatalogError, DataSourceRef, FileRef, Identity, Intake, NewDataSource, NewDataset,
    Page, SqliteCatalog, TargetDataset,
};
use tempfile::TempDir;
use uuid::Uuid;

/// A file system of 4 MiB in memory, for as long as this lives.
struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// `None` where it cannot be mounted, by a user say that is not root.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs"])
            .arg(folder.path())
            .output();
        if mount.is_ok_and(|mount| mount.status.success()) {
            return Some(Self { folder });
        }
        println!("SKIPPED: no tmpfs can be mounted here; a full disk was NOT tested");
        None
    }

    fn catalog(&self) -> PathBuf {
        self.folder.path().join("catalog.db")
    }

    fn has_reserve(&self) -> bool {
        self.folder.path().join("catalog.db-reserve").exists()
    }

    /// Takes the last byte, as another program would.
    fn fill(&self) {
        let ballast = self.folder.path().join("ballast");
        let mut ballast = fs::OpenOptions::new().append(true).create(true).open(ballast).unwrap();
        for piece in [&[1; 4_096][..], &[1]] {
            while ballast.write_all(piece).is_ok() {}
        }
    }

    /// Removes what [`fill`](Self::fill) wrote.
    fn empty(&self) {
        fs::remove_file(self.folder.path().join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.folder.path()).status();
    }
}

async fn open(path: &Path) -> (SqliteCatalog, Identity) {
    let catalog = SqliteCatalog::open(path).await.unwrap();
    let ada = owner(&catalog, "acme", "ada").await;
    (catalog, ada)
}

/// Records files until there is no room for one more, and says how many there are.
async fn fill_with_records(catalog: &SqliteCatalog, owner: &Identity) -> i64 {
    loop {
        match catalog.add_file(&new_file(owner, "tiny"), at(1)).await {
            Ok(file) => assert!(file.number < 20_000, "never full"),
            Err(CatalogError::Full) => break,
            Err(error) => panic!("{error:?}"),
        }
    }
    let page = Page { limit: 1, offset: 0 };
    i64::try_from(catalog.files(owner.team, page).await.unwrap().total).unwrap()
}

async fn delete(catalog: &SqliteCatalog, owner: &Identity, number: i64) {
    let deleted = catalog.delete_file(owner.team, FileRef::Number(number), at(2)).await;
    deleted.unwrap_or_else(|error| panic!("{number}: {error:?}")).unwrap();
}

/// Enough to use up any room that is not given back.
const DELETED: i64 = 300;

/// No bytes are freed by it, only records: nothing but the reserve can help.
#[tokio::test]
async fn records_are_deleted_while_others_take_every_byte() {
    let Some(disk) = SmallDisk::mount() else { return };
    let (catalog, ada) = open(&disk.catalog()).await;
    let count = fill_with_records(&catalog, &ada).await;
    assert!(
        count > DELETED && disk.has_reserve(),
        "what is stored does not take the reserve: {count}"
    );
    for number in 1..=DELETED {
        disk.fill();
        delete(&catalog, &ada, number).await;
        let added = catalog.add_file(&new_file(&ada, "tiny"), at(1)).await;
        assert!(matches!(added, Ok(_) | Err(CatalogError::Full)), "{added:?}");
    }
    for key in catalog.doomed(300, at(3)).await.unwrap() {
        disk.fill();
        catalog.forget_doomed(&key).await.unwrap();
    }
    let left = fs::metadata(disk.folder.path().join("catalog.db-reserve")).unwrap().len();
    assert!(left > 2_000_000, "it comes back, but for what the records grew: {left}");
    disk.empty();
    catalog.add_file(&new_file(&ada, "room again"), at(4)).await.unwrap();
}

/// Dooming frees nothing by itself.
async fn doom_until_full(catalog: &SqliteCatalog) {
    for number in 0..1_000 {
        match catalog.doom(&format!("late {number}"), at(1_000)).await {
            Ok(()) => {}
            Err(CatalogError::Full) => return,
            Err(error) => panic!("{error:?}"),
        }
    }
    panic!("never full");
}

async fn add_data_source(catalog: &SqliteCatalog, owner: &Identity, upload: Uuid) -> DataSourceRef {
    let dataset = NewDataset {
        id: Uuid::new_v4(),
        owner: owner.clone(),
        name: "sales".into(),
        description: "".into(),
        columns: vec![],
    };
    let new = NewDataSource {
        id: Uuid::new_v4(),
        dataset: TargetDataset::New(dataset),
        name: "a".into(),
        file_name: "a".into(),
        upload,
        failure: None,
    };
    let added = catalog.add_data_source(owner.team, &new, at(1)).await.unwrap();
    DataSourceRef::Upload(added.upload.id)
}

#[tokio::test]
async fn each_step_that_frees_space_is_done() {
    let Some(disk) = SmallDisk::mount() else { return };
    let (catalog, ada) = open(&disk.catalog()).await;
    let failed = catalog.add_file(&new_file(&ada, "failed"), at(1)).await.unwrap();
    let upload = catalog.add_upload(&new_upload(&ada, Intake::Direct), at(1)).await.unwrap();
    catalog.accept_upload(upload.id, &stored(1), at(1)).await.unwrap();
    let source = add_data_source(&catalog, &ada, upload.id).await;
    let upload = catalog.add_upload(&new_upload(&ada, Intake::Direct), at(1)).await.unwrap();
    catalog.accept_upload(upload.id, &stored(1), at(1)).await.unwrap();
    let other = add_data_source(&catalog, &ada, upload.id).await;
    let other = catalog.data_source(ada.team, other).await.unwrap().unwrap();
    catalog.doom("doomed", at(1)).await.unwrap();

    fill_with_records(&catalog, &ada).await;
    disk.fill();
    // The log may have room for some more.
    doom_until_full(&catalog).await;
    assert!(disk.has_reserve(), "only what frees space takes it");
    catalog.fail_upload(failed.upload.id, "why", at(2)).await.unwrap();
    disk.fill();
    catalog.delete_data_source(ada.team, source, at(2)).await.unwrap().unwrap();
    disk.fill();
    catalog.delete_dataset(ada.team, other.dataset, at(2)).await.unwrap().unwrap();
    disk.fill();
    catalog.forget_doomed("doomed").await.unwrap();
    assert_eq!(catalog.doomed(100, at(2)).await.unwrap().len(), 3, "three object keys");
}

#[tokio::test]
async fn it_is_opened_on_a_full_disk_and_goes_on() {
    let Some(disk) = SmallDisk::mount() else { return };
    let (catalog, ada) = open(&disk.catalog()).await;
    for number in 0..100 {
        catalog.add_file(&new_file(&ada, &format!("file {number}")), at(1)).await.unwrap();
    }
    catalog.close().await;
    assert!(!disk.catalog().with_extension("db-shm").exists());
    // Not even the index of the log fits.
    disk.fill();
    let (catalog, ada) = open(&disk.catalog()).await;
    for number in 1..=100 {
        delete(&catalog, &ada, number).await;
    }
    disk.empty();
    catalog.forget_doomed("any").await.unwrap();
    assert!(disk.has_reserve(), "it is put back once there is room");
}

#[tokio::test]
async fn a_new_one_does_not_go_onto_a_full_disk() {
    let Some(disk) = SmallDisk::mount() else { return };
    disk.fill();
    let error = SqliteCatalog::open(&disk.catalog()).await.unwrap_err();
    assert!(matches!(error, CatalogError::Full), "{error:?}");
    assert!(!disk.has_reserve());
    disk.empty();
    open(&disk.catalog()).await;
    assert!(disk.has_reserve());
}
