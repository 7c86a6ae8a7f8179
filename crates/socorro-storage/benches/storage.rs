//! What crash storage costs over the bare object store: the same reports are saved and fetched
//! both ways, taking turns, so that whatever else the machine does hits both. Medians.
//!
//! `cargo bench -p socorro-storage --bench storage [--features s3]`, with `-- --test` once each.
//! The S3 server is the one at `SOCORRO_TEST_S3_ENDPOINT`, if there is one.

#![expect(clippy::unwrap_used, reason = "this is how a bench fails")]

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use object_store::{ObjectStore, ObjectStoreExt as _};
use serde_json::{Value, json};
use socorro_core::{CrashId, Dump, DumpName, Dumps, ProcessedCrash, RawCrash};
use socorro_storage::{
    CrashStorage as _, CrashStorageExt as _, Expected, ObjectStorage, StorageOptions, layout,
    testkit::sample,
};

const DUMP: usize = 256 << 10;
const ROUNDS: usize = 300;

/// A report of usual size.
struct Report {
    raw_crash: RawCrash,
    dump: Bytes,
    processed_crash: ProcessedCrash,
}

impl Report {
    fn new() -> Self {
        let mut raw_crash = sample::raw_crash(&sample::crash_id());
        for index in 0..100 {
            raw_crash.set(format!("Annotation{index}").as_str(), "value ".repeat(10));
        }
        let frame = |index| json!({"frame": index, "function": "f::g<T>", "module": "xul.dll"});
        let frames: Vec<Value> = (0..40).map(frame).collect();
        let threads: Vec<Value> = (0..60).map(|_| json!({"frames": frames})).collect();
        let mut processed_crash = sample::processed_crash(&sample::crash_id(), "f::g");
        processed_crash.set("json_dump", json!({"threads": threads}));
        Self {
            raw_crash,
            dump: vec![7; DUMP].into(),
            processed_crash,
        }
    }

    fn dumps(&self) -> Dumps {
        [(DumpName::main(), Dump::Bytes(self.dump.clone()))]
            .into_iter()
            .collect()
    }
}

/// The same work with the bare store, in the same order.
struct Bare(Arc<dyn ObjectStore>);

impl Bare {
    async fn put(&self, key: String, content: impl Into<Bytes>) {
        self.0
            .put(&key.into(), content.into().into())
            .await
            .unwrap();
    }

    async fn get(&self, key: String) -> Bytes {
        self.0
            .get(&key.into())
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap()
    }

    async fn save(&self, id: &CrashId, report: &Report) {
        let main = DumpName::main();
        self.put(layout::dump(id, &main), report.dump.clone()).await;
        self.put(layout::dump_names(id), format!("[\"{main}\"]"))
            .await;
        self.put(layout::raw_crash(id), report.raw_crash.to_json())
            .await;
    }

    async fn fetch(&self, id: &CrashId, directory: &Path) {
        let raw_crash = self.get(layout::raw_crash(id)).await;
        RawCrash::from_json(&raw_crash).unwrap();
        let names: Vec<String> =
            serde_json::from_slice(&self.get(layout::dump_names(id)).await).unwrap();
        for name in names {
            let name = DumpName::parse(&name).unwrap();
            let dump = self.get(layout::dump(id, &name)).await;
            tokio::fs::write(directory.join("bare"), dump)
                .await
                .unwrap();
        }
    }

    async fn save_processed(&self, id: &CrashId, report: &Report) {
        let content = report.processed_crash.to_json();
        self.put(layout::processed_crash(id), content).await;
    }
}

async fn fetch(storage: &ObjectStorage, id: &CrashId, directory: &Path) {
    storage.raw_crash(id).await.unwrap();
    storage.dumps_to_dir(id, directory).await.unwrap();
}

async fn timed(work: impl Future) -> Duration {
    let begin = Instant::now();
    work.await;
    begin.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Takes turns, ours and the bare one, and prints the medians.
async fn compare<A: Future, B: Future>(
    engine: &str,
    operation: &str,
    rounds: usize,
    ours: impl Fn(usize) -> A,
    bare: impl Fn(usize) -> B,
) {
    let (mut our_times, mut bare_times) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        // Who goes first changes, since the second finds warm caches.
        if round % 2 == 0 {
            our_times.push(timed(ours(round)).await);
            bare_times.push(timed(bare(round)).await);
        } else {
            bare_times.push(timed(bare(round)).await);
            our_times.push(timed(ours(round)).await);
        }
    }
    let (ours, bare) = (median(our_times), median(bare_times));
    let overhead = (ours.as_secs_f64() / bare.as_secs_f64() - 1.0) * 100.0;
    println!(
        "{engine:<22} {operation:<15} ours {:>9.1} µs   bare {:>9.1} µs   overhead {overhead:>+6.1} %",
        ours.as_secs_f64() * 1e6,
        bare.as_secs_f64() * 1e6,
    );
}

async fn bench(engine: &str, rounds: usize, storage: &ObjectStorage) {
    let report = Report::new();
    let dumps = report.dumps();
    let bare = Bare(storage.store().clone());
    let ids: Vec<_> = (0..rounds).map(|_| sample::crash_id()).collect();
    let others: Vec<_> = (0..rounds).map(|_| sample::crash_id()).collect();
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    compare(
        engine,
        "save report",
        rounds,
        |round| storage.save_raw_crash(&ids[round], &report.raw_crash, &dumps),
        |round| bare.save(&others[round], &report),
    )
    .await;
    compare(
        engine,
        "fetch report",
        rounds,
        |round| fetch(storage, &ids[round], directory),
        |round| bare.fetch(&others[round], directory),
    )
    .await;
    compare(
        engine,
        "save processed",
        rounds,
        |round| storage.save_processed_crash(&ids[round], &report.processed_crash, Expected::Any),
        |round| bare.save_processed(&others[round], &report),
    )
    .await;
    for id in ids.iter().chain(&others) {
        storage.delete(id).await.unwrap();
    }
}

#[tokio::main]
async fn main() {
    let once = std::env::args().any(|argument| argument == "--test");
    let rounds = if once { 1 } else { ROUNDS };
    let options = StorageOptions::default;
    bench("memory", rounds, &ObjectStorage::memory(options())).await;

    let directory = tempfile::tempdir().unwrap();
    let durable = ObjectStorage::directory(directory.path(), options()).unwrap();
    bench("directory, fsync", rounds, &durable).await;
    let volatile = StorageOptions {
        durable: false,
        ..options()
    };
    let volatile = ObjectStorage::directory(directory.path(), volatile).unwrap();
    bench("directory, no fsync", rounds, &volatile).await;

    #[cfg(feature = "s3")]
    if let Some(harness) = socorro_storage::testkit::ObjectHarness::s3().await {
        bench("S3", rounds, &harness.into_storage()).await;
    }
}
