//! A dump of a gigabyte, in little memory. A program of its own, because memory is measured.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

use std::{fs::File, path::Path, time::Instant};

use socorro_core::{Dump, DumpName};
use socorro_storage::{CrashStorage, ObjectStorage, StorageOptions, testkit::sample};

const SIZE: u64 = 1 << 30;
const ALLOWED: u64 = 200 << 20;

/// The most memory this process ever had, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: u64 = line.unwrap().trim_end_matches("kB").trim().parse().unwrap();
    kilobytes << 10
}

async fn there_and_back(storage: &dyn CrashStorage, directory: &Path) {
    let id = sample::crash_id();
    let (path, back) = (directory.join("dump"), directory.join("back"));
    // Nothing but holes, so it takes no time to make.
    File::create(&path).unwrap().set_len(SIZE).unwrap();
    let dump = Dump::File { path, size: SIZE };
    let dumps = [(DumpName::main(), dump)].into_iter().collect();

    let begin = Instant::now();
    storage
        .save_raw_crash(&id, &sample::raw_crash(&id), &dumps)
        .await
        .unwrap();
    let written = begin.elapsed();
    let size = storage
        .dump_to_file(&id, &DumpName::main(), &back)
        .await
        .unwrap();
    let read = begin.elapsed() - written;
    assert_eq!(size, SIZE);
    assert_eq!(back.metadata().unwrap().len(), SIZE);
    assert!(storage.delete(&id).await.unwrap().is_complete());
    let peak = peak();
    println!(
        "{storage}: {SIZE} bytes, written in {written:.1?}, read in {read:.1?}, \
         at most {} MiB in memory",
        peak >> 20
    );
    assert!(peak < ALLOWED, "{peak} bytes in memory");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes 2 GiB of disk and some seconds: cargo test --test large_dump -- --ignored --nocapture"]
async fn a_gigabyte_goes_through_in_little_memory() {
    let directory = tempfile::tempdir().unwrap();
    let storage =
        ObjectStorage::directory(directory.path().join("s"), StorageOptions::default()).unwrap();
    there_and_back(&storage, directory.path()).await;
    #[cfg(feature = "s3")]
    if let Some(harness) = socorro_storage::testkit::ObjectHarness::s3().await {
        use socorro_storage::testkit::Harness as _;
        there_and_back(harness.storage(), directory.path()).await;
    }
}
