//! A deletion that is killed can be repeated, wherever it stopped.

use futures::TryStreamExt as _;
use object_store::ObjectStoreExt as _;
use socorro_core::CrashId;
use socorro_storage::{
    CrashStorage as _, Expected, ObjectStorage, StorageOptions, layout, testkit::sample,
};

/// A file that nobody would look for without the list.
const RARE: &str = "upload_file_minidump_rare";

/// A crash with everything that can be there for one.
async fn save(storage: &ObjectStorage) -> CrashId {
    let id = sample::crash_id();
    let mut dumps = sample::dumps();
    dumps.insert(RARE.parse().unwrap(), b"rare".to_vec().into());
    storage
        .save_raw_crash(&id, &sample::raw_crash(&id), &dumps)
        .await
        .unwrap();
    let crash = sample::processed_crash(&id, "x");
    storage
        .save_processed_crash(&id, &crash, Expected::Absent)
        .await
        .unwrap();
    for key in [
        layout::legacy_raw_crash(&id),
        layout::crash_report(&id),
        format!("v1/raw_crash/{id}"),
    ] {
        let store = storage.store();
        store.put(&key.into(), "{}".into()).await.unwrap();
    }
    id
}

async fn keys(storage: &ObjectStorage) -> Vec<String> {
    let objects = storage.store().list(None);
    objects
        .map_ok(|object| object.location.to_string())
        .try_collect()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_killed_deletion_is_completed_by_the_next() {
    let storage = ObjectStorage::memory(StorageOptions::default());
    let id = save(&storage).await;
    let whole = storage.delete(&id).await.unwrap().removed;
    assert_eq!(keys(&storage).await, Vec::<String>::new());

    for killed_after in 0..whole.len() {
        let next = save(&storage).await;
        for key in &whole[..killed_after] {
            let key = key.replace(id.as_str(), next.as_str());
            // The older key has the beginning of the id as well.
            let beginning = |id: &CrashId| format!("v2/raw_crash/{}/", &id.as_str()[..3]);
            let key = key.replace(&beginning(&id), &beginning(&next));
            storage.store().delete(&key.into()).await.unwrap();
        }
        let report = storage.delete(&next).await.unwrap();
        assert!(
            report.is_complete(),
            "killed after {killed_after}: {report:?}"
        );
        assert_eq!(
            keys(&storage).await,
            Vec::<String>::new(),
            "killed after {killed_after}"
        );
    }
}
