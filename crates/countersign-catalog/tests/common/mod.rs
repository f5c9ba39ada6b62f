//! What every test of the catalog needs. Whoever brings another catalog changes [`open`] only.

use std::sync::Arc;

use countersign::Timestamp;
use countersign_catalog::{Catalog, Identity, NewFile, NewUpload, SqliteCatalog, TeamName, UserId};
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
    let id = Uuid::new_v4();
    let upload = NewUpload {
        id,
        owner: owner.clone(),
        staging_key: format!("staging/{id}").into(),
        object_key: format!("objects/{id}").into(),
        content_type: "text/csv".into(),
        not_after: at(3_600),
    };
    NewFile { name: name.into(), upload }
}
