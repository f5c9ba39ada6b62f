use std::{fmt, sync::Arc};

use object_store::{ObjectStore, memory::InMemory};

use crate::{Capability, Objects, PartStore, memory::MemoryParts, through::Through};

/// One bucket: its objects and its multipart uploads.
///
/// Cheap to clone. [`FileStore::backend`](crate::FileStore::backend) makes one of a folder.
#[derive(Clone)]
pub struct Backend {
    objects: Arc<dyn Objects>,
    parts: Arc<dyn PartStore>,
    capability: Capability,
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend").field("objects", &self.objects).finish_non_exhaustive()
    }
}

impl Backend {
    /// Joins the halves. Its URLs lead to our gateway, unless
    /// [something else](Self::with_capability) is said.
    #[must_use]
    pub fn new(objects: Arc<dyn Objects>, parts: Arc<dyn PartStore>) -> Self {
        Self { objects, parts, capability: Capability::GATEWAY }
    }

    /// Says what URLs to it can bind.
    #[must_use]
    pub fn with_capability(self, capability: Capability) -> Self {
        Self { capability, ..self }
    }

    /// Puts any [`ObjectStore`] behind [`Objects`].
    ///
    /// Only keys that `object_store` keeps as they are go through it, the others are refused with
    /// [`StoreError::KeyUnsupported`](crate::StoreError::KeyUnsupported): its paths have no
    /// `a//b`, `/lead`, `trail/` or `..`.
    #[must_use]
    pub fn over(store: Arc<dyn ObjectStore>, parts: Arc<dyn PartStore>) -> Self {
        Self::new(Arc::new(Through::new(store)), parts)
    }

    /// A bucket in memory, for tests.
    #[must_use]
    pub fn memory() -> Self {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let parts = Arc::new(MemoryParts::new(Arc::clone(&store)));
        Self::over(store, parts)
    }

    /// Its objects.
    #[must_use]
    pub fn objects(&self) -> &dyn Objects {
        &*self.objects
    }

    /// Its multipart uploads.
    #[must_use]
    pub fn parts(&self) -> &dyn PartStore {
        &*self.parts
    }

    /// What URLs to it can bind.
    #[must_use]
    pub const fn capability(&self) -> &Capability {
        &self.capability
    }
}
