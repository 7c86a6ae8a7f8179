//! Results do not depend on where, after what, and beside what a minidump is walked.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, json};
use socorro_stackwalk::{
    InProcessStackwalker, Stackwalker, SymbolSource, SymbolStore, WalkOutcome, WalkRequest,
    WalkerPool,
};

use super::common::corpus::{Case, Corpus};
use super::common::synthetic::{Crash, symbols, write_symbols};
use super::{document, pool, walk};

async fn walk_case(walker: &dyn Stackwalker, case: &Case) -> WalkOutcome {
    let request = WalkRequest {
        dump: case.dump.as_path().into(),
        annotations: &case.annotations,
    };
    walker.walk(request).await
}

/// What a walk came to, as it is stored.
fn text(outcome: &WalkOutcome) -> String {
    format!(
        "{} {:?} {:?} {}",
        outcome.exit_code,
        outcome.log,
        outcome.symbolication,
        document(outcome)
    )
}

#[tokio::test]
async fn symbols_and_annotations_reach_the_child() {
    let root = tempfile::tempdir().unwrap();
    write_symbols(root.path(), 1, &symbols(1));
    let store = || SymbolStore::new([SymbolSource::directory(root.path()).unwrap()]);
    let pool = pool().0.symbols(store()).build();
    let annotations =
        json!({"ModuleSignatureInfo": {"Somebody": ["app"]}, "CPUMicrocodeVersion": "0xea"});
    let request = || WalkRequest {
        dump: Crash::new(1).dump().into(),
        annotations: annotations.as_object().unwrap(),
    };
    let outcome = pool.walk(request()).await;
    let frame = &document(&outcome)["crashing_thread"]["frames"][0];
    assert_eq!(frame["function"], "crash_here");
    assert_eq!(document(&outcome)["modules"][0]["cert_subject"], "Somebody");
    let in_process = InProcessStackwalker::new().symbols(store());
    assert_eq!(text(&outcome), text(&in_process.walk(request()).await));
}

/// A child that knows symbols from one crash does not show them to the next that did not ask.
#[tokio::test]
async fn what_a_child_knows_does_not_show() {
    let root = tempfile::tempdir().unwrap();
    write_symbols(root.path(), 1, &symbols(1));
    let store = SymbolStore::new([SymbolSource::directory(root.path()).unwrap()]);
    let pool = pool().0.children(1).symbols(store.clone()).build();
    let in_process = InProcessStackwalker::new().symbols(store);
    let mut nameless = Crash::new(1);
    nameless.has_debug_id = false;
    for crash in [Crash::new(1), Crash::new(2), nameless, Crash::new(1)] {
        let expected = walk(&in_process, crash.dump()).await;
        assert_eq!(text(&walk(&pool, crash.dump()).await), text(&expected));
    }
}

/// All cases with one pool per set of symbols, in changing order, several at a time, several times.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pooled_results_equal_those_in_process() {
    let Some(corpus) = Corpus::find() else { return };
    let cases: Vec<Arc<Case>> = corpus.cases().into_iter().map(Arc::new).collect();
    let mut expected = BTreeMap::new();
    let mut pools: BTreeMap<(PathBuf, bool), WalkerPool> = BTreeMap::new();
    for case in &cases {
        let store = SymbolStore::new(case.sources());
        let walker = InProcessStackwalker::new().symbols(store.clone());
        expected.insert(case.name.clone(), text(&walk_case(&walker, case).await));
        pools
            .entry((case.symbols.clone(), case.is_big))
            .or_insert_with(|| pool().0.children(2).symbols(store).build());
    }
    for round in 0..3 {
        let mut order = cases.clone();
        order.rotate_left(round * 7 % cases.len());
        if round % 2 == 1 {
            order.reverse();
        }
        let walks: Vec<_> = order
            .into_iter()
            .map(|case| {
                let pool = pools[&(case.symbols.clone(), case.is_big)].clone();
                tokio::spawn(
                    async move { (case.name.clone(), text(&walk_case(&pool, &case).await)) },
                )
            })
            .collect();
        for walked in walks {
            let (name, outcome) = walked.await.unwrap();
            assert!(
                outcome == expected[&name],
                "{name} differs in round {round}"
            );
        }
    }
}

/// What a damaged input may take: twice that of an optimised build, on a busy machine, in an unoptimised one.
const MOST_TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 10 } else { 2 });

/// Kilobytes that a child may ever have resident.
const MOST_MEMORY: u64 = 512 << 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_inputs_end_quickly_and_harm_no_good_crash() {
    let Some(corpus) = Corpus::find() else { return };
    let good = &corpus.cases()[0];
    let store = SymbolStore::new(good.sources());
    let expected =
        text(&walk_case(&InProcessStackwalker::new().symbols(store.clone()), good).await);
    let mut failed = Vec::new();
    let mut most = (Duration::ZERO, 0);
    let (builder, good_mark) = pool();
    let good_pool = builder.children(1).symbols(store).build();
    for case in corpus.malformed() {
        // The same child for both, unless the damaged input needs symbols of its own.
        let (pool, mark) = match case.sources() {
            sources if sources.is_empty() => (good_pool.clone(), good_mark.clone()),
            sources => {
                let (builder, mark) = pool();
                (
                    builder
                        .children(1)
                        .symbols(SymbolStore::new(sources))
                        .build(),
                    mark,
                )
            }
        };
        let started = Instant::now();
        let request = WalkRequest {
            dump: case.dump.as_path().into(),
            annotations: &Map::new(),
        };
        let outcome = pool.walk(request).await;
        let time = started.elapsed();
        let memory = peak_memory(&mark);
        most = (most.0.max(time), most.1.max(memory));
        failed.extend(
            case.complaint(&outcome)
                .map(|complaint| format!("{}: {complaint}", case.name)),
        );
        if time > MOST_TIME || memory > MOST_MEMORY {
            failed.push(format!("{}: {time:?}, {memory} kB", case.name));
        }
        if text(&walk_case(&good_pool, good).await) != expected {
            failed.push(format!("{}: a good crash after it differs", case.name));
        }
    }
    println!(
        "most that a damaged input took: {:?}, {} kB resident",
        most.0, most.1
    );
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[cfg(target_os = "linux")]
fn peak_memory(mark: &str) -> u64 {
    let children = super::system::children(mark);
    children
        .into_iter()
        .map(super::system::peak_memory)
        .max()
        .unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
fn peak_memory(_: &str) -> u64 {
    0
}
