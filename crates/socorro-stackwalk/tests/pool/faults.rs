//! Minidumps that end their walkers.

use std::time::Duration;

use serde_json::json;
use socorro_stackwalk::testkit::Fault;
use socorro_stackwalk::{InProcessStackwalker, WalkOutcome, WalkOutput, WalkerPool};

use super::common::synthetic::Crash;
use super::{document, one_child, pool, walk};

/// Walks a minidump with `fault`, between two good ones whose results must not change.
async fn between_good_ones(pool: &WalkerPool, fault: Fault) -> WalkOutcome {
    let good = Crash::new(1).dump();
    let expected = walk(&InProcessStackwalker::new(), good.clone()).await;
    assert_eq!(walk(pool, good.clone()).await, expected);
    let outcome = walk(pool, fault.put_into(good.clone())).await;
    assert_eq!(walk(pool, good).await, expected);
    outcome
}

/// What there is to say about the crash without walking is there, and what is not: names and callers.
fn assert_saved(outcome: &WalkOutcome, status: &str) {
    let saved = document(outcome);
    assert_eq!(saved["status"], status);
    assert_eq!(saved["crash_info"]["type"], "SIGSEGV / SEGV_MAPERR");
    assert_eq!(saved["modules"][0]["filename"], "app");
    assert_eq!(saved["system_info"]["cpu_arch"], "amd64");
    assert_eq!(saved["threads"][0]["thread_name"], "worker");
    assert_eq!(saved["threads"][0]["frames"].as_array().unwrap().len(), 1);
    assert_eq!(saved["threads"][0]["frames"][0]["trust"], "context");
    let log = outcome.log.as_deref().unwrap();
    assert_eq!(log.split(' ').nth(1), Some(status), "{log}");
}

async fn assert_survived(fault: Fault, exit_code: i32, status: &str) {
    let pool = one_child();
    let outcome = between_good_ones(&pool, fault).await;
    assert_eq!(outcome.exit_code, exit_code, "{:?}", outcome.log);
    assert_saved(&outcome, status);
    pool.close().await;
}

#[tokio::test]
async fn an_abort_harms_nobody_else() {
    assert_survived(Fault::Abort, -6, "WalkerAborted").await;
}

#[tokio::test]
async fn taking_all_memory_harms_nobody_else() {
    assert_survived(Fault::Allocate, -6, "OutOfMemory").await;
}

#[tokio::test]
async fn a_stack_overflow_harms_nobody_else() {
    assert_survived(Fault::Overflow, -6, "StackOverflow").await;
}

#[tokio::test]
async fn a_walker_that_just_leaves_harms_nobody_else() {
    assert_survived(Fault::Exit, -9, "WalkerExited").await;
}

#[tokio::test]
async fn a_panic_outside_the_walk_ends_the_walker_at_once() {
    // Who waited for the deadline would say so.
    assert_survived(Fault::Panic, -9, "WalkerExited").await;
}

#[tokio::test]
async fn a_walker_that_talks_nonsense_is_ended() {
    assert_survived(Fault::Babble, -9, "WalkerMisbehaved").await;
}

#[tokio::test]
async fn an_endless_loop_ends_after_the_deadline() {
    let (builder, _) = pool();
    let pool = builder
        .children(1)
        .deadline(Duration::from_millis(200))
        .grace(Duration::from_millis(100))
        .build();
    let endless = Fault::Loop.put_into(Crash::new(1).dump());
    let outcome = walk(&pool, endless).await;
    assert_eq!(outcome.exit_code, WalkOutcome::KILLED);
    assert_saved(&outcome, "DeadlinePassed");
}

#[tokio::test]
async fn a_minidump_that_cannot_even_be_read_leaves_its_status() {
    let pool = one_child();
    let outcome = between_good_ones(&pool, Fault::AbortAlways).await;
    assert_eq!(
        (outcome.exit_code, &outcome.output),
        (-6, &WalkOutput::None)
    );
    assert!(outcome.log.unwrap().starts_with("ERROR WalkerAborted - "));
}

/// The abort of the reference program: a handle-data stream that promises 4,294,967,295 entries of no size.
#[tokio::test]
async fn the_known_abort_of_the_reader_is_walked() {
    let dump = Crash::new(1).stream(super::common::synthetic::HANDLE_DATA, &[16, 0, u32::MAX, 0]);
    let outcome = walk(&one_child(), dump.dump()).await;
    assert_eq!(outcome.exit_code, WalkOutcome::GOOD);
    assert_eq!(document(&outcome)["status"], json!("OK"));
}

/// Good and bad ones at the same time, on several children.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neighbours_notice_nothing() {
    let pool = pool().0.children(3).build();
    let good = Crash::new(1).dump();
    let expected = walk(&InProcessStackwalker::new(), good.clone()).await;
    let faults = [
        Fault::Abort,
        Fault::Allocate,
        Fault::Overflow,
        Fault::Exit,
        Fault::Panic,
        Fault::Babble,
    ];
    let walks: Vec<_> = (0..40)
        .map(|number| {
            let fault = (number % 4 == 3).then(|| faults[number / 4 % faults.len()]);
            let dump = fault.map_or_else(|| good.clone(), |fault| fault.put_into(good.clone()));
            let pool = pool.clone();
            tokio::spawn(async move { (fault, walk(&pool, dump).await) })
        })
        .collect();
    for walked in walks {
        match walked.await.unwrap() {
            (None, outcome) => assert_eq!(outcome, expected),
            (Some(_), outcome) => assert!(outcome.exit_code < 0),
        }
    }
}
