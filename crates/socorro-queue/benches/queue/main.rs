//! Crashes per second through each queue: published, received and acked, one after the other and by
//! many tasks; and what the layer of this crate costs on top of the bare client.
//!
//! `cargo bench -p socorro-queue`; with `--features pubsub` and `PUBSUB_EMULATOR_HOST` set, Pub/Sub on
//! its emulator as well; with `--features sqs` and `SOCORRO_TEST_SQS_ENDPOINT`, SQS. Ours and the bare client take turns, and the medians of all turns are
//! compared.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

#[cfg(feature = "pubsub")]
mod bare_pubsub;
#[cfg(feature = "sqlite")]
mod bare_sqlite;
#[cfg(feature = "sqs")]
mod bare_sqs;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use socorro_core::{CrashId, time::Date};
use socorro_queue::{CrashQueue, Job, Lane, MemoryQueue};

/// Far longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much is measured.
#[derive(Debug, Clone, Copy)]
struct Extent {
    turns: usize,
    /// Crashes of one turn.
    crashes: usize,
}

fn main() {
    // `--test` only looks whether everything works.
    let extent = if std::env::args().any(|argument| argument == "--test") {
        Extent {
            turns: 1,
            crashes: 8,
        }
    } else {
        Extent {
            turns: 15,
            crashes: 400,
        }
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        println!("crashes per second: published, received, acked");
        measure("memory", &(Arc::new(MemoryQueue::default()) as _), extent).await;
        #[cfg(feature = "sqlite")]
        bare_sqlite::compare(extent).await;
        #[cfg(feature = "pubsub")]
        bare_pubsub::compare(extent).await;
        #[cfg(feature = "sqs")]
        bare_sqs::compare(extent).await;
    });
}

/// Crashes per second with one task, and with 32.
async fn measure(name: &str, queue: &Arc<dyn CrashQueue>, extent: Extent) {
    for tasks in [1, 32] {
        let mut seconds = Vec::new();
        for _ in 0..extent.turns {
            seconds.push(turn(queue, tasks, extent.crashes).await.as_secs_f64());
        }
        report(name, tasks, extent.crashes, median(seconds));
    }
}

/// Lets so many crashes go through the queue, one at a time for each task.
async fn turn(queue: &Arc<dyn CrashQueue>, tasks: usize, crashes: usize) -> Duration {
    let begun = Instant::now();
    let workers: Vec<_> = (0..tasks)
        .map(|_| {
            let queue = Arc::clone(queue);
            tokio::spawn(async move {
                for _ in 0..crashes.div_ceil(tasks) {
                    one_crash(&*queue).await;
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    begun.elapsed()
}

/// Publishes one crash, receives one and acks it.
async fn one_crash(queue: &dyn CrashQueue) {
    let report = queue.publish(Lane::Standard, &[job()]).await.unwrap();
    report.into_result().unwrap();
    let deliveries = queue.receive(1, PATIENCE).await.unwrap();
    queue.ack(&deliveries[0].receipt).await.unwrap();
}

fn job() -> Job {
    Job::new(CrashId::mint(Date::constant(2026, 11, 23), 0))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn report(name: &str, tasks: usize, crashes: usize, seconds: f64) {
    let per_second = (crashes.div_ceil(tasks) * tasks) as f64 / seconds;
    println!("{name:<20}{tasks:>3} tasks {per_second:>10.0}");
}

/// Says how much longer ours takes than the bare client.
#[cfg(any(feature = "sqlite", feature = "pubsub", feature = "sqs"))]
fn report_cost(name: &str, ours: Vec<f64>, bare: Vec<f64>) {
    let (ours, bare) = (median(ours), median(bare));
    println!(
        "{name:<20}  1 task: {:.3} ms each, bare client {:.3} ms: {:+.1} %",
        1000.0 * ours,
        1000.0 * bare,
        100.0 * (ours / bare - 1.0)
    );
}
