//! Older directory trees, read by address and copied.

use futures::TryStreamExt as _;
use object_store::ObjectStoreExt as _;
use socorro_core::{CrashId, DumpName, Dumps, time::Date};
use socorro_storage::{
    CrashStorage as _, CrashStorageExt as _, ErrorKind, Expected, Item, ObjectStorage,
    StorageOptions,
    layout::{self, Layout, collector_tree, processor_tree},
    open,
    testkit::sample,
};

fn memory() -> ObjectStorage {
    ObjectStorage::memory(StorageOptions::default())
}

#[tokio::test]
async fn neighbours_in_one_directory_are_told_apart() {
    let parent = tempfile::tempdir().unwrap();
    let date = Date::constant(2024, 7, 16);
    // The digit 0 puts the crashes of a day into one directory.
    let mut ids = [CrashId::mint(date, 0), CrashId::mint(date, 0)];
    ids.sort_unstable();
    let put = |key: String, content: &str| {
        let path = parent.path().join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    };
    for id in &ids {
        put(processor_tree::raw_crash(id), "{}");
        put(processor_tree::dump(id, &DumpName::main()), id.as_str());
    }
    put(processor_tree::dump(&ids[0], &sample::browser()), "browser");

    let address = format!("file://{}?layout=processor", parent.path().display());
    let tree = open(&address, StorageOptions::default()).unwrap();
    let names = tree.dump_names(&ids[0]).await.unwrap().names;
    assert_eq!(names, [DumpName::main(), sample::browser()]);
    let names = tree.dump_names(&ids[1]).await.unwrap().names;
    assert_eq!(names, [DumpName::main()]);
    let dump = tree.dump(&ids[1], &DumpName::main()).await.unwrap();
    assert_eq!(dump, ids[1].as_str());
    let list = tree.list_raw(date, Some(ids[0]));
    assert_eq!(list.try_collect::<Vec<_>>().await.unwrap(), [ids[1]]);

    let absent = CrashId::mint(date, 0);
    for error in [
        tree.dump_names(&absent).await.unwrap_err(),
        tree.raw_crash(&absent).await.map(|_| ()).unwrap_err(),
        tree.processed_crash(&ids[0]).await.map(|_| ()).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    }
}

#[tokio::test]
async fn a_tree_is_not_made_and_not_written() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("absent");
    let address = format!("file://{}?layout=collector", path.display());
    let error = open(&address, StorageOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(!path.exists());

    let address = format!("file://{}?layout=collector", parent.path().display());
    let (tree, id) = (
        open(&address, StorageOptions::default()).unwrap(),
        sample::crash_id(),
    );
    let crash = sample::processed_crash(&id, "x");
    for error in [
        tree.save_raw_crash(&id, &sample::raw_crash(&id), &Dumps::new())
            .await
            .unwrap_err(),
        tree.save_processed_crash(&id, &crash, Expected::Any)
            .await
            .map(|_| ())
            .unwrap_err(),
        tree.delete(&id).await.map(|_| ()).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    }
    assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn days_and_layouts_are_found_without_being_told() {
    let parent = tempfile::tempdir().unwrap();
    let (first, second) = (Date::constant(2024, 7, 16), Date::constant(2024, 7, 17));
    let put = |key: String| {
        let path = parent.path().join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "{}").unwrap();
    };
    let open = |layout| {
        ObjectStorage::directory(parent.path(), StorageOptions::default())
            .unwrap()
            .with_layout(layout)
    };
    let days = async |layout| {
        open(layout)
            .days()
            .await
            .unwrap()
            .into_iter()
            .collect::<Vec<_>>()
    };
    assert_eq!(open(Layout::Objects).layouts().await.unwrap(), []);

    put(processor_tree::raw_crash(&CrashId::mint(first, 2)));
    put(processor_tree::raw_crash(&CrashId::mint(second, 0)));
    put("README/name/x".to_owned());
    put("20240732/name/x".to_owned());
    let found = open(Layout::CollectorTree).layouts().await.unwrap();
    assert_eq!(found, [Layout::ProcessorTree]);
    put(collector_tree::raw_crash(&CrashId::mint(second, 0)));
    put(layout::raw_crash(&CrashId::mint(first, 0)));
    let found = open(Layout::Objects).layouts().await.unwrap();
    assert_eq!(
        found,
        [
            Layout::Objects,
            Layout::ProcessorTree,
            Layout::CollectorTree
        ]
    );
    assert_eq!(days(Layout::Objects).await, [first]);
    assert_eq!(days(Layout::ProcessorTree).await, [first, second]);
    assert_eq!(days(Layout::CollectorTree).await, [second]);

    let bucket = memory();
    let id = CrashId::mint(first, 0);
    let key = layout::raw_crash(&id);
    bucket.store().put(&key.into(), "{}".into()).await.unwrap();
    assert_eq!(bucket.days().await.unwrap().len(), 1);
    assert_eq!(bucket.layouts().await.unwrap(), [Layout::Objects]);
}

#[tokio::test]
async fn a_crash_at_an_older_key_is_listed_and_copied_to_the_key_of_today() {
    let (old, new, id) = (memory(), memory(), sample::crash_id());
    for key in [
        layout::legacy_raw_crash(&id),
        format!("v2/raw_crash/fff/20240716/{id}"),
        "v2/raw_crash/README".to_owned(),
    ] {
        let (store, content) = (old.store(), r#"{"Version": "old"}"#);
        store
            .put(&key.as_str().into(), content.into())
            .await
            .unwrap();
    }
    let ids: Vec<_> = old.list_legacy().try_collect().await.unwrap();
    assert_eq!(ids, [id]);

    let directory = tempfile::tempdir().unwrap();
    let copied = old.copy_to(&id, &new, directory.path()).await.unwrap();
    assert_eq!(copied.dumps.dumps.len(), 0);
    assert!(!copied.processed_crash);
    let key = layout::raw_crash(&id);
    assert!(new.store().head(&key.as_str().into()).await.is_ok());
}

#[tokio::test]
async fn a_copy_keeps_a_processed_crash_that_is_there() {
    let (from, to, id) = (memory(), memory(), sample::crash_id());
    from.save_raw_crash(&id, &sample::raw_crash(&id), &sample::dumps())
        .await
        .unwrap();
    for (storage, signature) in [(&from, "older"), (&to, "newer")] {
        let crash = sample::processed_crash(&id, signature);
        storage
            .save_processed_crash(&id, &crash, Expected::Absent)
            .await
            .unwrap();
    }
    let store = from.store();
    let browser = layout::item(&id, &Item::Dump(sample::browser()));
    store.delete(&browser.as_str().into()).await.unwrap();

    let directory = tempfile::tempdir().unwrap();
    let copied = from.copy_to(&id, &to, directory.path()).await.unwrap();
    assert!(!copied.processed_crash);
    assert_eq!(copied.dumps.missing, [sample::browser()]);
    let stored = to.processed_crash(&id).await.unwrap();
    assert_eq!(stored.value.signature(), Some("newer"));
    let names = to.dump_names(&id).await.unwrap().names;
    assert_eq!(names, [sample::memory_report(), DumpName::main()]);
}
