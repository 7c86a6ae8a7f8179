//! A queue that writes a journal.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use socorro_queue::{
    Blame, CrashQueue, DeadLetterCause, DeadLetters, Delivery, Error, Job, Lane, PublishReport,
    QueueDepth, Receipt, testkit::FlakyQueue,
};

use super::{
    hooks::Hooks,
    journal::{Event, Journal},
};

/// Any queue, with faults, hooks and a journal in front.
pub(crate) struct WatchedQueue {
    pub(crate) flaky: FlakyQueue<Arc<dyn CrashQueue>>,
    pub(crate) hooks: Hooks,
    pub(super) journal: Journal,
}

impl WatchedQueue {
    /// Writes down how a call ended.
    fn note<T>(&self, result: &Result<T, Error>, done: Event, failed: Event) {
        self.journal
            .write(if result.is_ok() { done } else { failed });
    }
}

impl fmt::Debug for WatchedQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.flaky.fmt(f)
    }
}

impl fmt::Display for WatchedQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.flaky.fmt(f)
    }
}

#[async_trait]
impl CrashQueue for WatchedQueue {
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, Error> {
        self.hooks.before("receive").await;
        let deliveries = self.flaky.receive(max, wait).await?;
        for Delivery { attempt, .. } in &deliveries {
            self.journal.write(Event::Received { attempt: *attempt });
        }
        Ok(deliveries)
    }

    async fn publish(&self, lane: Lane, jobs: &[Job]) -> Result<PublishReport, Error> {
        self.flaky.publish(lane, jobs).await
    }

    async fn ack(&self, receipt: &Receipt) -> Result<(), Error> {
        self.hooks.before("ack").await;
        let result = self.flaky.ack(receipt).await;
        self.note(&result, Event::Acked, Event::AckFailed);
        result
    }

    async fn nack(&self, receipt: &Receipt, delay: Duration, blame: Blame) -> Result<(), Error> {
        self.hooks.before("nack").await;
        let result = self.flaky.nack(receipt, delay, blame).await;
        self.note(&result, Event::GivenBack { delay }, Event::GiveBackFailed);
        result
    }

    async fn extend(&self, receipt: &Receipt, by: Duration) -> Result<(), Error> {
        self.hooks.before("extend").await;
        let result = self.flaky.extend(receipt, by).await;
        self.note(&result, Event::Extended, Event::ExtendFailed);
        result
    }

    async fn dead_letter(&self, delivery: &Delivery, cause: &DeadLetterCause) -> Result<(), Error> {
        self.hooks.before("dead_letter").await;
        let result = self.flaky.dead_letter(delivery, cause).await;
        let done = Event::DeadLettered(cause.reason.clone());
        self.note(&result, done, Event::DeadLetterFailed);
        result
    }

    fn lease(&self) -> Duration {
        self.flaky.lease()
    }

    async fn depth(&self) -> Result<Option<QueueDepth>, Error> {
        self.flaky.depth().await
    }

    async fn check(&self) -> Result<(), Error> {
        self.flaky.check().await
    }

    fn dead_letters(&self) -> Option<&dyn DeadLetters> {
        self.flaky.dead_letters()
    }
}
