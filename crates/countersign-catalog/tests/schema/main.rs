//! The rules hold in the schema itself, whatever a program writes.

mod imports;
mod kept;
mod purposes;
mod refused;
mod unlikely;

use countersign::Timestamp;
use countersign_catalog::{
    AccessKey, ApiKeyHash, Catalog, Column, ColumnKind, Identity, Intake, NewDataSource,
    NewDataset, NewFile, NewJob, NewSchemaFile, NewUpload, NewUploadToken, NewVersion, Schemas,
    Slug, SqliteCatalog, Stored, TargetDataset, TeamId, TeamName, UserId,
};
use sqlx::{
    AssertSqlSafe, Connection as _, SqliteConnection, error::ErrorKind,
    sqlite::SqliteConnectOptions,
};
use tempfile::TempDir;
use uuid::Uuid;

const NOW: Timestamp = match Timestamp::from_unix_secs(1_369_353_600) {
    Ok(now) => now,
    Err(_) => panic!("the year is 2013"),
};

struct Filled {
    catalog: SqliteCatalog,
    raw: SqliteConnection,
    _directory: TempDir,
}

/// Team 1 has the users ada and eve and the files 1 (ready), 2 (pending) and 3 (failed), whose uploads
/// are `x'11…'`, `x'22…'` and `x'33…'`. Team 2 has the user bob, the file 1 and the upload `x'44…'`,
/// which is pending. Each team has the schema `sales`, an API key and an access key.
///
/// Team 1 has the dataset `x'66…'` with the data sources `x'77…'`, which is ready, over the upload
/// `x'88…'`, and `x'99…'`, which failed, over `x'aa…'`; and the uploads in parts `x'bb…'`, which is
/// ready, and `x'cc…'`, which is pending: nobody has them. Team 2 has the dataset `x'dd…'`.
///
/// Team 1 has the jobs `x'a1…'`, which is pending, `x'a2…'`, which is ready, and `x'a3…'`, which is
/// version 1 of that dataset, as the data source `x'a4…'`. Team 2 has the job `x'a5…'`, which is
/// pending. Each team has a token, `x'b1…'` and `x'b2…'`, with a schema file `a.csv`, of the upload
/// `x'c1…'` and `x'c2…'`.
async fn filled() -> Filled {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    let catalog = SqliteCatalog::open(&path).await.unwrap();
    for (team, user, first_byte, uploads) in [("acme", "ada", 0x11, 3), ("zenith", "bob", 0x44, 1)]
    {
        let (name, user) = (TeamName::new(team).unwrap(), UserId::new(user).unwrap());
        let owner = catalog.ensure_user(&name, &user, NOW).await.unwrap();
        catalog.add_api_key(&ApiKeyHash::of(team), &owner, NOW).await.unwrap();
        let key = AccessKey { id: team.into(), team: owner.team, bucket: "uploads".into() };
        catalog.add_access_key(&key, NOW).await.unwrap();
        catalog.add_schema(owner.team, &Slug::new("sales").unwrap(), NOW).await.unwrap();
        for nth in 0..uploads {
            let id = Uuid::from_bytes([first_byte + 0x11 * nth; 16]);
            let upload = NewUpload {
                id,
                owner: owner.clone(),
                intake: Intake::Single { staging_key: format!("staging/{team}/{nth}").into() },
                object_key: format!("objects/{team}/{nth}").into(),
                content_type: "text/csv".into(),
                declared_size: None,
                not_after: NOW,
            };
            catalog.add_file(&NewFile { name: "a".into(), upload }, NOW).await.unwrap();
        }
    }
    let eve = UserId::new("eve").unwrap();
    catalog.ensure_user(&TeamName::new("acme").unwrap(), &eve, NOW).await.unwrap();
    catalog.accept_upload(id(0x11), &found(1), NOW).await.unwrap();
    catalog.fail_upload(id(0x33), "why", NOW).await.unwrap();
    fill_datasets(&catalog).await;
    fill_jobs(&catalog).await;
    fill_schemas(&catalog).await;
    let options = SqliteConnectOptions::new().filename(&path).foreign_keys(true);
    let raw = SqliteConnection::connect_with(&options).await.unwrap();
    Filled { catalog, raw, _directory: directory }
}

fn id(byte: u8) -> Uuid {
    Uuid::from_bytes([byte; 16])
}

fn ada_and_bob() -> [Identity; 2] {
    [(1, "ada"), (2, "bob")]
        .map(|(team, user)| Identity { team: TeamId::new(team), user: UserId::new(user).unwrap() })
}

fn found(size: u64) -> Stored {
    Stored { size, etag: "e".into(), sha256: None }
}

