//! A message that is held, and the ways to let go of it.

use std::{sync::Arc, time::Duration};

use socorro_core::CrashId;
use socorro_queue::{Blame, CrashQueue, DeadLetterCause, Delivery, Error};

use super::{
    failure::{Failure, Verdict},
    lease::LeaseKeeper,
    monitor::Monitor,
    options::WorkerOptions,
    summary::Outcome,
};
use crate::metrics;

/// How often an ack is tried before the message is left to be delivered again.
const ACK_TRIES: u32 = 3;

/// A message that was received and is not yet acked, given back or dead-lettered.
#[derive(Debug)]
pub(super) struct Held<'a> {
    queue: &'a Arc<dyn CrashQueue>,
    options: &'a WorkerOptions,
    monitor: &'a Monitor,
    delivery: &'a Delivery,
    lease: Option<LeaseKeeper>,
}

impl<'a> Held<'a> {
    /// A message whose lease is not renewed, because it is not held for long.
    pub(super) fn shortly(
        queue: &'a Arc<dyn CrashQueue>,
        options: &'a WorkerOptions,
        monitor: &'a Monitor,
        delivery: &'a Delivery,
    ) -> Self {
        Self {
            queue,
            options,
            monitor,
            delivery,
            lease: None,
        }
    }

    /// Renews the lease from now on.
    pub(super) fn keep(&mut self) {
        self.lease = Some(LeaseKeeper::start(
            Arc::clone(self.queue),
            self.delivery.receipt.clone(),
            self.queue.lease(),
        ));
    }

    /// Waits until somebody else has the message.
    pub(super) async fn lost(&self) {
        match &self.lease {
            Some(lease) => lease.lost().await,
            None => std::future::pending().await,
        }
    }

    /// Ends the message.
    pub(super) async fn ack(self) {
        for attempt in 1..=ACK_TRIES {
            match self.queue.ack(&self.delivery.receipt).await {
                Ok(()) => {
                    metrics::QUEUE_ACKED.count(&[]);
                    return;
                }
                Err(error) if attempt == ACK_TRIES => {
                    self.trouble("ack", "queue failed");
                    tracing::error!(%error, "cannot ack: the crash will be processed once more");
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot ack yet");
                    metrics::RETRIES.count(&[("op", "ack".into())]);
                    tokio::time::sleep(self.options.ack_retry_delay).await;
                }
            }
        }
    }

    /// Has the message delivered again after `delay`; `reason` is for metrics.
    pub(super) async fn give_back(
        mut self,
        delay: Duration,
        blame: Blame,
        reason: &'static str,
    ) -> Outcome {
        // Some queues cannot tell an extension that comes late from one that is meant.
        self.lease = None;
        if let Err(error) = self.queue.nack(&self.delivery.receipt, delay, blame).await {
            tracing::warn!(%error, "cannot give the message back: it returns when its lease ends");
            self.trouble("nack", "queue failed");
        } else {
            metrics::QUEUE_NACKED.count(&[("reason", reason.into())]);
        }
        Outcome::GivenBack
    }

    /// Has the message delivered again after the usual wait: the queue itself failed.
    pub(super) async fn give_back_later(self) -> Outcome {
        let delay = self.options.retry_delay(self.delivery);
        self.give_back(delay, Blame::Nobody, "queue").await
    }

    /// Writes the dead letter; a message whose dead letter cannot be written is given back.
    pub(super) async fn bury(self, cause: DeadLetterCause) -> Outcome {
        match self.queue.dead_letter(self.delivery, &cause).await {
            Ok(()) => {
                let id = self.crash_id().map(|id| id.to_string());
                tracing::error!(
                    crash_id = id, queue = %self.delivery.lane,
                    reason = %cause.reason, error = cause.last_error,
                    "{} rejected: {}: dead-lettered", id.as_deref().unwrap_or("message"), cause.reason
                );
                let reason = cause.reason.to_string();
                self.trouble("dead_letter", &reason);
                metrics::QUEUE_DEAD_LETTERED.count(&[("reason", reason.into())]);
                Outcome::DeadLettered
            }
            Err(Error::LeaseLost { .. }) => {
                tracing::warn!(reason = %cause.reason, "lease lost before the dead letter");
                metrics::QUEUE_LEASE_LOST.count(&[]);
                Outcome::LeaseLost
            }
            Err(error) => {
                tracing::error!(%error, reason = %cause.reason, "cannot write the dead letter");
                self.trouble("dead_letter", "queue failed");
                self.give_back_later().await
            }
        }
    }

    fn crash_id(&self) -> Option<CrashId> {
        self.delivery.job().map(|job| job.crash_id)
    }

    fn trouble(&self, place: &str, kind: &str) {
        self.monitor.trouble(place, kind, self.crash_id());
    }

    /// Lets go of the message after a failure.
    pub(super) async fn fail(self, failure: &Failure) -> Outcome {
        match failure.verdict(self.delivery, self.options) {
            Verdict::GiveBack { delay, blame } => {
                tracing::warn!(%failure, ?delay, ?blame, "given back");
                self.trouble("crash", failure.kind());
                let reason = match blame {
                    Blame::Crash => "crash",
                    Blame::Nobody => "outage",
                };
                let outcome = self.give_back(delay, blame, reason).await;
                if failure.is_outage() {
                    Outcome::Outage
                } else {
                    outcome
                }
            }
            Verdict::Bury { reason } => {
                self.bury(DeadLetterCause::new(reason, failure.to_string()))
                    .await
            }
        }
    }
}
