//! Real dumps against what the reference program made of them.
//!
//! Needs the corpus in the directory named by `SOCORRO_CORPUS` (default: `../shared/corpus` beside the repository), and
//! for the cases with large symbol files a directory with those, named by `SOCORRO_CORPUS_BIG`.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::corpus::{Case, Corpus};
use serde_json::Map;
use socorro_stackwalk::testkit::differences;
use socorro_stackwalk::{
    InProcessStackwalker, Stackwalker, SymbolStore, WalkOutcome, WalkOutput, WalkRequest,
};

/// What a damaged input may take, in an unoptimised build on a busy machine. A walk that takes longer has no document,
/// which is complained of.
const MOST_FOR_DAMAGED: Duration = Duration::from_secs(10);

async fn walk(walker: &InProcessStackwalker, case: &Case) -> serde_json::Value {
    let stackwalk = walker
        .stackwalk(case.dump.as_path(), &case.annotations)
        .await;
    stackwalk
        .unwrap_or_else(|error| panic!("{}: {error}", case.name))
        .into_json()
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_equal_those_of_the_reference() {
    let Some(corpus) = Corpus::find() else { return };
    let mut failed = Vec::new();
    let cases = corpus.cases();
    for case in &cases {
        let walker = InProcessStackwalker::new().symbols(SymbolStore::new(case.sources()));
        let started = Instant::now();
        let cold = walk(&walker, case).await;
        let cold_time = started.elapsed();
        let started = Instant::now();
        let warm = walk(&walker, case).await;
        println!(
            "{:<40} cold {cold_time:>10.1?} warm {:>10.1?}",
            case.name,
            started.elapsed()
        );
        let found = differences(&cold, &case.expected());
        if !found.is_empty() {
            failed.push(format!(
                "{}: {} differences, first {:#?}",
                case.name,
                found.len(),
                &found[..found.len().min(5)]
            ));
        }
        assert_eq!(
            cold.to_string(),
            warm.to_string(),
            "{}: warm symbols changed the document",
            case.name
        );
    }
    assert!(
        failed.is_empty(),
        "{} of {} cases differ:\n{}",
        failed.len(),
        cases.len(),
        failed.join("\n")
    );
}

/// Each case alone with a fresh store, then all with one shared store per set of sources, in changing order, several at
/// a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sharing_symbols_changes_no_document() {
    let Some(corpus) = Corpus::find() else { return };
    let cases: Vec<Arc<Case>> = corpus
        .cases()
        .into_iter()
        .filter(|case| !case.is_big)
        .map(Arc::new)
        .collect();
    let mut alone = BTreeMap::new();
    for case in &cases {
        let walker = InProcessStackwalker::new().symbols(SymbolStore::new(case.sources()));
        alone.insert(case.name.clone(), walk(&walker, case).await.to_string());
    }
    let mut walkers = BTreeMap::new();
    for case in &cases {
        walkers.entry(case.symbols.clone()).or_insert_with(|| {
            // Too small for everything, so that symbols come and go.
            InProcessStackwalker::new().symbols(
                SymbolStore::builder()
                    .sources(case.sources())
                    .capacity(24 << 20)
                    .build(),
            )
        });
    }
    for round in 0..3 {
        let mut order: Vec<_> = cases.clone();
        order.rotate_left(round * 7 % cases.len());
        if round % 2 == 1 {
            order.reverse();
        }
        let walks: Vec<_> = order
            .into_iter()
            .map(|case| {
                let walker = walkers[&case.symbols].clone();
                tokio::spawn(
                    async move { (case.name.clone(), walk(&walker, &case).await.to_string()) },
                )
            })
            .collect();
        for walked in walks {
            let (name, document) = walked.await.unwrap();
            assert!(
                document == alone[&name],
                "{name}: differs with shared symbols in round {round}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_inputs_end_quickly_with_the_status_of_the_reference() {
    let Some(corpus) = Corpus::find() else { return };
    let mut failed = Vec::new();
    let mut slowest = (Duration::ZERO, String::new());
    for case in corpus.malformed() {
        let walker = InProcessStackwalker::new()
            .symbols(SymbolStore::new(case.sources()))
            .deadline(MOST_FOR_DAMAGED);
        let annotations = Map::new();
        let started = Instant::now();
        let request = WalkRequest {
            dump: case.dump.as_path().into(),
            annotations: &annotations,
        };
        let outcome = walker.walk(request).await;
        slowest = slowest.max((started.elapsed(), case.name.clone()));
        if let Some(complaint) = case.complaint(&outcome) {
            failed.push(format!("{}: {complaint}", case.name));
        }
    }
    println!("slowest damaged input: {slowest:?}");
    assert!(failed.is_empty(), "{}", failed.join("\n"));

    // After all that, a good crash is walked as ever.
    let cases = corpus.cases();
    let walker = InProcessStackwalker::new().symbols(SymbolStore::new(cases[0].sources()));
    assert_eq!(
        differences(&walk(&walker, &cases[0]).await, &cases[0].expected()),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_bad_dump_is_reported_as_by_the_reference() {
    let annotations = Map::new();
    let request = WalkRequest {
        dump: b"PK\x03\x04 this is a zip file, not a minidump"
            .to_vec()
            .into(),
        annotations: &annotations,
    };
    let outcome = InProcessStackwalker::new().walk(request).await;
    assert_eq!(outcome.exit_code, WalkOutcome::BAD_DUMP);
    assert_eq!(outcome.output, WalkOutput::None);
    assert_eq!(
        outcome.log.as_deref(),
        Some("ERROR HeaderMismatch - Error reading dump: Header mismatch")
    );
}
