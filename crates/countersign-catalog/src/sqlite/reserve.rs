//! Room for deletions on a disk that is full.
//!
//! A deletion is written to the log before it frees anything. Where no byte is left it would be
//! refused like all else, and the disk would stay full for ever.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{task, time::Instant};

use super::SqliteCatalog;
use crate::CatalogError;

/// With so many pages of 4 KiB the log is written back into the file. With the 1,000 of `SQLite`
/// itself the file could then grow by more than the reserve holds.
pub(super) const LOG_PAGES: &str = "256";

/// What the log can add to the file, and as much again for what is to be logged.
const RESERVE_BYTES: u64 = 2 * 1024 * 1024;

/// What a disk that stays full leaves of it is worth keeping: the log does not fit into less.
const LEAST_BYTES: u64 = RESERVE_BYTES / 2;

const PIECE_BYTES: usize = 16 * 1024;

/// A sweep forgets a thousand keys in a row, and on a full disk each would try.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// A file that is in nobody's way but on a full disk, where it is removed.
///
/// - Nothing depends on it: whoever cannot make it does without.
/// - Another process on the same database may make it or remove it at any time. What is known of it
///   here is a guess that saves a look.
#[derive(Debug)]
pub(super) struct Reserve {
    path: PathBuf,
    is_whole: bool,
    failed_at: Option<Instant>,
}

impl Reserve {
    /// The one beside this database.
    pub(super) fn beside(database: &Path) -> Self {
        let mut path = database.as_os_str().to_owned();
        path.push("-reserve");
        Self { path: path.into(), is_whole: false, failed_at: None }
    }

    /// Makes it where it is missing, or not whole, as far as there is room.
    pub(super) async fn make(&mut self) {
        let has_just_failed = self.failed_at.is_some_and(|at| at.elapsed() < AGAIN_AFTER);
        if self.is_whole || has_just_failed {
            return;
        }
        let path = self.path.clone();
        let made = task::spawn_blocking(move || make(&path)).await;
        self.is_whole = matches!(made, Ok(Ok(())));
        self.failed_at = (!self.is_whole).then(Instant::now);
    }

    /// Removes it. `false`, where that freed nothing.
    pub(super) async fn release(&mut self) -> bool {
        self.is_whole = false;
        self.failed_at = None;
        let path = self.path.clone();
        let removed = task::spawn_blocking(move || fs::remove_file(path)).await;
        matches!(removed, Ok(Ok(())))
    }
}

fn make(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let mut file = fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    let filled = fill(&mut file);
    if file.metadata()?.len() < LEAST_BYTES {
        fs::remove_file(path)?;
    }
    filled
}

/// Adds what is missing to the whole size.
///
/// Not synced: the blocks are taken as soon as they are written, and lost content is no loss.
fn fill(file: &mut fs::File) -> io::Result<()> {
    let mut missing = RESERVE_BYTES.saturating_sub(file.metadata()?.len());
    let mut piece = [0; PIECE_BYTES];
    while missing > 0 {
        let length =
            usize::try_from(missing).map_or(PIECE_BYTES, |missing| missing.min(PIECE_BYTES));
        let piece = &mut piece[..length];
        // A file system that compresses has no blocks for zeros, and few for what comes twice.
        getrandom::fill(piece).map_err(io::Error::other)?;
        file.write_all(piece)?;
        missing -= length as u64;
    }
    Ok(())
}

impl SqliteCatalog {
    /// Does what frees space: where the disk is full, once more with the room of the reserve.
    pub(super) async fn freeing<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, CatalogError>
    where
        F: Future<Output = Result<T, CatalogError>>,
    {
        match attempt().await {
            Err(CatalogError::Full) => {}
            done => return done,
        }
        // One at a time, or the second would find that the first has put the reserve back.
        let mut reserve = self.reserve.lock().await;
        if !reserve.release().await {
            self.write_log_back().await;
        }
        let done = attempt().await;
        // Back at once, before what is to be stored takes the room. The log has room to give: it holds
        // at least as many pages as it adds to the file.
        self.write_log_back().await;
        reserve.make().await;
        done
    }

    /// Makes the reserve where it is missing, unless somebody is at it.
    pub(super) async fn replenish(&self) {
        if let Ok(mut reserve) = self.reserve.try_lock() {
            reserve.make().await;
        }
    }

