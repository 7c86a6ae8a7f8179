//! Storing a report and publishing its id, with patience.

use std::{sync::Arc, time::Duration};

use socorro_core::{CrashId, Dumps, RawCrash, with_sources};
use socorro_queue::{CrashQueue, Job, Lane};
use socorro_storage::{CrashStorage, ErrorKind};
use tokio::time::{Instant, sleep, timeout_at};

use super::breaker::Breaker;

/// The first wait between two attempts, doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Where reports go.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) storage: Arc<dyn CrashStorage>,
    pub(crate) queue: Arc<dyn CrashQueue>,
    pub(crate) lane: Lane,
    pub(crate) storage_breaker: Breaker,
    pub(crate) queue_breaker: Breaker,
}

/// How long to try.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// The time for all attempts together.
    pub(crate) budget: Duration,
    /// Whether to try again after a failure that may pass.
    pub(crate) again: bool,
    /// Whether not to try at all, or no longer, when the backend is known to be down.
    pub(crate) heed_breaker: bool,
}

/// What worked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Done {
    /// How often it was tried.
    pub(crate) attempts: u32,
    /// Whether the backend was known to be down before.
    pub(crate) recovered: bool,
}

/// Why it did not work.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    pub(crate) message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// The backend is known to be down, and was not asked.
    NotAsked,
    /// May pass by itself, or once an operator has acted; says nothing about the report.
    Temporary,
    /// This report will never be taken.
    Permanent,
}

/// An error of a backend, judged.
struct Judged {
    permanent: bool,
    /// Whether trying again at once may help.
    passing: bool,
    retry_after: Duration,
    message: String,
}

impl From<socorro_storage::Error> for Judged {
    fn from(error: socorro_storage::Error) -> Self {
        Self {
            // What is wrong with the storage as a whole keeps reports waiting: whoever mends it wants
            // all of them.
            permanent: matches!(
                error.kind(),
                ErrorKind::NotFound
                    | ErrorKind::Corrupt
                    | ErrorKind::Conflict
                    | ErrorKind::TooLarge
            ),
            passing: error.kind() == ErrorKind::Unavailable,
            retry_after: error.retry_after().unwrap_or_default(),
            message: with_sources(&error),
        }
    }
}

impl From<socorro_queue::Error> for Judged {
    fn from(error: socorro_queue::Error) -> Self {
        Self {
            // Nothing else is about the message.
            permanent: matches!(error, socorro_queue::Error::BodyTooLarge { .. }),
            passing: error.is_temporary(),
            retry_after: error.retry_after().unwrap_or_default(),
            message: with_sources(&error),
        }
    }
}

impl Delivery {
    /// Stores a report: files, their names, the raw crash last.
    pub(crate) async fn save(
        &self,
        id: &CrashId,
        raw_crash: &RawCrash,
        dumps: &Dumps,
        patience: Patience,
    ) -> Result<Done, Failure> {
        attempt(&self.storage_breaker, patience, || async {
            let saved = self.storage.save_raw_crash(id, raw_crash, dumps).await;
            saved.map_err(Judged::from)
        })
        .await
    }

    /// Publishes an id.
    pub(crate) async fn publish(&self, id: &CrashId, patience: Patience) -> Result<Done, Failure> {
        let jobs = [Job::new(*id)];
        attempt(&self.queue_breaker, patience, || async {
            let report = self.queue.publish(self.lane, &jobs).await?;
            report.into_result().map_err(Judged::from)
        })
        .await
    }
}

/// Tries until it works, or until there is no sense in trying.
async fn attempt<F>(
    breaker: &Breaker,
    patience: Patience,
    work: impl Fn() -> F,
) -> Result<Done, Failure>
where
    F: Future<Output = Result<(), Judged>>,
{
    let deadline = Instant::now() + patience.budget;
    let mut wait = FIRST_WAIT;
    let mut attempts = 0;
    let mut last = None;
    loop {
        let permit = breaker.permit();
        if permit.is_none() && patience.heed_breaker {
            return Err(last.unwrap_or_else(|| Failure {
                kind: FailureKind::NotAsked,
                message: "known to be down".to_owned(),
            }));
        }
        attempts += 1;
        let failure = |kind, message| Failure { kind, message };
        let Ok(result) = timeout_at(deadline, work()).await else {
            if let Some(permit) = permit {
                permit.gave_up(Duration::ZERO);
            }
            let message = format!("no answer within {:?}", patience.budget);
            return Err(failure(FailureKind::Temporary, message));
        };
        let error = match result {
            Ok(()) => {
                let recovered = permit.is_some_and(super::breaker::Permit::succeeded);
                return Ok(Done {
                    attempts,
                    recovered,
                });
            }
            Err(error) => error,
        };
        if error.permanent {
            return Err(failure(FailureKind::Permanent, error.message));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let alone = error.retry_after;
        match permit {
            Some(permit) if !alone.is_zero() && alone >= left => permit.gave_up(alone),
            Some(permit) => permit.failed(),
            None => {}
        }
        let pause = jittered(wait).max(alone);
        if !error.passing || !patience.again || pause >= left {
            return Err(failure(FailureKind::Temporary, error.message));
        }
        last = Some(failure(FailureKind::Temporary, error.message));
        sleep(pause).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Between half and all of it, so that those who failed together do not come back together.
pub(crate) fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(0.5 + fastrand::f64() / 2.0)
}
