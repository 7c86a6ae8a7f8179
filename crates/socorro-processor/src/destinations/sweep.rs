//! Sending what destinations have not taken before.

use std::{
    hash::{BuildHasher as _, RandomState},
    ops::AddAssign,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use futures::{
    StreamExt as _,
    future::join_all,
    stream::{self, BoxStream},
};
use socorro_core::CrashId;
use socorro_storage::{CrashStorage, DocumentKey, Error, ErrorKind};
use tokio::time::{sleep, timeout};

use super::{Destinations, Entry, count};
use crate::worker::fence;

/// How many notes are in memory at a time.
const BATCH: usize = 1000;
/// How many crashes are sent to one destination at a time.
const CONCURRENT: usize = 8;

/// How long main storage may take with one note, or with a part of the list.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// What became of the notes in one pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SweepSummary {
    /// Crashes that were taken now.
    pub taken: u64,
    /// Crashes that were still not taken, and notes that could not be looked at.
    pub left: u64,
    /// Notes about crashes that are not in main storage any more.
    pub dropped: u64,
}

impl AddAssign for SweepSummary {
    fn add_assign(&mut self, other: Self) {
        self.taken += other.taken;
        self.left += other.left;
        self.dropped += other.dropped;
    }
}

/// What became of one note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settled {
    Taken,
    /// The crash is not in main storage any more.
    Dropped,
    /// Somebody else has settled it.
    Gone,
    /// This crash has to wait; others may do better.
    Left,
    /// All others would fail as well.
    Outage,
}

impl Destinations {
    /// Sends once what is noted in `storage` for each destination, as it is stored now. Nothing
    /// else is sent to anybody.
    ///
    /// A running [`Worker`](crate::Worker) does this all the time; several at the same time share
    /// the work.
    pub async fn sweep(&self, storage: &dyn CrashStorage) -> SweepSummary {
        let mut summary = SweepSummary::default();
        for pass in join_all(self.0.iter().map(|entry| entry.sweep(storage))).await {
            summary += pass;
        }
        summary
    }

    /// Sweeps for as long as it is polled.
    pub(crate) async fn keep_sweeping(&self, storage: &dyn CrashStorage) {
        join_all(self.0.iter().map(|entry| entry.keep_sweeping(storage))).await;
    }
}

impl Entry {
    async fn keep_sweeping(&self, storage: &dyn CrashStorage) {
        let mut interval = self.options.sweep_interval;
        loop {
            let pass = fence(self.sweep(storage)).await;
            let pass = pass.unwrap_or(SweepSummary {
                left: 1,
                ..SweepSummary::default()
            });
            interval = if pass.left > 0 && pass.taken == 0 {
                interval
                    .saturating_mul(2)
                    .min(self.options.max_sweep_interval)
            } else {
                self.options.sweep_interval
            };
            let rest = self.health.rest().unwrap_or_default();
            sleep(interval.max(rest).max(Duration::from_millis(1))).await;
        }
    }

    /// One pass over the notes.
    async fn sweep(&self, storage: &dyn CrashStorage) -> SweepSummary {
        let mut summary = SweepSummary::default();
        let mut batches = self.notes(storage).chunks(BATCH);
        loop {
            let Ok(batch) = timeout(PATIENCE, batches.next()).await else {
                tracing::error!(
                    destination = self.name,
                    "cannot list what is noted: no answer"
                );
                summary.left += 1;
                break;
            };
            let Some(batch) = batch else { break };
            if !self.settle_all(storage, batch, &mut summary).await {
                break;
            }
        }
        if summary != SweepSummary::default() {
            let SweepSummary {
                taken,
                left,
                dropped,
            } = summary;
            tracing::info!(
                destination = self.name,
                taken,
                left,
                dropped,
                "sent what was noted"
            );
        }
        summary
    }

    fn notes<'a>(
        &'a self,
        storage: &'a dyn CrashStorage,
    ) -> BoxStream<'a, Result<DocumentKey, Error>> {
        storage.list_documents(&self.outbox)
    }

    /// Settles some notes. Returns whether it makes sense to go on.
    async fn settle_all(
        &self,
        storage: &dyn CrashStorage,
        batch: Vec<Result<DocumentKey, Error>>,
        summary: &mut SweepSummary,
    ) -> bool {
        let go_on = AtomicBool::new(true);
        let mut notes = Vec::with_capacity(batch.len());
        for note in batch {
            match note {
                Ok(note) => notes.push(note),
                Err(error) => {
                    tracing::error!(destination = self.name, %error, "cannot list what is noted");
                    summary.left += 1;
                    go_on.store(false, Ordering::Relaxed);
                }
            }
        }
        // Each in an order of its own, so that several processes share the work.
        let order = RandomState::new();
        notes.sort_by_cached_key(|note| order.hash_one(note));
        let settling = stream::iter(notes).map(|note| async {
            if go_on.load(Ordering::Relaxed) {
                self.settle(storage, note).await
            } else {
                Settled::Left
            }
        });
        let mut settling = settling.buffer_unordered(CONCURRENT);
        while let Some(settled) = settling.next().await {
            match settled {
                Settled::Taken => summary.taken += 1,
                Settled::Dropped => summary.dropped += 1,
                Settled::Gone => {}
                Settled::Left => summary.left += 1,
                Settled::Outage => {
                    summary.left += 1;
                    go_on.store(false, Ordering::Relaxed);
                }
            }
        }
        drop(settling);
        go_on.into_inner()
    }

    async fn settle(&self, storage: &dyn CrashStorage, note: DocumentKey) -> Settled {
        let Some(id) = note.crash_id() else {
            tracing::warn!(destination = self.name, %note, "this is no note about a crash");
            return Settled::Left;
        };
        let limit = self.options.timeout.saturating_add(PATIENCE);
        match timeout(limit, self.resend(storage, note, &id)).await {
            Err(_) => {
                tracing::warn!(destination = self.name, %id, "not sent within {limit:?}");
                Settled::Outage
            }
            Ok(Ok(settled)) => settled,
            Ok(Err(error)) => {
                tracing::warn!(destination = self.name, %id, %error, "the note stays for now");
                Settled::Outage
            }
        }
    }

    /// Sends the crash of a note. An error is one of the main storage.
    async fn resend(
        &self,
        storage: &dyn CrashStorage,
        note: DocumentKey,
        id: &CrashId,
    ) -> Result<Settled, Error> {
        let destination = &self.name;
        let Some(note) = self.set_aside(storage, note, id).await? else {
            return Ok(Settled::Gone);
        };
        let stored = match storage.processed_crash(id).await {
            Ok(stored) => stored,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                tracing::warn!(destination, %id, "the crash is gone: it will not be sent");
                storage.delete_document(&note).await?;
                return Ok(Settled::Dropped);
            }
            Err(error) if error.is_temporary() => return Err(error),
            Err(error) => {
                tracing::error!(destination, %id, %error, "cannot be sent");
                return Ok(Settled::Left);
            }
        };
        if let Err(error) = self.offer(id, &stored.value).await {
            tracing::warn!(destination, %id, %error, "still not taken");
            self.leave_alone(&error);
            return Ok(if error.is_temporary() {
                Settled::Outage
            } else {
                Settled::Left
            });
        }
        // A worker may have sent a newer result before this one arrived.
        match storage.processed_crash(id).await {
            Ok(now) if now.version != stored.version => return Ok(Settled::Left),
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        storage.delete_document(&note).await?;
        count(&self.counters.taken_later);
        tracing::info!(destination, %id, "taken at last");
        Ok(Settled::Taken)
    }
}
