//! What every test of the catalog needs. Whoever brings another catalog changes [`open`] only.

use std::sync::Arc;

use countersign::Timestamp;
use countersign_catalog::{
    Catalog, Identity, Intake, NewFile, NewUpload, SqliteCatalog, Stored, TeamName, Upload, UserId,
};
use tempfile::TempDir;
use uuid::Uuid;

/// A catalog that is gone when this is dropped.
pub(crate) struct Fixture {
    pub(crate) catalog: Arc<dyn Catalog>,
    _directory: TempDir,
}

pub(crate) async fn open() -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let catalog = SqliteCatalog::open(&directory.path().join("catalog.db")).await.unwrap();
    Fixture { catalog: Arc::new(catalog), _directory: directory }
}

/// So many seconds after the first one of these tests.
pub(crate) fn at(secs: u32) -> Timestamp {
    Timestamp::parse("20130524T000000Z").unwrap().checked_add_secs(secs).unwrap()
}

pub(crate) async fn owner(catalog: &dyn Catalog, team: &str, user: &str) -> Identity {
    let (team, user) = (TeamName::new(team).unwrap(), UserId::new(user).unwrap());
    catalog.ensure_user(&team, &user, at(0)).await.unwrap()
}

pub(crate) fn new_file(owner: &Identity, name: &str) -> NewFile {
    let staging_key = format!("staging/{}", Uuid::new_v4()).into();
    NewFile { name: name.into(), upload: new_upload(owner, Intake::Single { staging_key }) }
}

pub(crate) fn new_upload(owner: &Identity, intake: Intake) -> NewUpload {
    let id = Uuid::new_v4();
    NewUpload {
        id,
        owner: owner.clone(),
        intake,
        object_key: format!("objects/{id}").into(),
        content_type: "text/csv".into(),
        declared_size: None,
        not_after: at(3_600),
    }
}

/// The staging key of an upload that has one.
pub(crate) fn staging_key(upload: &Upload) -> Box<str> {
    let Intake::Single { staging_key } = &upload.intake else { panic!("{upload:?}") };
    staging_key.clone()
}

pub(crate) fn stored(size: u64) -> Stored {
    Stored { size, etag: "9a0364b9e99bb480".into(), sha256: Some([7; 32]) }
}
