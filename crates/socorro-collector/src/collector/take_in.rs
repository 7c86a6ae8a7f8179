//! Makes a report durable: in the storage and the queue, or in the spool.

use socorro_core::{CrashId, time::Timestamp};
use tokio::time::Instant;

use super::{Fate, Shared, dedupe::Key, delivery::FailureKind};
use crate::{
    metrics,
    report::Crash,
    spool::{Mode, Refusal, Spool, Step},
};

/// What became of a report that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is durable.
    Kept(Fate),
    /// It is not, and may be sent again.
    Refused,
    /// It is not, and there is no spool.
    Lost,
}

impl Taken {
    pub(super) fn fate(self) -> Fate {
        match self {
            Self::Kept(fate) => fate,
            Self::Refused | Self::Lost => Fate::Lost,
        }
    }
}

impl Shared {
    /// Stores and publishes, or spools. When this says that the report is kept, it is durable.
    pub(super) async fn take_in(
        &self,
        crash: Crash,
        received: Timestamp,
        key: Option<Key>,
    ) -> Taken {
        let begin = Instant::now();
        self.step(Step::Decided);
        let id = crash.id;
        let taken = self.keep(crash, received).await;
        metrics::CRASH_HANDLING.time(begin.elapsed(), &[]);
        if let (Taken::Kept(_), Some(dedupe), Some(key)) = (taken, &self.dedupe, key) {
            dedupe.remember(key, id);
        }
        taken
    }

    async fn keep(&self, mut crash: Crash, received: Timestamp) -> Taken {
        if let Some(spool) = &self.spool {
            // An entry of the same id would be stored after this report, and over it.
            let held = spool.holds(&crash.id);
            if held || spool.mode() == Mode::Always {
                crash = match spool.keep(crash, received).await {
                    Ok(()) => return spooled(),
                    Err(Refusal::Full(crash, reason)) if !held => {
                        tracing::warn!("crash {} is not spooled: {reason}", crash.id);
                        *crash
                    }
                    Err(refusal) => return refused(refusal),
                };
            }
        }
        let begin = Instant::now();
        let saved = self
            .delivery
            .save(&crash.id, &crash.raw_crash, &crash.dumps, self.patience)
            .await;
        metrics::CRASH_SAVE.time(begin.elapsed(), &[]);
        match saved {
            Ok(done) => {
                if done.attempts > 1 {
                    let count = (done.attempts - 1).to_string();
                    metrics::RETRY_COUNT.count(&[("count", count.into())]);
                }
                self.recovered(done.recovered);
            }
            Err(failure) => {
                let id = crash.id;
                if failure.kind != FailureKind::NotAsked {
                    tracing::warn!("crash {id} is not stored: {}", failure.message);
                }
                let Some(spool) = &self.spool else {
                    tracing::error!("crash {id} is refused: it cannot be stored");
                    metrics::SAVE_CRASH_DROPPED.count(&[]);
                    return Taken::Lost;
                };
                return match spool.keep(crash, received).await {
                    Ok(()) => spooled(),
                    Err(refusal) => refused(refusal),
                };
            }
        }
        self.step(Step::Saved);
        if !crash.publish {
            return Taken::Kept(Fate::Stored);
        }
        self.publish(crash.id, received).await
    }

    async fn publish(&self, id: CrashId, received: Timestamp) -> Taken {
        let begin = Instant::now();
        let published = self.delivery.publish(&id, self.patience).await;
        metrics::CRASH_PUBLISH.time(begin.elapsed(), &[]);
        let failure = match published {
            Ok(done) => {
                self.recovered(done.recovered);
                self.step(Step::Published);
                metrics::SAVE_CRASH.count(&[]);
                return Taken::Kept(Fate::Published);
            }
            Err(failure) => failure,
        };
        if failure.kind != FailureKind::NotAsked {
            tracing::warn!("crash {id} is not published: {}", failure.message);
        }
        let Some(spool) = &self.spool else {
            tracing::error!("crash {id} is stored and will not be published: there is no spool");
            metrics::PUBLISH_CRASH_DROPPED.count(&[]);
            return Taken::Kept(Fate::NotPublished);
        };
        match spool.keep_id(id, received).await {
            Ok(()) => {
                metrics::SPOOLED.count(&[("what", "id".into())]);
                Taken::Kept(Fate::PublishedLater)
            }
            Err(error) => {
                tracing::error!(
                    "crash {id} is stored, but neither published nor in the spool: {error}"
                );
                metrics::PUBLISH_CRASH_DROPPED.count(&[]);
                Taken::Refused
            }
        }
    }

    fn recovered(&self, recovered: bool) {
        if let (true, Some(spool)) = (recovered, &self.spool) {
            Spool::recovered(spool);
        }
    }

    fn step(&self, step: Step) {
        // Only steps on the disk can fail.
        let _ = self.hooks.reached(step);
    }
}

fn spooled() -> Taken {
    metrics::SPOOLED.count(&[("what", "report".into())]);
    Taken::Kept(Fate::Spooled)
}

fn refused(refusal: Refusal) -> Taken {
    metrics::SAVE_CRASH_DROPPED.count(&[]);
    match refusal {
        Refusal::Full(crash, reason) => {
            tracing::error!(
                "crash {} is refused, the spool cannot take it: {reason}",
                crash.id
            );
        }
        Refusal::Failed(reason) => {
            tracing::error!("a report is refused, the spool cannot take it: {reason}");
        }
    }
    Taken::Refused
}
