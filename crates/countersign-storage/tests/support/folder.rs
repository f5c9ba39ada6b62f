//! Where tests keep their stores.

use std::path::Path;

use tempfile::TempDir;

/// A new folder, in memory where the system has that: what a sync is worth is asked elsewhere.
pub(crate) fn quick_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.unwrap()
}
