//! Speed of signature generation on one thread.
//!
//! `corpus/*` runs over the recorded crashes of the conformance vectors (directory from `SOCORRO_CONFORMANCE`, by
//! default `../shared/conformance` beside the repository) with their lists, from parsed JSON to signature, in two
//! ways: `first` with a generator that has seen no name yet, as when a processor starts, and `again` with one that
//! has seen them all, as when it has run for a while. `hostile/*` runs inputs that are made to be slow.
//!
//! The Python original made 7,764 signatures a second of the whole corpus, 4,004 of its native crashes, 27,811 of its
//! Java crashes and 1,153 of stacks of 58 frames.

#![expect(clippy::unwrap_used, reason = "a bench may stop at a broken set-up")]

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use criterion::{
    BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main,
    measurement::WallTime,
};
use serde_json::{Value, json};
use socorro_signature::{CrashData, SignatureGenerator, SignatureLists};

/// Frames of the long stacks. Only the first 40 count, but all are there to be read.
const LONG_STACK: usize = 58;

/// Where the recorded crashes are, if they are.
fn vectors() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let directory = std::env::var_os("SOCORRO_CONFORMANCE").map_or(beside, PathBuf::from);
    directory
        .join("signature")
        .is_dir()
        .then(|| directory.join("signature"))
}

/// Crash data of the cases in the given group; all without one.
fn crashes(cases: &[Value], group: Option<&str>) -> Vec<Value> {
    cases
        .iter()
        .filter(|case| group.is_none_or(|group| case["group"] == group))
        .map(|case| case["crash_data"].clone())
        .collect()
}

/// Crashes with stacks of [`LONG_STACK`] frames, put together from the frames of others.
fn long_stacks(native: &[Value]) -> Vec<Value> {
    let frames: Vec<&Value> = native
        .iter()
        .filter_map(|crash| crash["threads"].as_array())
        .flatten()
        .filter_map(|thread| thread["frames"].as_array())
        .flatten()
        .collect();
    frames
        .chunks_exact(LONG_STACK)
        .map(|frames| json!({"crashing_thread": 0, "os": "Linux", "threads": [{ "frames": frames }]}))
        .collect()
}

fn generate_all(generator: &SignatureGenerator, crashes: &[Value]) {
    for crash in crashes {
        black_box(generator.generate(&CrashData::from_json(black_box(crash))));
    }
}

fn bench_crashes(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    lists: &Arc<SignatureLists>,
    crashes: &[Value],
) {
    group.throughput(Throughput::Elements(crashes.len() as u64));
    group.bench_function(format!("{name}/first"), |bencher| {
        bencher.iter_batched_ref(
            || SignatureGenerator::new(Arc::clone(lists)),
            |generator| generate_all(generator, crashes),
            BatchSize::PerIteration,
        );
    });
    let generator = SignatureGenerator::new(Arc::clone(lists));
    generate_all(&generator, crashes);
    group.bench_function(format!("{name}/again"), |bencher| {
        bencher.iter(|| generate_all(&generator, crashes));
    });
}

fn corpus(criterion: &mut Criterion) {
    let Some(vectors) = vectors() else {
        eprintln!("skipped: no conformance vectors; set SOCORRO_CONFORMANCE to their directory");
        return;
    };
    let lists = Arc::new(SignatureLists::from_directory(vectors.join("siglists")).unwrap());
    let text = std::fs::read_to_string(vectors.join("pipeline.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let native = crashes(&cases, Some("random:native"));
    let mut group = criterion.benchmark_group("corpus");
    bench_crashes(&mut group, "whole", &lists, &crashes(&cases, None));
    bench_crashes(&mut group, "native", &lists, &native);
    let java = crashes(&cases, Some("random:java"));
    bench_crashes(&mut group, "java", &lists, &java);
    bench_crashes(&mut group, "58-frames", &lists, &long_stacks(&native));
    group.finish();
}

fn hostile(criterion: &mut Criterion) {
    let native = |function: &str| json!({"threads": [{"frames": [{ "function": function }]}]});
    let nested = |open: &str, close: &str| {
        native(&format!("f{}{}", open.repeat(10_000), close.repeat(10_000)))
    };
    let frames = vec![json!({"function": "memcpy", "module": "libc.so"}); 100_000];
    let inputs = [
        ("1-MB-name", native(&"x".repeat(1 << 20))),
        (
            "1-MB-name-of-words",
            native(&"ab, c* ".repeat((1 << 20) / 7)),
        ),
        (
            "1-MB-name-of-scopes",
            native(&"a::$_1::<(b)>".repeat((1 << 20) / 13)),
        ),
        ("100,000-frames", json!({"threads": [{ "frames": frames }]})),
        ("10,000-brackets-<", nested("<", ">")),
        ("10,000-brackets-(", nested("(", ")")),
        (
            "10,000-brackets-ParamTraits",
            nested("IPC::ParamTraits<", ">"),
        ),
    ];
    let generator = SignatureGenerator::default();
    let mut group = criterion.benchmark_group("hostile");
    for (name, crash) in inputs {
        group.bench_function(name, |bencher| {
            bencher.iter(|| generator.generate(&CrashData::from_json(black_box(&crash))));
        });
    }
    group.finish();
}

fn lists(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lists");
    group.bench_function("load-included", |bencher| {
        bencher.iter(|| SignatureLists::default_lists().unwrap());
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3));
    targets = corpus, hostile, lists
}
criterion_main!(benches);
