//! Publishing crashes again without flooding the queue.

use std::{collections::HashSet, time::Duration};

use socorro_core::CrashId;
use socorro_queue::{CrashQueue, Error, Job, Lane, Message};

/// How many dead letters are asked for at a time.
const PAGE: usize = 1000;
/// How many dead letters are known at most: some 50 MB of ids.
const MAX_KNOWN: usize = 1_000_000;
/// How many crashes are published at a time.
const BATCH: usize = 500;

/// What a queue has to do already: crashes that need not be published, or must not.
#[derive(Debug)]
pub struct Backlog {
    dead: HashSet<CrashId>,
    oldest: Option<Duration>,
}

/// What became of crashes that were to be published again.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Republished {
    /// Published.
    pub published: Vec<CrashId>,
    /// Left alone: they are dead letters. Whoever looks after the queue replays or drops those.
    pub dead: Vec<CrashId>,
    /// Not published, and why.
    pub failed: Vec<(CrashId, Error)>,
}

impl Backlog {
    /// Asks a queue. One that cannot tell has no backlog.
    ///
    /// # Errors
    ///
    /// When the queue cannot be asked.
    pub async fn of(queue: &dyn CrashQueue) -> Result<Self, Error> {
        let depth = queue.depth().await?;
        Ok(Self {
            dead: dead_letters(queue).await?,
            oldest: depth.and_then(|depth| depth.total().oldest_age),
        })
    }

    /// How long ago the oldest message that still waits for its end was published.
    ///
    /// While that is long, crashes without a result are most likely in the queue, and publishing
    /// them again and again would only make it longer.
    #[must_use]
    pub fn oldest(&self) -> Option<Duration> {
        self.oldest
    }

    /// Whether the crash is a dead letter.
    #[must_use]
    pub fn is_dead(&self, id: &CrashId) -> bool {
        self.dead.contains(id)
    }

    /// Publishes crashes to the standard lane, all but those that are dead letters.
    pub async fn republish(&self, queue: &dyn CrashQueue, ids: &[CrashId]) -> Republished {
        let mut outcome = Republished::default();
        let (dead, living): (Vec<_>, Vec<_>) = ids.iter().partition(|id| self.is_dead(id));
        outcome.dead = dead;
        for batch in living.chunks(BATCH) {
            let jobs: Vec<_> = batch.iter().map(|id| Job::new(*id)).collect();
            match queue.publish(Lane::Standard, &jobs).await {
                Ok(report) => {
                    for job in report.outcomes() {
                        let id = job.job.crash_id;
                        match &job.result {
                            Ok(()) => outcome.published.push(id),
                            Err(error) => outcome.failed.push((id, error.clone())),
                        }
                    }
                }
                Err(error) => {
                    let failed = batch.iter().map(|id| (*id, error.clone()));
                    outcome.failed.extend(failed);
                }
            }
        }
        outcome
    }
}

/// The crashes among the dead letters, where the queue can list them.
async fn dead_letters(queue: &dyn CrashQueue) -> Result<HashSet<CrashId>, Error> {
    let mut dead = HashSet::new();
    let Some(letters) = queue.dead_letters() else {
        return Ok(dead);
    };
    let mut after = None;
    loop {
        let page = letters.list(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(dead);
        };
        after = Some(last.id.clone());
        for letter in &page {
            if let Ok(Message::Process(job)) = Message::parse(&letter.body) {
                dead.insert(job.crash_id);
            }
        }
        if dead.len() >= MAX_KNOWN {
            tracing::warn!("too many dead letters to know them all: some may be published again");
            return Ok(dead);
        }
    }
}
