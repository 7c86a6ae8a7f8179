//! Looking after a worker, every ten seconds.

use std::{
    collections::BTreeMap,
    fs,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::StreamExt as _;
use metrics_exporter_prometheus::PrometheusHandle;
use socorro_processor::Status;
use socorro_queue::{Lane, QueueDepth};
use socorro_storage::DocumentFolder;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{
    Watched,
    checks::{self, Checks},
    table,
};

/// How often health is looked at.
const PERIOD: Duration = Duration::from_secs(10);
/// After how many such periods the notes for destinations are counted: that takes a listing.
const OUTBOX_PERIODS: u32 = 6;
/// How long a listing or the depth of a queue may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Up to how many notes are counted.
pub(super) const MOST_NOTES: usize = 10_000;

/// Looks after a worker, and remembers what it saw.
#[derive(Debug)]
pub(super) struct Observer {
    watched: Watched,
    seen: Mutex<Observation>,
}

/// What was seen last.
#[derive(Debug, Clone, Default)]
pub(super) struct Observation {
    /// Whether everything is in order.
    pub(super) checks: Checks,
    /// What is in the queue, where it can tell.
    pub(super) depth: Option<QueueDepth>,
    /// How many crashes are noted for each destination.
    pub(super) outboxes: BTreeMap<String, usize>,
    /// Memory of the process in bytes, where the system tells.
    pub(super) memory: Option<u64>,
}

impl Observer {
    pub(super) fn new(watched: Watched) -> Self {
        Self {
            watched,
            seen: Mutex::default(),
        }
    }

    /// What is being watched.
    pub(super) fn watched(&self) -> &Watched {
        &self.watched
    }

    /// What the worker is doing now.
    pub(super) fn status(&self) -> Status {
        self.watched.worker.status()
    }

    /// What was seen last. Costs nothing.
    pub(super) fn seen(&self) -> Observation {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Observation> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks for as long as it is polled.
    pub(super) async fn observe(self: Arc<Self>, prometheus: Option<PrometheusHandle>) {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut round: u32 = 0;
        loop {
            ticks.tick().await;
            if let Some(prometheus) = &prometheus {
                // Samples are kept one by one until somebody looks, or this is done.
                prometheus.run_upkeep();
            }
            self.look().await;
            if round.is_multiple_of(OUTBOX_PERIODS) {
                self.count_notes().await;
            }
            round = round.wrapping_add(1);
        }
    }

    async fn look(&self) {
        let Watched {
            storage,
            queue,
            directories,
            ..
        } = &self.watched;
        let directories = directories.clone();
        let disk = tokio::task::spawn_blocking(move || checks::disk(&directories));
        let (storage, in_queue, depth, disk) = tokio::join!(
            checks::storage(&**storage),
            checks::queue(&**queue),
            timeout(PATIENCE, queue.depth()),
            timeout(PATIENCE, disk),
        );
        let disk = match disk {
            Ok(Ok(finding)) => finding,
            _ => ("disk", Err("the disk does not answer".to_owned())),
        };
        let status = self.status();
        let findings = vec![
            storage,
            in_queue,
            checks::receive(&status),
            checks::workers(&status),
            disk,
        ];
        let depth = depth.ok().and_then(Result::ok).flatten();
        let memory = memory_in_use();
        emit(depth.as_ref(), memory);
        let mut seen = self.lock();
        let was_ok = seen.checks.are_ok();
        seen.checks.update(findings);
        seen.depth = depth;
        seen.memory = memory;
        let checks = seen.checks.clone();
        drop(seen);
        if was_ok != checks.are_ok() {
            report(&checks);
        }
    }

    async fn count_notes(&self) {
        for destination in self.status().destinations {
            let Ok(folder) = DocumentFolder::outbox(&destination.name) else {
                continue;
            };
            let notes = self.watched.storage.list_documents(&folder);
            let count = notes
                .take(MOST_NOTES)
                .filter(|note| std::future::ready(note.is_ok()))
                .count();
            if let Ok(count) = timeout(PATIENCE, count).await {
                set(
                    table::OUTBOX.name,
                    [("name", destination.name.clone())],
                    count,
                );
                self.lock().outboxes.insert(destination.name, count);
            }
        }
    }
}

/// Says in the log what changed.
fn report(checks: &Checks) {
    if checks.are_ok() {
        tracing::info!("healthy again");
    }
    for (check, reason) in checks.failing() {
        tracing::error!(check, reason, "unhealthy");
    }
}

fn emit(depth: Option<&QueueDepth>, memory: Option<u64>) {
    if let Some(memory) = memory {
        set::<0>(
            table::RSS.name,
            [],
            usize::try_from(memory).unwrap_or(usize::MAX),
        );
    }
    let Some(depth) = depth else { return };
    for lane in Lane::ALL {
        let of_lane = depth.lane(lane);
        let states = [
            ("waiting", of_lane.waiting),
            ("delayed", of_lane.delayed),
            ("leased", of_lane.leased),
            ("dead", of_lane.dead),
        ];
        for (state, count) in states {
            let tags = [("lane", lane.to_string()), ("state", state.to_owned())];
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            set(table::QUEUE_DEPTH.name, tags, count);
        }
        let oldest = of_lane.oldest_age.unwrap_or_default().as_secs();
        let oldest = usize::try_from(oldest).unwrap_or(usize::MAX);
        set(
            table::QUEUE_OLDEST.name,
            [("lane", lane.to_string())],
            oldest,
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
fn set<const N: usize>(name: &'static str, tags: [(&'static str, String); N], value: usize) {
    let labels: Vec<metrics::Label> = tags
        .into_iter()
        .map(|(name, value)| metrics::Label::new(name, value))
        .collect();
    metrics::gauge!(name, labels).set(value as f64);
}

/// Memory of this process that is in RAM, in bytes; only Linux tells it in a file.
fn memory_in_use() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}
