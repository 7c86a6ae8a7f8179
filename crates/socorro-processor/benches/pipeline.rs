//! What the rules cost: the default ruleset without the walk itself, and each rule alone.
//!
//! `cargo bench -p socorro-processor --bench pipeline` takes the crash whose stackwalk is of median
//! size from the corpus in `SOCORRO_CORPUS` (default `../shared/corpus`). Goal: at most 300 µs for
//! the default ruleset.

#![expect(clippy::expect_used, reason = "this is how a bench fails")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use serde_json::Value;
use socorro_core::{CrashId, Dump, DumpName, Dumps, Environment, RawCrash};
use socorro_processor::{Crash, Pipeline, rules::RulesetOptions};
use socorro_signature::SignatureGenerator;
use socorro_stackwalk::{Stackwalker, WalkOutcome, WalkOutput, WalkRequest};
use tokio::runtime::Runtime;

/// Hands out a stackwalk that was made before the clock runs.
#[derive(Debug, Default)]
struct Prepared(Mutex<Option<Value>>);

impl Prepared {
    fn prepare(&self, stackwalk: &Value) {
        *self.0.lock().expect("no panic while it was held") = Some(stackwalk.clone());
    }
}

#[async_trait]
impl Stackwalker for Prepared {
    fn version(&self) -> String {
        "prepared".to_owned()
    }

    async fn walk(&self, _: WalkRequest<'_>) -> WalkOutcome {
        let stackwalk = self.0.lock().expect("no panic while it was held").take();
        WalkOutcome {
            exit_code: 0,
            output: stackwalk.map_or(WalkOutput::None, WalkOutput::Json),
            log: None,
            symbolication: None,
        }
    }
}

/// A crash report and the stackwalk of its minidump.
struct Report {
    crash: Crash,
    stackwalk: Value,
}

fn corpus() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let directory = env::var_os("SOCORRO_CORPUS").map_or(default, PathBuf::from);
    directory
        .join("manifest.json")
        .is_file()
        .then_some(directory)
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).expect("a readable corpus")
}

/// The report whose stackwalk is of median size.
fn median(directory: &Path) -> Report {
    let manifest: Value =
        serde_json::from_slice(&read(&directory.join("manifest.json"))).expect("JSON");
    let cases = manifest["cases"].as_array().expect("cases");
    let path = |case: &Value, name: &str| directory.join(case[name].as_str().expect("a path"));
    let mut stackwalks: Vec<(Vec<u8>, &Value)> = cases
        .iter()
        .map(|case| (read(&path(case, "expected_stackwalk")), case))
        .collect();
    stackwalks.sort_by_key(|(stackwalk, _)| stackwalk.len());
    let (stackwalk, case) = stackwalks.swap_remove(stackwalks.len() / 2);
    println!("{}: {} bytes of stackwalk", case["name"], stackwalk.len());
    let id = CrashId::parse(case["uuid"].as_str().expect("an id")).expect("an id");
    let raw = RawCrash::from_json(&read(&path(case, "raw_crash"))).expect("a raw crash");
    let dumps = Dumps::from_iter([(DumpName::main(), Dump::from(b"MDMP".to_vec()))]);
    Report {
        crash: Crash::new(id, raw, dumps),
        stackwalk: serde_json::from_slice(&stackwalk).expect("JSON"),
    }
}

fn pipeline(criterion: &mut Criterion) {
    let Some(corpus) = corpus() else {
        println!("SKIPPED: no corpus: set SOCORRO_CORPUS to its directory");
        return;
    };
    let report = median(&corpus);
    let walker = Arc::new(Prepared::default());
    let options = RulesetOptions::new(walker.clone(), Arc::new(SignatureGenerator::default()));
    let ruleset = options.default_ruleset();
    let pipeline = Pipeline::new(Environment::system()).with_rulesets(&options);
    let runtime = Runtime::new().expect("a runtime");

    let prepared = |crash: &Crash| {
        walker.prepare(&report.stackwalk);
        crash.clone()
    };
    let mut group = criterion.benchmark_group("pipeline");
    group.bench_function("default", |bencher| {
        bencher.iter_batched(
            || prepared(&report.crash),
            |crash| runtime.block_on(pipeline.run("default", crash)),
            BatchSize::PerIteration,
        );
    });
    // Each rule meets the crash with everything that the others have found out.
    let processed = runtime.block_on(pipeline.run("default", prepared(&report.crash)));
    let processed = processed.expect("a known ruleset");
    for info in ruleset.infos() {
        group.bench_function(info.name, |bencher| {
            bencher.iter_batched(
                || prepared(&processed),
                |mut crash| {
                    runtime.block_on(ruleset.apply_rule(info.name, &mut crash));
                    crash
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, pipeline);
criterion_main!(benches);
