use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::id::Id;

/// Which versions are being read, so that the bytes of a replaced object stay until its last reader
/// is done.
#[derive(Debug, Default)]
pub(super) struct Pins(Mutex<HashMap<Id, Pinned>>);

#[derive(Debug, Default)]
struct Pinned {
    readers: usize,
    doomed: bool,
}

impl Pins {
    fn pinned(&self) -> MutexGuard<'_, HashMap<Id, Pinned>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn pin(&self, version: &Id) {
        self.pinned().entry(version.clone()).or_default().readers += 1;
    }

    /// Ends a reader. `true` says that it was the last of a doomed version: its bytes may go.
    #[must_use]
    pub(super) fn unpin(&self, version: &Id) -> bool {
        let mut all = self.pinned();
        let Some(pinned) = all.get_mut(version) else { return false };
        pinned.readers -= 1;
        if pinned.readers > 0 {
            return false;
        }
        let doomed = pinned.doomed;
        all.remove(version);
        doomed
    }

    /// Dooms a version that nobody can open any more. `true` says that nobody reads it either: its
    /// bytes may go.
    #[must_use]
    pub(super) fn doom(&self, version: &Id) -> bool {
        match self.pinned().get_mut(version) {
            Some(pinned) => {
                pinned.doomed = true;
                false
            }
            None => true,
        }
    }
}
