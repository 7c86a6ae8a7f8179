//! What it costs to take a report, with one file of 50 KB or 1 MB, by what is done with it:
//!
//! | name | does |
//! |---|---|
//! | `parse only` | reads it: the baseline |
//! | `fake accept` | also decides, and gives it an id |
//! | `memory` | also stores it in memory, and publishes the id |
//! | `files` | stores it in a directory, without `fsync` |
//! | `files and spool` | the same, with a spool at hand, which holds large files meanwhile |
//! | `spool` | keeps it in the spool, with `fsync`, and answers; nothing is delivered |
//!
//! `cargo bench -p socorro-collector --bench intake`, with `-- --test` once each. Reports have an id of
//! their own and overwrite each other, so that nothing grows.

#![expect(clippy::unwrap_used, reason = "this is how a bench fails")]

use std::{hint::black_box, path::Path, sync::Arc};

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use http::request::Parts;
use http_body_util::Full;
use serde_json::{Map, Value};
use socorro_collector::{
    Builder, Collector, Outcome,
    form::Form,
    parse, report,
    spool::{self, Mode},
    throttle::{Draws, Rules, Subject, ThrottleResult, Throttler, Verdict},
};
use socorro_queue::{CrashQueue, Lane, MemoryQueue, QueueOptions};
use socorro_storage::{CrashStorage, ObjectStorage, StorageOptions};
use tokio::runtime::Runtime;

const TOKEN: &str = "bench";
const SIZES: [(&str, usize); 2] = [("50 KB", 50 << 10), ("1 MB", 1 << 20)];

/// A report as Firefox sends it.
fn request(size: usize) -> (Parts, Bytes) {
    let mut annotations = Map::new();
    for index in 0..80 {
        let value = "value ".repeat(1 + index % 20);
        annotations.insert(format!("Annotation{index}"), value.into());
    }
    annotations.insert("ProductName".into(), "Firefox".into());
    annotations.insert(
        "uuid".into(),
        Value::from("de1bb258-cbbf-4589-a673-34f800260918"),
    );
    let minidump: Vec<u8> = b"MDMP"
        .iter()
        .copied()
        .chain((0..).map(|index: usize| (index * index % 251) as u8))
        .take(size)
        .collect();
    let form = Form::new().json(&annotations);
    let form = form.file("upload_file_minidump", "crash.dmp", minidump);
    let body = form.to_bytes().unwrap();
    let request = http::Request::post("/submit")
        .header("content-type", form.content_type())
        .header("content-length", body.len())
        .header("user-agent", "bench")
        .header("authorization", format!("Bearer {TOKEN}"))
        .body(())
        .unwrap();
    (request.into_parts().0, body)
}

/// Accepts for appearance's sake.
#[derive(Debug)]
struct Fake;

impl Throttler for Fake {
    fn throttle(&self, subject: &Subject<'_>, draws: &mut dyn Draws) -> Verdict {
        Verdict {
            result: ThrottleResult::FakeAccept,
            ..Rules::open().throttle(subject, draws)
        }
    }
}

fn files(directory: &Path) -> Arc<dyn CrashStorage> {
    let options = StorageOptions {
        durable: false,
        ..StorageOptions::default()
    };
    Arc::new(ObjectStorage::directory(directory.join("storage"), options).unwrap())
}

fn build(
    runtime: &Runtime,
    storage: Arc<dyn CrashStorage>,
    queue: Arc<dyn CrashQueue>,
    set: impl FnOnce(Builder) -> Builder,
) -> Collector {
    let mut report = report::Options::mozilla();
    report.submitter_token = Some(TOKEN.into());
    let builder = Collector::builder()
        .storage(storage)
        .queue(queue)
        .report(report);
    runtime.block_on(set(builder).build()).unwrap()
}

fn intake(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let queue = Arc::new(MemoryQueue::new(QueueOptions::default()).unwrap());
    let memory = || Arc::new(ObjectStorage::memory(StorageOptions::default()));
    let spool = |name: &str, mode| spool::Options {
        mode,
        min_free_bytes: 0,
        ..spool::Options::new(directory.path().join(name))
    };
    let new =
        |storage, set: &dyn Fn(Builder) -> Builder| build(&runtime, storage, queue.clone(), set);
    let collectors = [
        (
            "fake accept",
            new(memory(), &|builder| builder.throttler(Arc::new(Fake))),
        ),
        ("memory", new(memory(), &|builder| builder)),
        ("files", new(files(directory.path()), &|builder| builder)),
        (
            "files and spool",
            new(files(directory.path()), &|builder| {
                builder.spool(spool("at hand", Mode::OnFailure))
            }),
        ),
        (
            "spool",
            new(memory(), &|builder| {
                builder.spool(spool("always", Mode::Always))
            }),
        ),
    ];
    let mut group = criterion.benchmark_group("intake");
    for (size_name, size) in SIZES {
        let (head, body) = request(size);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(BenchmarkId::new("parse only", size_name), |bencher| {
            let options: &parse::Options = collectors[0].1.parse_options();
            bencher.to_async(&runtime).iter(async || {
                let body = Full::new(body.clone());
                black_box(parse::parse(&head.headers, body, options).await.unwrap());
            });
        });
        for (name, collector) in &collectors {
            group.bench_function(BenchmarkId::new(*name, size_name), |bencher| {
                bencher.to_async(&runtime).iter(async || {
                    let outcome = collector.submit(&head, Full::new(body.clone())).await;
                    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
                });
            });
            runtime.block_on(queue.purge(Lane::Standard)).unwrap();
        }
    }
    group.finish();
}

criterion_group!(benches, intake);
criterion_main!(benches);
