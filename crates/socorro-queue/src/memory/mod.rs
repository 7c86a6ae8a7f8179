//! The queue that lives and dies with its process.

mod state;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use socorro_core::Environment;
use tokio::{sync::Notify, time::Instant};

use self::state::State;
use crate::{
    dead_letter::{DeadLetter, DeadLetterCause, DeadLetterId},
    delivery::{Blame, Delivery, Receipt},
    depth::QueueDepth,
    error::Error,
    lane::Lane,
    limits::{MAX_BODY_BYTES, MAX_HOLD, MAX_LISTED, MAX_RECEIVED, MAX_WAIT},
    message::Job,
    options::QueueOptions,
    publish::PublishReport,
    queue::{CrashQueue, DeadLetters},
    queue_url::QueueUrl,
};

/// How often a waiting receive looks at the queue's clock, which may be moved by hand.
const LOOK_AT_CLOCK: Duration = Duration::from_millis(250);

/// A queue in the memory of this process, for tests and embedding: `memory:`.
///
/// It has leases, attempts, delays and dead letters like a durable one, and forgets everything
/// when it is dropped. Leases and delays run by the clock of its options, so a test can let them
/// run out at will:
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::{sync::Arc, time::Duration};
/// use socorro_core::{CrashId, Environment, time::ManualClock};
/// use socorro_queue::{CrashQueue, Job, Lane, MemoryQueue, QueueOptions};
///
/// let clock = Arc::new(ManualClock::at("2026-01-02T03:04:05Z".parse()?));
/// let options = QueueOptions {
///     environment: Environment::new(clock.clone(), "testhost"),
///     ..QueueOptions::default()
/// };
/// let queue = MemoryQueue::new(options)?;
///
/// let job = Job::new(CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918")?);
/// queue.publish(Lane::Standard, &[job]).await?.into_result()?;
/// assert_eq!(queue.receive(1, Duration::ZERO).await?.len(), 1);
/// assert_eq!(queue.receive(1, Duration::ZERO).await?.len(), 0);
///
/// clock.advance(Duration::from_secs(60)); // the receiver died
/// assert_eq!(queue.receive(1, Duration::ZERO).await?[0].attempt, 2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct MemoryQueue {
    state: Mutex<State>,
    /// Woken when a message may have become due.
    changed: Notify,
    lease: Duration,
    environment: Environment,
}

impl MemoryQueue {
    /// An empty queue.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidOption`].
    pub fn new(options: QueueOptions) -> Result<Self, Error> {
        let options = options.checked()?;
        Ok(Self {
            state: Mutex::default(),
            changed: Notify::new(),
            lease: options.lease,
            environment: options.environment,
        })
    }

    /// The queue of `memory:?…`.
    pub(crate) fn from_url(
        mut url: QueueUrl<'_>,
        mut options: QueueOptions,
    ) -> Result<Self, Error> {
        if !matches!(url.location, "" | "//") {
            return Err(url.invalid("nothing may follow; write memory:"));
        }
        url.take_common(&mut options)?;
        url.finish()?;
        Self::new(options)
    }

    /// Publishes a body as it is, readable or not; for tests, and for the `test` message.
    ///
    /// # Errors
    ///
    /// [`Error::BodyTooLarge`] over 64 KiB.
    pub fn publish_body(&self, lane: Lane, body: Bytes) -> Result<(), Error> {
        if body.len() > MAX_BODY_BYTES {
            return Err(Error::BodyTooLarge {
                size: body.len(),
                limit: MAX_BODY_BYTES,
            });
        }
        self.state().publish(lane, body, self.environment.now());
        self.changed.notify_waiters();
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long to sleep before anything can be due by the passing of time.
    fn until_next_due(&self) -> Duration {
        match self.state().next_due() {
            None => MAX_WAIT,
            Some(due_at) => Duration::try_from(due_at.duration_since(self.environment.now()))
                .unwrap_or(Duration::ZERO)
                .clamp(Duration::from_millis(1), LOOK_AT_CLOCK),
        }
    }

    fn lost(&self, receipt: &Receipt) -> Error {
        Error::LeaseLost {
            queue: self.to_string(),
            receipt: receipt.clone(),
        }
    }

    fn no_such_dead_letter(&self, id: &DeadLetterId) -> Error {
        Error::NoSuchDeadLetter {
            queue: self.to_string(),
            id: id.clone(),
        }
    }
}

impl Default for MemoryQueue {
    fn default() -> Self {
        let QueueOptions {
            lease, environment, ..
        } = QueueOptions::default();
        Self {
            state: Mutex::default(),
            changed: Notify::new(),
            lease,
            environment,
        }
    }
}

impl fmt::Display for MemoryQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("memory:")
    }
}

