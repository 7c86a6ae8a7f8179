//! What is special about a local directory.

use std::path::Path;

use futures::TryStreamExt as _;
use socorro_core::DumpName;
use socorro_storage::{
    CrashStorage, Error, ErrorKind, Expected, Item, ObjectStorage, Remaining, StorageOptions, open,
    testkit::sample,
};

fn storage(directory: &Path) -> ObjectStorage {
    ObjectStorage::directory(directory, StorageOptions::default()).unwrap()
}

/// Every kind of access to a crash that is not there.
async fn all_accesses(storage: &dyn CrashStorage) -> Vec<Error> {
    let id = sample::crash_id();
    let crash = sample::processed_crash(&id, "x");
    let list = storage.list_raw(sample::DATE, None);
    [
        storage.raw_crash(&id).await.err(),
        storage.dump_names(&id).await.err(),
        storage.dump(&id, &DumpName::main()).await.err(),
        storage.processed_crash(&id).await.err(),
        storage.exists(&id, &Item::RawCrash).await.err(),
        storage.catalog(&id).await.err(),
        storage.delete(&id).await.err(),
        list.try_collect::<Vec<_>>().await.err(),
        storage
            .save_raw_crash(&id, &sample::raw_crash(&id), &sample::dumps())
            .await
            .err(),
        storage
            .save_processed_crash(&id, &crash, Expected::Absent)
            .await
            .err(),
    ]
    .into_iter()
    .map(|error| error.expect("no access works"))
    .collect()
}

#[tokio::test]
async fn files_lie_where_the_layout_says() {
    let directory = tempfile::tempdir().unwrap();
    let (storage, id) = (storage(directory.path()), sample::crash_id());
    storage
        .save_raw_crash(&id, &sample::raw_crash(&id), &sample::dumps())
        .await
        .unwrap();
    storage
        .save_processed_crash(&id, &sample::processed_crash(&id, "x"), Expected::Absent)
        .await
        .unwrap();

    let mut files = Vec::new();
    let mut directories = vec![directory.path().to_owned()];
    while let Some(next) = directories.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let relative = path.strip_prefix(directory.path()).unwrap();
                files.push(relative.to_str().unwrap().to_owned());
            }
        }
    }
    files.sort_unstable();
    let mut expected = vec![
        format!("v1/dump/{id}"),
        format!("v1/dump_names/{id}"),
        format!("v1/memory_report/{id}"),
        format!("v1/processed_crash/{id}"),
        format!("v1/raw_crash/20240716/{id}"),
        format!("v1/upload_file_minidump_browser/{id}"),
    ];
    expected.sort_unstable();
    assert_eq!(files, expected, "and no temporary file is left");
}

#[tokio::test]
async fn a_directory_that_is_gone_is_an_outage_and_is_not_made_again() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("crashes");
    let storage = storage(&path);
    std::fs::remove_dir_all(&path).unwrap();

    let mut errors = all_accesses(&storage).await;
    errors.push(storage.check().await.unwrap_err());
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.is_temporary());
        assert!(
            error.to_string().contains("does not exist; mount it"),
            "{error}"
        );
    }
    assert!(!path.exists());
}

#[tokio::test]
async fn a_file_in_the_way_is_an_outage() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = ObjectStorage::directory(&file, StorageOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("file"), "{error}");

    let storage = storage(parent.path());
    std::fs::write(parent.path().join("v1"), "").unwrap();
    for error in all_accesses(&storage).await {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn an_unreadable_directory_refuses_access() {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};

    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("crashes");
    let storage = storage(&path);
    std::fs::set_permissions(&path, Permissions::from_mode(0o000)).unwrap();
    if std::fs::read_dir(&path).is_ok() {
        eprintln!("SKIPPED: this user may read every directory; run the test as another than root");
        return;
    }
    let mut errors = all_accesses(&storage).await;
    errors.push(storage.check().await.unwrap_err());
    std::fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    }
}

#[tokio::test]
async fn a_dump_that_cannot_be_deleted_keeps_the_list_of_dumps() {
    let directory = tempfile::tempdir().unwrap();
    let (storage, id) = (storage(directory.path()), sample::crash_id());
    storage
        .save_raw_crash(&id, &sample::raw_crash(&id), &sample::dumps())
        .await
        .unwrap();
    // A directory in the place of a file cannot be deleted like one.
    let dump = directory.path().join(format!("v1/memory_report/{id}"));
    std::fs::remove_file(&dump).unwrap();
    std::fs::create_dir(&dump).unwrap();

    let report = storage.delete(&id).await.unwrap();
    assert!(!report.is_complete());
    assert!(
        matches!(
            &report.remaining[..],
            [Remaining::Failed { key, .. }, Remaining::Kept { .. }] if key.contains("memory_report")
        ),
        "{report:?}"
    );
    assert!(storage.exists(&id, &Item::DumpNames).await.unwrap());

    std::fs::remove_dir(&dump).unwrap();
    assert!(storage.delete(&id).await.unwrap().is_complete());
    assert!(!storage.exists(&id, &Item::DumpNames).await.unwrap());
}

#[tokio::test]
async fn files_of_others_are_not_listed() {
    let directory = tempfile::tempdir().unwrap();
    let (storage, id) = (storage(directory.path()), sample::crash_id());
    let day = directory.path().join("v1/raw_crash/20240716");
    std::fs::create_dir_all(day.join("below")).unwrap();
    let interrupted = sample::crash_id();
    for name in [
        id.to_string(),
        format!("{interrupted}#1"),
        "README".to_owned(),
        format!("below/{interrupted}"),
        // Collected on another day, so nobody would find it here.
        "de1bb258-cbbf-4589-a673-34f800160918".to_owned(),
    ] {
        std::fs::write(day.join(name), "{}").unwrap();
    }
    let ids: Vec<_> = storage
        .list_raw(sample::DATE, None)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(ids, [id]);
}

#[tokio::test]
async fn two_storages_on_one_directory_see_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let address = format!("file://{}", directory.path().display());
    let options = || StorageOptions {
        durable: false,
        ..StorageOptions::default()
    };
    let (one, two) = (
        open(&address, options()).unwrap(),
        open(&address, options()).unwrap(),
    );
    assert_eq!(one.to_string(), address);
    let id = sample::crash_id();
    let crash = sample::processed_crash(&id, "one");
    let receipt = one
        .save_processed_crash(&id, &crash, Expected::Absent)
        .await
        .unwrap();
    let other = sample::processed_crash(&id, "two");
    two.save_processed_crash(&id, &other, Expected::Version(receipt.version))
        .await
        .unwrap();
    let stored = one.processed_crash(&id).await.unwrap();
    assert_eq!(stored.value.signature(), Some("two"));
}
