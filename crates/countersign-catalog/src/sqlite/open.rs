//! How the file is opened.

use std::{
    fs, io,
    os::unix::fs::OpenOptionsExt as _,
    path::{self, Path},
    time::Duration,
};

use sqlx::{
    Connection as _, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::{
    sync::Mutex,
    time::{self, Instant},
};

use super::{
    SqliteCatalog, migrations,
    reserve::{LOG_PAGES, Reserve},
    rows::failure,
    version,
};
use crate::CatalogError;

const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const OPEN_TIMEOUT: Duration = Duration::from_secs(30);
const RETRY_AFTER: Duration = Duration::from_millis(20);
const READERS_MAX: u32 = 4;

/// One opening at a time in this process. Creating the file closes a descriptor of it, and by that
/// POSIX drops the locks that any other connection of the process has on it:
/// <https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_>
static OPENING: Mutex<()> = Mutex::const_new(());

pub(super) async fn open(path: &Path) -> Result<SqliteCatalog, CatalogError> {
    let _alone = OPENING.lock().await;
    version::check().await?;
    // An absolute path is never taken for `:memory:` or for a `file:` URI.
    let path = path::absolute(path).map_err(io_failure)?;
    create_private(&path).map_err(io_failure)?;

    let mut reserve = Reserve::beside(&path);
    let options = options(&path);
    let writer = match open_writer(&options).await {
        // The log and its index need room before anything can be deleted. The reserve is not put
        // back at once, for whoever opens the catalog has more to write.
        Err(CatalogError::Full) if reserve.release().await => open_writer(&options).await?,
        Err(error) => return Err(error),
        Ok(writer) => {
            reserve.make().await;
            writer
        }
    };
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS_MAX)
        .connect_with(options.pragma("query_only", "ON"))
        .await
        .map_err(failure)?;
    Ok(SqliteCatalog { writer, readers, reserve: Mutex::new(reserve) })
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("mmap_size", "0")
        .pragma("wal_autocheckpoint", LOG_PAGES)
        .busy_timeout(BUSY_TIMEOUT)
}

/// The connection that writes, to a schema that is up to date.
async fn open_writer(options: &SqliteConnectOptions) -> Result<SqlitePool, CatalogError> {
    let give_up_at = Instant::now() + OPEN_TIMEOUT;
    let writer = time::timeout_at(give_up_at, connect_writer(options))
        .await
        .map_err(|_elapsed| CatalogError::Busy)??;
    migrate(&writer, give_up_at).await?;
    Ok(writer)
}

/// `SQLite` would make the file readable by everybody. Its log gets the mode of the file.
fn create_private(path: &Path) -> io::Result<()> {
    match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// The switch to the write-ahead log does not wait for another process that does the same: it
/// fails at once, whatever the busy timeout.
async fn connect_writer(options: &SqliteConnectOptions) -> Result<SqlitePool, CatalogError> {
    loop {
        let pool = writer_pool_options().connect_with(options.clone()).await;
        match pool.map_err(failure) {
            Err(CatalogError::Busy) => time::sleep(RETRY_AFTER).await,
            done => return done,
        }
    }
}

/// Brings the schema up to date, however long that takes; but waits only so long for another
/// process that does the same.
async fn migrate(writer: &SqlitePool, give_up_at: Instant) -> Result<(), CatalogError> {
    loop {
        let migrated = migrations::run(&mut *writer.acquire().await.map_err(failure)?).await;
        match migrated {
            Err(CatalogError::Busy) if Instant::now() < give_up_at => {
                time::sleep(RETRY_AFTER).await;
            }
            done => return done,
        }
    }
}

fn writer_pool_options() -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(1).after_release(|connection, _| {
        Box::pin(async move {
            // A dropped transaction is rolled back by now.
            connection.ping().await?;
            // SQLite itself rolls back when the disk is full. sqlx takes the transaction for open
            // then and would begin no other one, so this connection has had its day.
            Ok(!connection.is_in_transaction())
        })
    })
}

fn io_failure(error: io::Error) -> CatalogError {
    failure(error.into())
}
