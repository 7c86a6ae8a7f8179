//! Delivers what is in the spool.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    Spool, Step,
    claim::{Claim, Content},
    entry::{ReadError, State},
    index::Waiting,
};
use crate::{
    collector::delivery::{Delivery, Failure, FailureKind, Patience},
    metrics,
};

/// What became of the entries when a spool was drained by hand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drained {
    /// Entries that are delivered now.
    pub delivered: u64,
    /// Entries that were set aside, because they are damaged or will never be taken.
    pub quarantined: u64,
    /// Entries that are still there.
    pub remaining: u64,
}

const REPORT_EVERY: Duration = Duration::from_secs(15);

/// So many failures in a row mean that a backend is down.
const FUTILE: u32 = 8;

/// What became of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Delivered,
    Quarantined,
    Waits,
}

/// Delivers entries, the oldest first, until it is told to stop; what it has begun it finishes.
pub(crate) async fn replay(spool: Spool, delivery: Arc<Delivery>, shutdown: CancellationToken) {
    let patience = Patience {
        budget: spool.0.options.attempt_time,
        again: false,
        heed_breaker: true,
    };
    let parallel = spool.0.options.replayers.max(1);
    let mut work = JoinSet::new();
    loop {
        spool.report();
        while work.len() < parallel && !shutdown.is_cancelled() {
            let wanted = |waiting: &Waiting| blocked_until(waiting, &delivery).is_none();
            let Some(claim) = spool.claim(wanted) else {
                break;
            };
            work.spawn(deliver(claim, spool.clone(), delivery.clone(), patience));
        }
        let wake = spool.wake_at(&delivery).filter(|_| work.len() < parallel);
        let timer = async {
            match wake {
                Some(time) => sleep_until(time).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => break,
            // A task that panicked has dropped its claim.
            Some(_) = work.join_next() => {}
            () = spool.0.changed.notified() => {}
            () = timer => {}
        }
    }
    while work.join_next().await.is_some() {}
}

/// Tries to deliver each entry once, the oldest first, until so many fail in a row that there is no sense in
/// going on.
pub(crate) async fn drain(
    spool: Spool,
    delivery: Arc<Delivery>,
    patience: Patience,
    shutdown: CancellationToken,
) -> Drained {
    let parallel = spool.0.options.replayers.max(1);
    let mut drained = Drained::default();
    let mut failures = 0;
    let tried = Mutex::new(HashSet::new());
    let mut work = JoinSet::new();
    loop {
        while work.len() < parallel && failures < FUTILE && !shutdown.is_cancelled() {
            let wanted = |waiting: &Waiting| {
                let tried = tried.lock().unwrap_or_else(PoisonError::into_inner);
                !tried.contains(&waiting.id)
            };
            let Some(claim) = spool.claim(wanted) else {
                break;
            };
            let mut tried = tried.lock().unwrap_or_else(PoisonError::into_inner);
            tried.insert(claim.id());
            drop(tried);
            work.spawn(deliver(claim, spool.clone(), delivery.clone(), patience));
        }
        match work.join_next().await {
            None => break,
            Some(Ok(Ended::Delivered)) => {
                drained.delivered += 1;
                failures = 0;
            }
            Some(Ok(Ended::Quarantined)) => drained.quarantined += 1,
            Some(_) => failures += 1,
        }
    }
    drained.remaining = spool.index().entries();
    drained
}

/// When it is worth the while to try an entry, `None` for now.
fn blocked_until(waiting: &Waiting, delivery: &Delivery) -> Option<Instant> {
    if waiting.saved {
        delivery.queue_breaker.opens_at()
    } else {
        delivery.storage_breaker.opens_at()
    }
}

impl Spool {
    fn claim(&self, wanted: impl Fn(&Waiting) -> bool) -> Option<Claim> {
        let (place, waiting) = self.index().take(Instant::now(), wanted)?;
        Some(Claim::new(self.clone(), place, waiting))
    }

    /// When something may be done again that cannot be done now, or it is time to tell how old the oldest
    /// entry is.
    fn wake_at(&self, delivery: &Delivery) -> Option<Instant> {
        let now = Instant::now();
        let (due, entries) = {
            let index = self.index();
            (index.next_due(now), index.entries())
        };
        if entries == 0 {
            return None;
        }
        let breakers = [
            delivery.storage_breaker.opens_at(),
            delivery.queue_breaker.opens_at(),
        ];
        let times = breakers.into_iter().chain([due, Some(now + REPORT_EVERY)]);
        times.flatten().min()
    }

    /// A backend works that was down: nobody has to wait for the end of a pause.
    pub(crate) fn recovered(&self) {
        self.index().forget_pauses();
        self.0.changed.notify_one();
    }
}

async fn deliver(claim: Claim, spool: Spool, delivery: Arc<Delivery>, patience: Patience) -> Ended {
    let _ = spool.0.hooks.reached(Step::ReplayBegun);
    let (claim, content) = match blocking(move || (claim.read(), claim)).await {
        Some((Ok(content), claim)) => (claim, content),
        Some((Err(ReadError::Damaged(reason)), claim)) => return quarantine(claim, reason).await,
        Some((Err(error), claim)) => return failed(claim, None, error.to_string()).await,
        None => return Ended::Waits,
    };
    let Content { mut state, report } = content;
    let id = claim.id();
    if let Some((raw_crash, dumps)) = report {
        match delivery.save(&id, &raw_crash, &dumps, patience).await {
            Ok(done) if done.recovered => spool.recovered(),
            Ok(_) => {}
            Err(failure) => return refused(claim, state, failure).await,
        }
    }
    let _ = spool.0.hooks.reached(Step::ReplaySaved);
    if state.publish {
        match delivery.publish(&id, patience).await {
            Ok(done) if done.recovered => spool.recovered(),
            Ok(_) => {}
            Err(failure) => {
                if !state.saved {
                    let shrunk = blocking(move || {
                        let done = claim.saved(&mut state);
                        (done, claim, state)
                    });
                    let Some((done, returned, changed)) = shrunk.await else {
                        return Ended::Waits;
                    };
                    if let Err(error) = done {
                        tracing::warn!("cannot note that crash {id} is stored: {error}");
                    }
                    return refused(returned, changed, failure).await;
                }
                return refused(claim, state, failure).await;
            }
        }
    }
    let _ = spool.0.hooks.reached(Step::ReplayPublished);
    tracing::info!(
        "crash {id} is delivered from the spool; it came {}",
        claim.received()
    );
    match blocking(move || claim.done()).await {
        Some(Ok(())) => {}
        Some(Err(error)) => tracing::warn!("cannot delete the entry of crash {id}: {error}"),
        None => return Ended::Waits,
    }
    metrics::SPOOL_REPLAYED.count(&[("result", "delivered".into())]);
    Ended::Delivered
}

async fn refused(claim: Claim, state: State, failure: Failure) -> Ended {
    match failure.kind {
        FailureKind::NotAsked => {
            claim.not_tried();
            Ended::Waits
        }
        FailureKind::Temporary => failed(claim, Some(state), failure.message).await,
        FailureKind::Permanent => quarantine(claim, failure.message).await,
    }
}

async fn failed(claim: Claim, state: Option<State>, error: String) -> Ended {
    let id = claim.id();
    tracing::warn!("crash {id} stays in the spool: {error}");
    metrics::SPOOL_REPLAYED.count(&[("result", "failed".into())]);
    blocking(move || claim.failed(state, &error)).await;
    Ended::Waits
}

async fn quarantine(claim: Claim, reason: String) -> Ended {
    blocking(move || claim.quarantine(&reason)).await;
    Ended::Quarantined
}

/// Runs what waits for the disk; `None` when it panicked.
async fn blocking<V: Send + 'static>(work: impl FnOnce() -> V + Send + 'static) -> Option<V> {
    tokio::task::spawn_blocking(work).await.ok()
}
