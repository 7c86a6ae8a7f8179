//! A queue that fails on request.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use crate::{
    dead_letter::DeadLetterCause,
    delivery::{Blame, Delivery, Receipt},
    depth::QueueDepth,
    error::Error,
    lane::Lane,
    message::Job,
    part::QueuePart,
    publish::PublishReport,
    queue::{CrashQueue, DeadLetters},
};

/// A method of [`CrashQueue`] that can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// [`CrashQueue::receive`]
    Receive,
    /// [`CrashQueue::publish`]
    Publish,
    /// [`CrashQueue::ack`]
    Ack,
    /// [`CrashQueue::nack`]
    Nack,
    /// [`CrashQueue::extend`]
    Extend,
    /// [`CrashQueue::dead_letter`]
    DeadLetter,
    /// [`CrashQueue::depth`]
    Depth,
    /// [`CrashQueue::check`]
    Check,
}

/// How a call fails.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The request is lost: the queue hears nothing of the call.
    Request(Error),
    /// The answer is lost: the queue does what was asked, and the caller gets the error.
    Answer(Error),
}

/// A queue that fails on request, or now and then by a seed, and otherwise is the queue inside.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::time::Duration;
/// use socorro_queue::{CrashQueue, MemoryQueue};
/// use socorro_queue::testkit::{Fault, FlakyQueue, Operation};
///
/// let queue = FlakyQueue::new(MemoryQueue::default());
/// queue.fail_next(Operation::Receive, Fault::Request(FlakyQueue::<MemoryQueue>::outage()));
/// assert!(queue.receive(1, Duration::ZERO).await.unwrap_err().is_temporary());
/// assert!(queue.receive(1, Duration::ZERO).await.unwrap().is_empty());
/// assert_eq!(queue.calls(Operation::Receive), 2);
/// # }
/// ```
#[derive(Debug)]
pub struct FlakyQueue<Q> {
    inner: Q,
    plan: Mutex<Plan>,
}

#[derive(Debug, Default)]
struct Plan {
    planned: HashMap<Operation, VecDeque<Fault>>,
    calls: HashMap<Operation, usize>,
    chance: Option<Chance>,
}

/// Faults by chance.
#[derive(Debug)]
struct Chance {
    state: u64,
    one_in: u64,
}

impl Chance {
    /// The next number of the SplitMix64 sequence.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl<Q> FlakyQueue<Q> {
    /// A queue that fails when [`fail_next`](Self::fail_next) said so.
    pub fn new(inner: Q) -> Self {
        Self {
            inner,
            plan: Mutex::default(),
        }
    }

    /// A queue that also loses one in `one_in` requests or answers; which ones, `seed` decides.
    /// Calls made at the same time may change places between two runs.
    pub fn seeded(inner: Q, seed: u64, one_in: u64) -> Self {
        let queue = Self::new(inner);
        queue.plan().chance = Some(Chance {
            state: seed,
            one_in: one_in.max(1),
        });
        queue
    }

    /// Lets the next call of `operation` fail; calls of this add up.
    pub fn fail_next(&self, operation: Operation, fault: Fault) {
        self.plan()
            .planned
            .entry(operation)
            .or_default()
            .push_back(fault);
    }

    /// How often `operation` has been called, failed calls included.
    pub fn calls(&self, operation: Operation) -> usize {
        self.plan().calls.get(&operation).copied().unwrap_or(0)
    }

    /// The queue inside.
    pub fn inner(&self) -> &Q {
        &self.inner
    }

    /// An error as an outage gives it.
    #[must_use]
    pub fn outage() -> Error {
        Error::Unavailable {
            queue: "flaky".to_owned(),
            reason: "the test wants it so".to_owned(),
            retry_after: None,
            source: None,
        }
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call and says how it is to fail.
    fn fault(&self, operation: Operation) -> Option<Fault> {
        let mut plan = self.plan();
        *plan.calls.entry(operation).or_default() += 1;
        let planned = plan
            .planned
            .get_mut(&operation)
            .and_then(VecDeque::pop_front);
        if planned.is_some() {
            return planned;
        }
        let chance = plan.chance.as_mut()?;
        if !chance.next().is_multiple_of(chance.one_in) {
            return None;
        }
        Some(if chance.next().is_multiple_of(2) {
            Fault::Request(Self::outage())
        } else {
            Fault::Answer(Self::outage())
        })
    }
}

impl<Q: fmt::Display> fmt::Display for FlakyQueue<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "flaky({})", self.inner)
    }
}

