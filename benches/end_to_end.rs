//! Crashes per second through storage → queue → pipeline → storage, with two workers and warm
//! symbols, and where the time goes.
//!
//! `cargo bench --bench end_to_end` takes the crashes from the corpus in `SOCORRO_CORPUS` (default
//! `../shared/corpus`), those that need no large symbol files; without a corpus, only reports
//! without a minidump are processed.

#![expect(clippy::expect_used, reason = "this is how a bench fails")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::Value;
use socorro::{
    prelude::*,
    processor::{StageTimes, Summary},
    storage::Expected,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

const WORKERS: usize = 2;

/// A crash report as a collector has it.
struct Report {
    id: CrashId,
    raw: RawCrash,
    dumps: Dumps,
}

fn corpus() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let directory = env::var_os("SOCORRO_CORPUS").map_or(default, PathBuf::from);
    directory
        .join("manifest.json")
        .is_file()
        .then_some(directory)
}

/// The cases of the corpus whose symbols are in its main tree.
fn corpus_reports(directory: &Path) -> Result<Vec<Report>> {
    let manifest: Value = serde_json::from_slice(&fs::read(directory.join("manifest.json"))?)?;
    let cases = manifest["cases"].as_array().context("no cases")?;
    let small = |case: &&Value| {
        case["symbols"] == "symbols"
            && case["big_symbol_files"]
                .as_array()
                .is_none_or(Vec::is_empty)
    };
    cases
        .iter()
        .filter(small)
        .map(|case| {
            let file = |name: &str| -> Result<Vec<u8>> {
                Ok(fs::read(
                    directory.join(case[name].as_str().context("no path")?),
                )?)
            };
            Ok(Report {
                id: CrashId::parse(case["uuid"].as_str().context("no uuid")?)?,
                raw: RawCrash::from_json(&file("raw_crash")?)?,
                dumps: Dumps::from_iter([(DumpName::main(), Dump::from(file("dump")?))]),
            })
        })
        .collect()
}

/// Reports that have annotations only.
fn reports_without_minidump() -> Vec<Report> {
    let report = |_| {
        let id = CrashId::mint(Date::constant(2026, 11, 23), 0);
        let mut raw = RawCrash::new();
        raw.set("uuid", id.as_str());
        raw.set("ProductName", "Bench");
        Report {
            id,
            raw,
            dumps: Dumps::new(),
        }
    };
    (0..50).map(report).collect()
}

fn worker(
    storage: Arc<dyn CrashStorage>,
    queue: Arc<dyn CrashQueue>,
    symbols: SymbolStore,
) -> Worker {
    let pipeline = Pipeline::new(Environment::system()).with_default_rulesets(
        Arc::new(InProcessStackwalker::new().symbols(symbols)),
        &Arc::new(SignatureGenerator::default()),
    );
    let options = WorkerOptions {
        workers: WORKERS,
        ..WorkerOptions::default()
    };
    Worker::with_options(storage, queue, pipeline, options)
}

/// Publishes all reports and drains the queue.
async fn process_all(queue: &dyn CrashQueue, worker: &Worker, jobs: &[Job]) -> Summary {
    let report = queue
        .publish(Lane::Standard, jobs)
        .await
        .expect("published");
    report.into_result().expect("all published");
    let summary = worker.drain(CancellationToken::new()).await;
    assert_eq!(summary.processed, jobs.len() as u64, "{summary}");
    summary
}

/// Makes the results of the round before as good as absent.
async fn forget_results(storage: &dyn CrashStorage, jobs: &[Job]) {
    for job in jobs {
        let nothing = ProcessedCrash::new();
        storage
            .save_processed_crash(&job.crash_id, &nothing, Expected::Any)
            .await
            .expect("saved");
    }
}

/// One benchmark: all reports, over and over, on one pair of engines.
fn bench(
    criterion: &mut Criterion,
    name: &str,
    reports: &[Report],
    symbols: &SymbolStore,
    engines: (&str, &str),
) {
    let runtime = Runtime::new().expect("a runtime");
    let mut times = StageTimes::default();
    let (storage, queue) = runtime.block_on(async {
        let storage =
            socorro::storage::open(engines.0, StorageOptions::default()).expect("a storage");
        let queue = socorro::queue::open(engines.1, QueueOptions::default())
            .await
            .expect("a queue");
        for report in reports {
            storage
                .save_raw_crash(&report.id, &report.raw, &report.dumps)
                .await
                .expect("saved");
        }
        (storage, queue)
    });
    let worker = worker(Arc::clone(&storage), Arc::clone(&queue), symbols.clone());
    let jobs: Vec<Job> = reports.iter().map(|report| Job::new(report.id)).collect();
    // Warm symbols: the first round parses them.
    runtime.block_on(process_all(&*queue, &worker, &jobs));

    let mut group = criterion.benchmark_group("end_to_end");
    group
        .throughput(Throughput::Elements(reports.len() as u64))
        .sample_size(10);
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|iterations| {
            let mut elapsed = Duration::ZERO;
            for _ in 0..iterations {
                // Every round is the first one of its crashes: no history that grows.
                runtime.block_on(forget_results(&*storage, &jobs));
                let started = Instant::now();
                let summary = runtime.block_on(process_all(&*queue, &worker, &jobs));
                elapsed += started.elapsed();
                times += summary.times;
            }
            elapsed
        });
    });
    group.finish();
    print_shares(name, times);
}

fn print_shares(name: &str, times: StageTimes) {
    let stages = [
        ("fetch", times.fetch),
        ("transform", times.transform),
        ("save", times.save),
        ("ack", times.ack),
    ];
    let total: f64 = stages.iter().map(|(_, time)| time.as_secs_f64()).sum();
    let shares: Vec<String> = stages
        .iter()
        .map(|(stage, time)| {
            format!(
                "{stage} {:.0} %",
                100.0 * time.as_secs_f64() / total.max(f64::EPSILON)
            )
        })
        .collect();
    println!("{name}: share of time per stage: {}", shares.join(", "));
}

fn end_to_end(criterion: &mut Criterion) {
    let directory = TempDir::new().expect("a directory");
    let file = |name: &str| directory.path().join(name).display().to_string();
    let memory = ("memory:", "memory:");
    let reports = reports_without_minidump();
    let none = SymbolStore::empty();
    bench(criterion, "no_minidump/memory", &reports, &none, memory);

    let Some(corpus) = corpus() else {
        println!("SKIPPED: no corpus: set SOCORRO_CORPUS to its directory");
        return;
    };
    let reports = corpus_reports(&corpus).expect("a readable corpus");
    let symbols = SymbolSource::directory(corpus.join("symbols")).expect("symbols");
    let symbols = SymbolStore::new([symbols]);
    bench(criterion, "corpus/memory", &reports, &symbols, memory);
    let durable = (
        format!("file://{}", file("crashes")),
        format!("sqlite://{}", file("queue.sqlite")),
    );
    bench(
        criterion,
        "corpus/file_sqlite",
        &reports,
        &symbols,
        (&durable.0, &durable.1),
    );
}

criterion_group!(benches, end_to_end);
criterion_main!(benches);
