//! The loss test in a small form: nothing may be lost, whatever goes wrong.
//!
//! The full one is `cargo run --release --example chaos`. `SOCORRO_CHAOS_SEED` repeats a run.
//! [`intake`] is the same with the collector in front.

#![cfg(all(unix, feature = "s3", feature = "webhook"))]
#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

mod chaos;
mod intake;
#[path = "../cli/support/minidump.rs"]
mod minidump;

use std::time::Duration;

use chaos::{Plan, Queue, Store};

fn seed() -> u64 {
    match std::env::var("SOCORRO_CHAOS_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => fastrand::u64(..),
    }
}

async fn nothing_is_lost(crashes: usize, store: Store) {
    let plan = Plan {
        seed: seed(),
        crashes,
        processors: 3,
        store,
        queue: Queue::Sqlite,
        program: env!("CARGO_BIN_EXE_socorro").into(),
        patience: Duration::from_secs(120),
        progress: false,
    };
    println!("SOCORRO_CHAOS_SEED={}", plan.seed);
    let report = chaos::run(&plan).await.unwrap();
    println!("{report}");
    if std::env::var("CI").is_ok_and(|value| value == "true") {
        assert!(
            report.clock_jumps,
            "libfaketime is not there, and CI must not leave out clock jumps"
        );
    }
    assert_eq!(report.problems(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_between_buckets_and_a_local_queue() {
    nothing_is_lost(200, Store::OwnServer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_on_a_disk_that_runs_full() {
    nothing_is_lost(150, Store::Directory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_between_buckets_of_localstack() {
    let endpoint = socorro_storage::testkit::s3_endpoint();
    if let Some(endpoint) = endpoint {
        nothing_is_lost(60, Store::Server(endpoint)).await;
    }
}

/// `SOCORRO_INTAKE_REPORTS` says how many; the full test has 10000.
#[tokio::test(flavor = "multi_thread")]
async fn no_report_is_lost_that_a_client_was_given_an_id_for() {
    let reports = match std::env::var("SOCORRO_INTAKE_REPORTS") {
        Ok(reports) => reports.parse().unwrap(),
        Err(_) => 400,
    };
    let seed = seed();
    println!("SOCORRO_CHAOS_SEED={seed}");
    let outcome = intake::run(seed, reports).await.unwrap();
    println!("{outcome}");
    assert_eq!(outcome.problems, Vec::<String>::new());
}
