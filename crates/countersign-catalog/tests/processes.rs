//! Several processes on one file, and one that is killed.

use std::{
    env, fs,
    io::{self, BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use countersign::Timestamp;
use countersign_catalog::{
    Catalog, Identity, Intake, NewFile, NewUpload, Page, SqliteCatalog, TeamName, UserId,
};
use uuid::Uuid;

const NOW: Timestamp = Timestamp::MIN;

/// Tells [`a_process_of_its_own`] which file to open, and how many files to add to it.
const PATH: &str = "COUNTERSIGN_TEST_CATALOG_PATH";
const FILES: &str = "COUNTERSIGN_TEST_CATALOG_FILES";
/// It waits until this is there, beside the catalog, so that all begin at the same moment.
const GO: &str = "go";

#[tokio::test]
#[ignore = "run by the other tests of this file, as a process of its own"]
async fn a_process_of_its_own() {
    let Some(path) = env::var_os(PATH).map(PathBuf::from) else { return };
    let files: u32 = env::var(FILES).unwrap().parse().unwrap();
    while !Path::new(GO).exists() {
        std::hint::spin_loop();
    }
    let catalog = SqliteCatalog::open(&path).await.unwrap();
    let ada = owner(&catalog).await;
    for _ in 0..files {
        let file = catalog.add_file(&new_file(&ada), NOW).await.unwrap();
        let mut stdout = io::stdout();
        writeln!(stdout, "\nadded {}", file.number).unwrap();
        stdout.flush().unwrap();
    }
}

async fn owner(catalog: &SqliteCatalog) -> Identity {
    let (team, user) = (TeamName::new("acme").unwrap(), UserId::new("ada").unwrap());
    catalog.ensure_user(&team, &user, NOW).await.unwrap()
}

fn new_file(owner: &Identity) -> NewFile {
    let id = Uuid::new_v4();
    let upload = NewUpload {
        id,
        owner: owner.clone(),
        intake: Intake::Single { staging_key: format!("staging/{id}").into() },
        object_key: format!("objects/{id}").into(),
        content_type: "text/csv".into(),
        declared_size: None,
        not_after: NOW,
    };
    NewFile { name: "a".into(), upload }
}

fn start(directory: &Path, path: &Path, files: u32) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "a_process_of_its_own", "--ignored", "--nocapture"])
        .current_dir(directory)
        .env(PATH, path)
        .env(FILES, files.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn finish(child: Child) {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

async fn numbers(path: &Path) -> Vec<i64> {
    let catalog = SqliteCatalog::open(path).await.unwrap();
    let ada = owner(&catalog).await;
    let page = catalog.files(ada.team, Page { limit: 10_000, offset: 0 }).await.unwrap();
    page.files.iter().rev().map(|file| file.number).collect()
}

#[tokio::test]
async fn a_new_file_is_opened_by_all_at_once() {
    for _ in 0..8 {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("catalog.db");
        let children: Vec<_> = (0..6).map(|_| start(directory.path(), &path, 4)).collect();
        thread::sleep(Duration::from_millis(60));
        fs::write(directory.path().join(GO), "").unwrap();
        children.into_iter().for_each(finish);
        assert_eq!(numbers(&path).await, (1..=24).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn what_a_killed_process_was_told_is_there() {
    for lines in [1, 10, 25] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("catalog.db");
        fs::write(directory.path().join(GO), "").unwrap();
        let mut child = start(directory.path(), &path, 10_000);
        let mut told = 0;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            if let Some(number) = line.unwrap().strip_prefix("added ") {
                told = number.parse().unwrap();
            }
            if told == lines {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let found = numbers(&path).await;
        let count = i64::try_from(found.len()).unwrap();
        assert!(count >= told, "{told} were told, {count} are there");
        assert_eq!(found, (1..=count).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn no_relative_path_is_anything_but_a_file() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(GO), "").unwrap();
    for name in [":memory:", "file:a?mode=memory", "file::memory:"] {
        finish(start(directory.path(), Path::new(name), 1));
        assert_eq!(numbers(&directory.path().join(name)).await, [1], "{name}");
    }
}
