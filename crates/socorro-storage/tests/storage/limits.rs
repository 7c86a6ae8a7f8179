//! Nothing larger than its limit gets in or out.

use std::io::Write as _;

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use socorro_core::{CrashId, Dump, DumpName};
use socorro_storage::{
    CrashStorage, CrashStorageExt as _, DocumentKey, ErrorKind, Expected, Item, ObjectStorage,
    StorageOptions,
    testkit::{Harness as _, ObjectHarness, sample},
};

const LIMIT: u64 = 200;

fn harness() -> ObjectHarness {
    ObjectHarness::of(ObjectStorage::memory(StorageOptions {
        max_raw_crash_size: LIMIT,
        max_processed_crash_size: LIMIT,
        max_dump_size: LIMIT,
        ..StorageOptions::default()
    }))
}

async fn nothing_is_there(storage: &dyn CrashStorage, id: &CrashId) -> bool {
    storage.catalog(id).await.unwrap().present.is_empty()
}

#[tokio::test]
async fn a_report_that_is_too_large_leaves_nothing_behind() {
    let harness = harness();
    let (storage, id) = (harness.storage(), sample::crash_id());
    let mut large = sample::raw_crash(&id);
    large.set("Notes", "x".repeat(200));
    let error = storage
        .save_raw_crash(&id, &large, &sample::dumps())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(error.item(), Some(&Item::RawCrash));
    assert!(nothing_is_there(storage, &id).await);

    let mut dumps = sample::dumps();
    dumps.insert(sample::memory_report(), Dump::from(vec![0; 201]));
    let error = storage
        .save_raw_crash(&id, &sample::raw_crash(&id), &dumps)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(error.item(), Some(&Item::Dump(sample::memory_report())));
    assert!(nothing_is_there(storage, &id).await);
}

#[tokio::test]
async fn what_is_written_beside_crashes_is_limited_too() {
    let harness = harness();
    let (storage, id) = (harness.storage(), sample::crash_id());
    let crash = sample::processed_crash(&id, &"x".repeat(200));
    let error = storage
        .save_processed_crash(&id, &crash, Expected::Any)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let key = DocumentKey::dead_letter(sample::DATE, &id);
    let error = storage
        .save_document(&key, Bytes::from(vec![0; 201]))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn what_others_stored_is_not_read_beyond_the_limit() {
    let harness = harness();
    let (storage, id) = (harness.storage(), sample::crash_id());
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    write!(bomb, r#"{{"a": "{}"}}"#, " ".repeat(10_000)).unwrap();
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 200, "small until it is unpacked");

    for item in [Item::RawCrash, Item::ProcessedCrash] {
        for content in [&bomb[..], &[b' '; 201]] {
            harness.plant(&id, &item, content).await;
            let error = match item {
                Item::RawCrash => storage.raw_crash(&id).await.unwrap_err(),
                _ => storage.processed_crash(&id).await.unwrap_err(),
            };
            assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
        }
    }
    let many = format!("[{}\"x\"]", "\"x\", ".repeat(20_000));
    harness.plant(&id, &Item::DumpNames, many.as_bytes()).await;
    let error = storage.dump_names(&id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
}

#[tokio::test]
async fn a_dump_that_is_too_large_does_not_keep_the_others_back() {
    let harness = harness();
    let (storage, id) = (harness.storage(), sample::crash_id());
    storage
        .save_raw_crash(&id, &sample::raw_crash(&id), &sample::dumps())
        .await
        .unwrap();
    let report = Item::Dump(sample::memory_report());
    harness.plant(&id, &report, &[0; 201]).await;

    let directory = tempfile::tempdir().unwrap();
    let fetched = storage.dumps_to_dir(&id, directory.path()).await.unwrap();
    assert_eq!(fetched.too_large, [sample::memory_report()]);
    let names: Vec<_> = fetched.dumps.names().collect();
    assert_eq!(names, [&DumpName::main(), &sample::browser()]);
}