#[async_trait]
impl CrashQueue for MemoryQueue {
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, Error> {
        let max = max.min(MAX_RECEIVED);
        let give_up_at = Instant::now() + wait.min(MAX_WAIT);
        loop {
            // Listen before looking: what is published in between must not be missed.
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let now = self.environment.now();
            let deliveries = self.state().receive(max, now, self.lease);
            if !deliveries.is_empty() || max == 0 || Instant::now() >= give_up_at {
                return Ok(deliveries);
            }
            let look_again_at = Instant::now() + self.until_next_due();
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(look_again_at.min(give_up_at)) => {}
            }
        }
    }

    async fn publish(&self, lane: Lane, jobs: &[Job]) -> Result<PublishReport, Error> {
        {
            let now = self.environment.now();
            let mut state = self.state();
            for job in jobs {
                state.publish(lane, job.to_body(), now);
            }
        }
        self.changed.notify_waiters();
        Ok(PublishReport::all_published(jobs))
    }

    async fn ack(&self, receipt: &Receipt) -> Result<(), Error> {
        if !self.state().ack(receipt) {
            tracing::debug!(queue = %self, %receipt, "ack without effect: the lease is lost");
        }
        Ok(())
    }

    async fn nack(&self, receipt: &Receipt, delay: Duration, blame: Blame) -> Result<(), Error> {
        let now = self.environment.now();
        if self.state().nack(receipt, now, delay.min(MAX_HOLD), blame) {
            self.changed.notify_waiters();
        } else {
            tracing::debug!(queue = %self, %receipt, "nack without effect: the lease is lost");
        }
        Ok(())
    }

    async fn extend(&self, receipt: &Receipt, by: Duration) -> Result<(), Error> {
        let now = self.environment.now();
        let held = self.state().extend(receipt, now, by.min(MAX_HOLD));
        held.then_some(()).ok_or_else(|| self.lost(receipt))
    }

    async fn dead_letter(&self, delivery: &Delivery, cause: &DeadLetterCause) -> Result<(), Error> {
        let receipt = &delivery.receipt;
        let now = self.environment.now();
        let host = self.environment.host_name();
        let dead = self.state().dead_letter(receipt, cause, now, host);
        dead.then_some(()).ok_or_else(|| self.lost(receipt))
    }

    fn lease(&self) -> Duration {
        self.lease
    }

    async fn depth(&self) -> Result<Option<QueueDepth>, Error> {
        Ok(Some(self.state().depth(self.environment.now())))
    }

    async fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn purge(&self, lane: Lane) -> Result<Option<u64>, Error> {
        Ok(Some(self.state().purge(lane)))
    }

    fn dead_letters(&self) -> Option<&dyn DeadLetters> {
        Some(self)
    }
}

#[async_trait]
impl DeadLetters for MemoryQueue {
    async fn list(
        &self,
        after: Option<&DeadLetterId>,
        max: usize,
    ) -> Result<Vec<DeadLetter>, Error> {
        let after = match after {
            None => None,
            Some(id) => Some(number_of(id).ok_or_else(|| self.no_such_dead_letter(id))?),
        };
        Ok(self.state().list_dead(after, max.min(MAX_LISTED)))
    }

    async fn get(&self, id: &DeadLetterId) -> Result<Option<DeadLetter>, Error> {
        Ok(number_of(id).and_then(|number| self.state().get_dead(number)))
    }

    async fn replay(&self, id: &DeadLetterId) -> Result<(), Error> {
        {
            let mut state = self.state();
            let dead = number_of(id)
                .and_then(|number| state.remove_dead(number))
                .ok_or_else(|| self.no_such_dead_letter(id))?;
            state.publish(dead.lane, dead.body, self.environment.now());
        }
        self.changed.notify_waiters();
        Ok(())
    }

    async fn discard(&self, id: &DeadLetterId) -> Result<(), Error> {
        number_of(id)
            .and_then(|number| self.state().remove_dead(number))
            .map(|_| ())
            .ok_or_else(|| self.no_such_dead_letter(id))
    }
}

fn number_of(id: &DeadLetterId) -> Option<i64> {
    id.as_str().parse().ok()
}