async fn fill_datasets(catalog: &SqliteCatalog) {
    let [ada, bob] = ada_and_bob();
    for (owner, byte) in [(&ada, 0x66), (&bob, 0xdd)] {
        let (id, owner) = (id(byte), owner.clone());
        let (name, description) = ("sales".into(), "".into());
        let columns = vec![Column { name: "amount".into(), kind: ColumnKind::Float }];
        let dataset = NewDataset { id, owner, name, description, columns };
        catalog.add_dataset(&dataset, NOW).await.unwrap();
    }
    for (byte, is_in_parts) in [(0x88, false), (0xaa, false), (0xbb, true), (0xcc, true)] {
        let parts = Intake::Multipart { upload_id: format!("{byte}").into(), part_size: 1 };
        let upload = NewUpload {
            id: id(byte),
            owner: ada.clone(),
            intake: if is_in_parts { parts } else { Intake::Direct },
            object_key: format!("objects/acme/{byte}").into(),
            content_type: "text/csv".into(),
            declared_size: Some(1),
            not_after: NOW,
        };
        catalog.add_upload(&upload, NOW).await.unwrap();
        if byte != 0xcc {
            catalog.accept_upload(id(byte), &found(1), NOW).await.unwrap();
        }
    }
    for (byte, upload, failure) in [(0x77, 0x88, None), (0x99, 0xaa, Some("why"))] {
        let new = NewDataSource {
            id: id(byte),
            dataset: TargetDataset::Existing(id(0x66)),
            name: "a".into(),
            file_name: "a".into(),
            upload: id(upload),
            failure: failure.map(Box::from),
        };
        catalog.add_data_source(ada.team, &new, NOW).await.unwrap();
    }
}

fn direct(owner: &Identity, byte: u8) -> NewUpload {
    NewUpload {
        id: id(byte),
        owner: owner.clone(),
        intake: Intake::Direct,
        object_key: format!("objects/direct/{byte}").into(),
        content_type: "text/csv".into(),
        declared_size: None,
        not_after: NOW,
    }
}

async fn fill_jobs(catalog: &SqliteCatalog) {
    let [ada, bob] = ada_and_bob();
    for (byte, owner, dataset) in
        [(0xa1, &ada, Some(0x66)), (0xa2, &ada, None), (0xa3, &ada, Some(0x66)), (0xa5, &bob, None)]
    {
        let upload = direct(owner, byte);
        let new = NewJob { dataset: dataset.map(id), name: "a.csv".into(), upload };
        catalog.add_job(&new, NOW).await.unwrap();
    }
    for byte in [0xa2, 0xa3] {
        catalog.accept_upload(id(byte), &found(1), NOW).await.unwrap();
    }
    let version = NewVersion { data_source: id(0xa4), dataset: None };
    catalog.commit_job(ada.team, id(0xa3), &version, NOW).await.unwrap();
}

async fn fill_schemas(catalog: &SqliteCatalog) {
    let [ada, bob] = ada_and_bob();
    for (owner, token, byte) in [(ada, 0xb1, 0xc1), (bob, 0xb2, 0xc2)] {
        let schema = catalog.schema(owner.team, &Slug::new("sales").unwrap()).await.unwrap();
        let schema = schema.unwrap().id;
        let new = NewUploadToken { id: id(token), owner: owner.clone(), schema, not_after: NOW };
        catalog.add_upload_token(&new, NOW).await.unwrap();
        let upload = direct(&owner, byte);
        catalog.doom(&upload.object_key, Timestamp::MAX).await.unwrap();
        let new = NewSchemaFile { token: id(token), name: "a.csv".into(), upload };
        catalog.add_schema_file(&new, &found(1), NOW).await.unwrap();
    }
}

/// Writes `{22}` for `x'22222222222222222222222222222222'`.
fn sql(text: &str) -> AssertSqlSafe<String> {
    let ids = "11 22 33 44 55 66 77 88 99 aa bb cc dd ee a1 a2 a3 a4 a5 b1 b2 c1 c2".split(' ');
    AssertSqlSafe(ids.fold(text.to_owned(), |text, byte| {
        text.replace(&format!("{{{byte}}}"), &format!("x'{}'", byte.repeat(16)))
    }))
}

async fn assert_refused(raw: &mut SqliteConnection, cases: &[(&str, ErrorKind)]) {
    for (text, expected) in cases {
        let error = sqlx::query(sql(text)).execute(&mut *raw).await.expect_err(text);
        let found = error.as_database_error().expect(text).kind();
        assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{text}: {error}");
    }
}
