//! The data folder: everything that an installation is.
//!
//! ```text
//! master.key              32 random bytes in hex: the secrets of signing keys are derived from it
//! catalog.sqlite          the records
//! catalog.sqlite-reserve  2 MiB of nothing: room for deletions on a full disk
//! objects/<bucket>/       the bytes
//! endpoint                where the server served objects last
//! serve.lock              held by the server
//! write.lock              held by who writes one of the small files
//! ```

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use countersign::MasterKey;
use countersign_catalog::SqliteCatalog;
use zeroize::Zeroizing;

pub(crate) struct DataDir(PathBuf);

impl DataDir {
    /// Opens the folder, making it when it is missing.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(path).with_context(|| format!("cannot make the data folder {shown}"))?;
        let path = path.canonicalize().with_context(|| format!("cannot open {shown}"))?;
        Ok(Self(path))
    }

    pub(crate) fn objects(&self) -> PathBuf {
        self.0.join("objects")
    }

    pub(crate) async fn catalog(&self) -> anyhow::Result<SqliteCatalog> {
        let path = self.0.join("catalog.sqlite");
        let opened = SqliteCatalog::open(&path).await;
        opened.with_context(|| format!("cannot open the catalog {}", path.display()))
    }

    /// The one server that a data folder has holds this as long as it runs.
    pub(crate) fn lock(&self) -> anyhow::Result<File> {
        let path = self.0.join("serve.lock");
        let file = private().write(true).create(true).truncate(false).open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => {
                bail!("another server uses the data folder {}", self.0.display())
            }
            Err(TryLockError::Error(error)) => Err(error).context("cannot lock the data folder"),
        }
    }

    /// The master key; a new one in a new folder.
    pub(crate) fn master_key(&self) -> anyhow::Result<MasterKey> {
        let path = self.0.join("master.key");
        if !path.try_exists()? {
            self.make_master_key(&path).context("cannot make the master key")?;
        }
        let text = Zeroizing::new(fs::read_to_string(&path).context("cannot read the master key")?);
        let mut bytes = Zeroizing::new([0; 32]);
        if hex::decode_to_slice(text.trim(), &mut *bytes).is_err() {
            bail!("{} does not have 64 hex digits", path.display());
        }
        Ok(MasterKey::new(*bytes))
    }

    fn make_master_key(&self, path: &Path) -> anyhow::Result<()> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes)?;
        let text = Zeroizing::new(hex::encode(*bytes));
        // Who comes second takes the key of who came first.
        let _alone = self.alone()?;
        if !path.try_exists()? {
            self.replace(path, text.as_bytes())?;
        }
        Ok(())
    }

    /// Remembers where the server serves objects, for the commands that print it; `None`, where an
    /// S3 does.
    pub(crate) fn remember_endpoint(&self, endpoint: Option<&str>) -> anyhow::Result<()> {
        let _alone = self.alone()?;
        // Nothing has to be written to a full disk for a server to start on it.
        if self.endpoint()?.as_deref() == endpoint {
            return Ok(());
        }
        let path = self.0.join("endpoint");
        match endpoint {
            Some(endpoint) => self.replace(&path, endpoint.as_bytes()),
            None => fs::remove_file(&path).context("cannot forget the endpoint"),
        }
    }

    /// Where the server served objects last.
    pub(crate) fn endpoint(&self) -> anyhow::Result<Option<String>> {
        match fs::read_to_string(self.0.join("endpoint")) {
            Ok(endpoint) => Ok(Some(endpoint)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context("cannot read the endpoint"),
        }
    }

    /// Held by who writes one of the small files, for that moment.
    fn alone(&self) -> anyhow::Result<File> {
        let path = self.0.join("write.lock");
        let file = private().write(true).create(true).truncate(false).open(path)?;
        file.lock()?;
        Ok(file)
    }

    /// Writes a file whole or not at all, durably. One name for all that is not finished: what a
    /// crash left of a secret is written over by the next.
    fn replace(&self, path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
        let new = self.0.join("unfinished");
        let mut file = private().write(true).create(true).truncate(true).open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(new, path)?;
        Ok(File::open(&self.0)?.sync_all()?)
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}
