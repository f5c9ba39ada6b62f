use std::hash::{BuildHasher, RandomState};

use tokio::sync::Mutex;

/// Locks, chosen by key: few enough to keep, many enough not to wait for strangers.
pub(super) struct Turns {
    locks: Box<[Mutex<()>]>,
    hasher: RandomState,
}

impl Turns {
    const COUNT: usize = 256;

    pub(super) fn new() -> Self {
        let locks = (0..Self::COUNT).map(|_| Mutex::new(())).collect();
        Self { locks, hasher: RandomState::new() }
    }

    pub(super) fn of(&self, key: &str) -> &Mutex<()> {
        let place = self.hasher.hash_one(key) % self.locks.len() as u64;
        &self.locks[usize::try_from(place).unwrap_or_default()]
    }
}
