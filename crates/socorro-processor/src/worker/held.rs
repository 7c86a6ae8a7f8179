//! A message that is held, and the ways to let go of it.

use std::{sync::Arc, time::Duration};

use socorro_queue::{Blame, CrashQueue, DeadLetterCause, Delivery, Error};

use super::{
    failure::{Failure, Verdict},
    lease::LeaseKeeper,
    options::WorkerOptions,
    summary::Outcome,
};

/// How often an ack is tried before the message is left to be delivered again.
const ACK_TRIES: u32 = 3;

/// A message that was received and is not yet acked, given back or dead-lettered.
#[derive(Debug)]
pub(super) struct Held<'a> {
    queue: &'a Arc<dyn CrashQueue>,
    options: &'a WorkerOptions,
    delivery: &'a Delivery,
    lease: Option<LeaseKeeper>,
}

impl<'a> Held<'a> {
    /// A message whose lease is not renewed, because it is not held for long.
    pub(super) fn shortly(
        queue: &'a Arc<dyn CrashQueue>,
        options: &'a WorkerOptions,
        delivery: &'a Delivery,
    ) -> Self {
        Self {
            queue,
            options,
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
                Ok(()) => return,
                Err(error) if attempt == ACK_TRIES => {
                    tracing::error!(%error, "cannot ack: the crash will be processed once more");
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot ack yet");
                    tokio::time::sleep(self.options.ack_retry_delay).await;
                }
            }
        }
    }

    /// Has the message delivered again after `delay`.
    pub(super) async fn give_back(mut self, delay: Duration, blame: Blame) -> Outcome {
        // Some queues cannot tell an extension that comes late from one that is meant.
        self.lease = None;
        if let Err(error) = self.queue.nack(&self.delivery.receipt, delay, blame).await {
            tracing::warn!(%error, "cannot give the message back: it returns when its lease ends");
        }
        Outcome::GivenBack
    }

    /// Has the message delivered again after the usual wait: the queue itself failed.
    pub(super) async fn give_back_later(self) -> Outcome {
        let delay = self.options.retry_delay(self.delivery);
        self.give_back(delay, Blame::Nobody).await
    }

    /// Writes the dead letter; a message whose dead letter cannot be written is given back.
    pub(super) async fn bury(self, cause: DeadLetterCause) -> Outcome {
        match self.queue.dead_letter(self.delivery, &cause).await {
            Ok(()) => {
                tracing::error!(reason = %cause.reason, error = cause.last_error, "dead-lettered");
                Outcome::DeadLettered
            }
            Err(Error::LeaseLost { .. }) => {
                tracing::warn!(reason = %cause.reason, "lease lost before the dead letter");
                Outcome::LeaseLost
            }
            Err(error) => {
                tracing::error!(%error, reason = %cause.reason, "cannot write the dead letter");
                self.give_back_later().await
            }
        }
    }

    /// Lets go of the message after a failure.
    pub(super) async fn fail(self, failure: &Failure) -> Outcome {
        match failure.verdict(self.delivery, self.options) {
            Verdict::GiveBack { delay, blame } => {
                tracing::warn!(%failure, ?delay, ?blame, "given back");
                let outcome = self.give_back(delay, blame).await;
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
