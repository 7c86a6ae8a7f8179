//! Raw crashes at the key used from 2018 to 2022.

use object_store::ObjectStoreExt as _;
use socorro_storage::{
    CrashStorage as _, ErrorKind, Item, ObjectStorage, StorageOptions, layout, testkit::sample,
};

async fn put(storage: &ObjectStorage, key: &str, content: &'static str) {
    let store = storage.store();
    store.put(&key.into(), content.into()).await.unwrap();
}

#[tokio::test]
async fn an_old_raw_crash_is_found_where_that_is_wanted() {
    for legacy_keys in [true, false] {
        let options = StorageOptions {
            legacy_keys,
            ..StorageOptions::default()
        };
        let (storage, id) = (ObjectStorage::memory(options), sample::crash_id());
        let key = layout::legacy_raw_crash(&id);
        let content = r#"{"Version": "old"}"#;
        put(&storage, &key, content).await;

        assert_eq!(
            storage.exists(&id, &Item::RawCrash).await.unwrap(),
            legacy_keys
        );
        let catalog = storage.catalog(&id).await.unwrap();
        assert_eq!(catalog.get(&Item::RawCrash).is_some(), legacy_keys);
        let found = storage.raw_crash(&id).await;
        if legacy_keys {
            assert_eq!(found.unwrap().annotation("Version"), Some("old"));
        } else {
            assert_eq!(found.unwrap_err().kind(), ErrorKind::NotFound);
        }

        let report = storage.delete(&id).await.unwrap();
        assert!(
            report.removed.contains(&key),
            "deleted whatever the setting"
        );
        assert!(storage.store().head(&key.into()).await.is_err());
    }
}

#[tokio::test]
async fn the_key_of_today_comes_first() {
    let storage = ObjectStorage::memory(StorageOptions::default());
    let id = sample::crash_id();
    for (key, content) in [
        (layout::legacy_raw_crash(&id), r#"{"Version": "old"}"#),
        (layout::raw_crash(&id), r#"{"Version": "new"}"#),
    ] {
        put(&storage, &key, content).await;
    }
    let crash = storage.raw_crash(&id).await.unwrap();
    assert_eq!(crash.annotation("Version"), Some("new"));
}
