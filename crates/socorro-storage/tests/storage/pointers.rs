//! Shared and boxed storages.

use std::sync::Arc;

use socorro_storage::{CrashStorage, CrashStorageExt as _, ObjectStorage, StorageOptions};

async fn use_any(storage: impl CrashStorage) -> String {
    storage.check().await.unwrap();
    storage.to_string()
}

#[tokio::test]
async fn a_shared_or_boxed_storage_is_a_storage() {
    let memory = || ObjectStorage::memory(StorageOptions::default());
    let shared: Arc<dyn CrashStorage> = Arc::new(memory());
    assert_eq!(use_any(shared.clone()).await, "memory:");
    let boxed: Box<dyn CrashStorage> = Box::new(memory());
    assert_eq!(use_any(boxed).await, "memory:");

    let id = socorro_storage::testkit::sample::crash_id();
    let directory = tempfile::tempdir().unwrap();
    let fetched = shared.dumps_to_dir(&id, directory.path()).await;
    assert!(fetched.is_err(), "nothing is listed");
}