/// Calls the queue inside unless the request is lost, and loses the answer if that is planned.
macro_rules! flaky {
    ($self:ident, $operation:ident, $call:expr) => {
        match $self.fault(Operation::$operation) {
            None => $call.await,
            Some(Fault::Request(error)) => Err(error),
            Some(Fault::Answer(error)) => $call.await.and(Err(error)),
        }
    };
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<Q: CrashQueue> CrashQueue for FlakyQueue<Q> {
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, Error> {
        flaky!(self, Receive, self.inner.receive(max, wait))
    }

    async fn publish(&self, lane: Lane, jobs: &[Job]) -> Result<PublishReport, Error> {
        flaky!(self, Publish, self.inner.publish(lane, jobs))
    }

    async fn ack(&self, receipt: &Receipt) -> Result<(), Error> {
        flaky!(self, Ack, self.inner.ack(receipt))
    }

    async fn nack(&self, receipt: &Receipt, delay: Duration, blame: Blame) -> Result<(), Error> {
        flaky!(self, Nack, self.inner.nack(receipt, delay, blame))
    }

    async fn extend(&self, receipt: &Receipt, by: Duration) -> Result<(), Error> {
        flaky!(self, Extend, self.inner.extend(receipt, by))
    }

    async fn dead_letter(&self, delivery: &Delivery, cause: &DeadLetterCause) -> Result<(), Error> {
        flaky!(self, DeadLetter, self.inner.dead_letter(delivery, cause))
    }

    fn lease(&self) -> Duration {
        self.inner.lease()
    }

    async fn pause(&self) {
        self.inner.pause().await;
    }

    async fn depth(&self) -> Result<Option<QueueDepth>, Error> {
        flaky!(self, Depth, self.inner.depth())
    }

    async fn check(&self) -> Result<(), Error> {
        flaky!(self, Check, self.inner.check())
    }

    async fn create(&self) -> Result<Vec<QueuePart>, Error> {
        self.inner.create().await
    }

    async fn purge(&self, lane: Lane) -> Result<Option<u64>, Error> {
        self.inner.purge(lane).await
    }

    async fn delete(&self) -> Result<Vec<QueuePart>, Error> {
        self.inner.delete().await
    }

    fn dead_letters(&self) -> Option<&dyn DeadLetters> {
        self.inner.dead_letters()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryQueue;
    use socorro_core::{CrashId, time::Date};

    fn job() -> Job {
        Job::new(CrashId::mint(Date::constant(2026, 11, 23), 0))
    }

    async fn waiting(queue: &FlakyQueue<MemoryQueue>) -> u64 {
        queue.depth().await.unwrap().unwrap().total().waiting
    }

    #[tokio::test]
    async fn a_lost_request_does_nothing_and_a_lost_answer_everything() {
        let queue = FlakyQueue::new(MemoryQueue::default());
        let outage = FlakyQueue::<MemoryQueue>::outage;
        queue.fail_next(Operation::Publish, Fault::Request(outage()));
        queue.fail_next(Operation::Publish, Fault::Answer(outage()));

        queue.publish(Lane::Standard, &[job()]).await.unwrap_err();
        assert_eq!(waiting(&queue).await, 0);
        queue.publish(Lane::Standard, &[job()]).await.unwrap_err();
        assert_eq!(waiting(&queue).await, 1);
        let report = queue.publish(Lane::Standard, &[job()]).await.unwrap();
        report.into_result().unwrap();
        assert_eq!(queue.calls(Operation::Publish), 3);
    }

    #[tokio::test]
    async fn chance_is_repeatable_and_near_its_rate() {
        let mut runs = Vec::new();
        for _ in 0..2 {
            let queue = FlakyQueue::seeded(MemoryQueue::default(), 7, 4);
            let mut failed = Vec::new();
            for call in 0..400 {
                if queue.check().await.is_err() {
                    failed.push(call);
                }
            }
            runs.push(failed);
        }
        assert_eq!(runs[0], runs[1]);
        assert!((60..140).contains(&runs[0].len()), "{}", runs[0].len());
    }
}
