//! A disk that is full: refused by name, nothing partial, and as good as before once there is room.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use countersign_storage::{
    FileStore, ObjectKey, Objects, PartNumber, PartStore, PutRequest, StoreError, bytes_of, collect,
};
use object_store::Attributes;
use tempfile::TempDir;

use self::{bodies::body_of, layout::wrong_in};

#[path = "support/bodies.rs"]
mod bodies;
#[path = "support/layout.rs"]
mod layout;
#[path = "support/rng.rs"]
#[expect(dead_code, reason = "only bodies are random here")]
mod rng;

const LEN: usize = 700_000;

/// A file system of 16 MiB in memory, for as long as this lives.
struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// `None` where it cannot be mounted, by a user say that is not root.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=16m,mode=0700", "tmpfs"])
            .arg(folder.path())
            .output();
        mount.is_ok_and(|mount| mount.status.success()).then_some(Self { folder })
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("bucket")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.folder.path()).status();
    }
}

fn key(number: u64) -> ObjectKey {
    ObjectKey::new(format!("object {number}")).unwrap()
}

async fn put(store: &FileStore, number: u64) -> Result<(), StoreError> {
    let put = PutRequest::new(LEN as u64);
    store.put(&key(number), bytes_of(body_of(number, LEN)), put).await?;
    Ok(())
}

async fn read(store: &FileStore, number: u64) -> Vec<u8> {
    let object = store.open(&key(number)).await.unwrap();
    collect(object.read(0..u64::MAX)).await.unwrap().to_vec()
}

/// Puts until nothing more fits; says how many did.
async fn fill(store: &FileStore, root: &Path) -> u64 {
    let mut number = 0;
    loop {
        match put(store, number).await {
            Ok(()) => number += 1,
            Err(StoreError::Full) => break,
            Err(error) => panic!("{error:?}"),
        }
        assert!(number < 100, "never full");
    }
    assert_eq!(wrong_in(root), None);
    number
}

#[tokio::test]
async fn a_full_disk_is_refused_by_name_and_harms_nothing() {
    let Some(disk) = SmallDisk::mount() else {
        println!("SKIPPED: no tmpfs can be mounted here; a full disk was NOT tested");
        return;
    };
    let root = disk.root();
    let store = FileStore::open(&root).unwrap();
    let upload = store.create(&key(1), Attributes::new()).await.unwrap();
    let stored = fill(&store, &root).await;
    assert!(stored > 15, "{stored}");

    // Replacing needs room too, and so does a part.
    assert!(matches!(put(&store, 0).await, Err(StoreError::Full)));
    let (one, body) = (PartNumber::new(1).unwrap(), body_of(1, LEN));
    let request = PutRequest::new(LEN as u64);
    let part = store.put_part(&key(1), &upload, one, bytes_of(body), request).await;
    assert!(matches!(part, Err(StoreError::Full)));
    // To the last byte: there is room for small things until there is none.
    for small in 1_000.. {
        match store.put(&key(small), bytes_of("x"), PutRequest::new(1)).await {
            Ok(_) => assert!(small < 10_000, "never full"),
            Err(error) => {
                assert!(matches!(error, StoreError::Full), "{error:?}");
                break;
            }
        }
    }
    let mut created = store.create(&key(2), Attributes::new()).await;
    while created.is_ok() {
        created = store.create(&key(2), Attributes::new()).await;
    }
    assert!(matches!(created, Err(StoreError::Full)));
    assert_eq!(wrong_in(&root), None);
    for number in 0..stored {
        assert!(read(&store, number).await == body_of(number, LEN), "{number}");
    }
    assert!(matches!(store.open(&key(stored)).await, Err(StoreError::NotFound)));

    // Without a new start.
    store.delete(&key(0)).await.unwrap();
    store.delete(&key(1)).await.unwrap();
    put(&store, stored).await.unwrap();
    assert!(read(&store, stored).await == body_of(stored, LEN));
    assert_eq!(wrong_in(&root), None);
    drop(store);
    let store = FileStore::open(&root).unwrap();
    assert!(read(&store, stored).await == body_of(stored, LEN));
}
