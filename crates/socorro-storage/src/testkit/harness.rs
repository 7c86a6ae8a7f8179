//! A storage with a back door.

use async_trait::async_trait;
use bytes::Bytes;
use object_store::ObjectStoreExt as _;
use socorro_core::CrashId;
use tempfile::TempDir;

use crate::{CrashStorage, Item, layout, object::ObjectStorage, options::StorageOptions};

/// A storage under test, and a way to put things into it behind its back.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The storage. Other tests may use it at the same time.
    fn storage(&self) -> &dyn CrashStorage;

    /// Puts bytes where the storage keeps an item, damaged or not.
    async fn plant(&self, id: &CrashId, item: &Item, content: &[u8]);

    /// Takes an item away, which may have been there or not.
    async fn remove(&self, id: &CrashId, item: &Item);
}

/// [`Harness`] of [`ObjectStorage`].
#[derive(Debug)]
pub struct ObjectHarness {
    storage: ObjectStorage,
    /// Removed when the test is over.
    _directory: Option<TempDir>,
}

#[expect(
    clippy::expect_used,
    reason = "where the harness cannot be built there is nothing to test"
)]
impl ObjectHarness {
    /// A storage in memory.
    #[must_use]
    pub fn memory() -> Self {
        Self::of(ObjectStorage::memory(StorageOptions::default()))
    }

    /// A storage in a new temporary directory.
    #[must_use]
    pub fn directory() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let storage = ObjectStorage::directory(directory.path(), StorageOptions::default())
            .expect("a storage in it");
        Self {
            storage,
            _directory: Some(directory),
        }
    }

    /// The storage, without its back door.
    #[must_use]
    pub fn into_storage(self) -> ObjectStorage {
        self.storage
    }

    /// Any other storage.
    #[must_use]
    pub fn of(storage: ObjectStorage) -> Self {
        Self {
            storage,
            _directory: None,
        }
    }
}

#[expect(
    clippy::expect_used,
    reason = "where the harness fails there is nothing to test"
)]
#[async_trait]
impl Harness for ObjectHarness {
    fn storage(&self) -> &dyn CrashStorage {
        &self.storage
    }

    async fn plant(&self, id: &CrashId, item: &Item, content: &[u8]) {
        let key = layout::item(id, item);
        let content = Bytes::copy_from_slice(content);
        self.storage
            .store()
            .put(&key.into(), content.into())
            .await
            .expect("the back door is open");
    }

    async fn remove(&self, id: &CrashId, item: &Item) {
        let key = layout::item(id, item);
        match self.storage.store().delete(&key.into()).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => panic!("the back door is shut: {error}"),
        }
    }
}
