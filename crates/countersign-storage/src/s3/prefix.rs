use crate::{ObjectKey, StoreError, through::path_of};

/// What all keys of a backend begin with, in its bucket.
#[derive(Debug, Clone)]
pub(super) struct Prefix(Box<str>);

impl Prefix {
    const LEN_MAX: usize = 512;

    /// Takes a prefix without a slash at its end; the empty one is none.
    pub(super) fn new(prefix: &str) -> Option<Self> {
        let is_plain = ObjectKey::new(prefix).is_ok_and(|key| path_of(&key).is_ok());
        let fits = prefix.is_empty() || (is_plain && prefix.len() <= Self::LEN_MAX);
        fits.then(|| Self(prefix.into()))
    }

    /// The key in the bucket. Only those that no HTTP client and no store takes for another.
    pub(super) fn of(&self, key: &ObjectKey) -> Result<ObjectKey, StoreError> {
        path_of(key)?;
        if self.0.is_empty() {
            return Ok(key.clone());
        }
        let joined = ObjectKey::new(format!("{}/{key}", self.0));
        joined.map_err(|_| StoreError::KeyUnsupported)
    }
}