    /// Writes the log back into the file, and gives its blocks to the disk.
    ///
    /// Where that fails, everything is as it was: it is still in the log.
    async fn write_log_back(&self) {
        if let Ok(mut writer) = self.writer.acquire().await {
            let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
            drop(sqlx::query(sql).execute(&mut *writer).await);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        cell::Cell,
        os::unix::fs::{MetadataExt as _, PermissionsExt as _},
        thread,
    };

    use tempfile::TempDir;

    use super::*;

    fn reserve() -> (Reserve, PathBuf, TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("catalog.db-reserve");
        (Reserve::beside(&directory.path().join("catalog.db")), path, directory)
    }

    #[tokio::test]
    async fn its_blocks_are_taken_and_nobody_else_reads_it() {
        let (mut reserve, path, _directory) = reserve();
        reserve.make().await;
        assert!(reserve.is_whole);
        fs::File::open(&path).unwrap().sync_all().unwrap();
        let found = fs::metadata(&path).unwrap();
        assert_eq!(found.len(), RESERVE_BYTES);
        assert!(found.blocks() * 512 >= RESERVE_BYTES, "{} blocks", found.blocks());
        assert_eq!(found.permissions().mode() & 0o777, 0o600);
        let bytes = fs::read(&path).unwrap();
        let first = bytes.chunks(PIECE_BYTES).next().unwrap();
        let is_repeated = |piece| piece == first;
        assert!(!bytes.chunks(PIECE_BYTES).skip(1).any(is_repeated), "it compresses");
    }

    #[tokio::test]
    async fn one_that_is_there_is_not_made_again() {
        let (mut reserve, path, directory) = reserve();
        reserve.make().await;
        let inode = fs::metadata(&path).unwrap().ino();
        let mut other = Reserve::beside(&directory.path().join("catalog.db"));
        other.make().await;
        reserve.make().await;
        assert!(other.is_whole && fs::metadata(&path).unwrap().ino() == inode);
        // What another process removes is noticed when it is wanted.
        assert!(other.release().await);
        reserve.make().await;
        assert!(!path.exists() && !reserve.release().await && !other.release().await);
        reserve.make().await;
        assert!(reserve.is_whole && path.exists());
    }

    #[tokio::test]
    async fn one_that_a_crash_cut_short_is_made_whole() {
        let (mut reserve, path, _directory) = reserve();
        fs::write(&path, "half").unwrap();
        reserve.make().await;
        assert!(reserve.is_whole);
        assert_eq!(fs::metadata(path).unwrap().len(), RESERVE_BYTES);
    }

    #[tokio::test]
    async fn where_it_cannot_be_made_there_is_none_and_it_is_tried_again() {
        let (mut reserve, path, _directory) = reserve();
        fs::create_dir(&path).unwrap();
        reserve.make().await;
        assert!(!reserve.is_whole && !reserve.release().await && path.is_dir());
        reserve.make().await;
        fs::remove_dir(&path).unwrap();
        reserve.make().await;
        assert!(!reserve.is_whole && !path.exists(), "not at once");
        thread::sleep(AGAIN_AFTER);
        reserve.make().await;
        assert!(reserve.is_whole && path.exists());
    }

    #[tokio::test]
    async fn only_a_full_disk_takes_it_and_it_comes_back() {
        let (_, path, directory) = reserve();
        let catalog = SqliteCatalog::open(&directory.path().join("catalog.db")).await.unwrap();
        assert!(path.exists(), "it is made when the catalog is opened");
        let seen = Cell::new(Vec::new());
        let attempt = |results: [fn() -> Result<(), CatalogError>; 2]| {
            let (catalog, path, seen) = (&catalog, &path, &seen);
            seen.take();
            catalog.freeing(move || {
                let mut there = seen.take();
                there.push(path.exists());
                let result = results[there.len() - 1]();
                seen.set(there);
                async { result }
            })
        };
        let (done, full) = (|| Ok(()), || Err(CatalogError::Full));
        for (results, expected) in [
            ([done, full], &[true][..]),
            ([|| Err(CatalogError::Busy), full], &[true]),
            ([full, done], &[true, false]),
            ([full, full], &[true, false]),
            ([full, || Err(CatalogError::Busy)], &[true, false]),
        ] {
            let result = attempt(results).await;
            let seen = seen.take();
            assert_eq!(seen, expected);
            let wanted = results[seen.len() - 1]();
            assert_eq!(format!("{result:?}"), format!("{wanted:?}"));
            assert!(path.exists(), "{expected:?}");
        }
        // Another process took it, and there is another try all the same.
        fs::remove_file(&path).unwrap();
        assert!(attempt([full, done]).await.is_ok() && seen.take() == [false, false]);
        assert!(path.exists());
    }
}
