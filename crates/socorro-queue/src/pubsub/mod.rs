//! A queue on Google Cloud Pub/Sub.

mod admin;
mod client;
mod config;
mod error;
mod inbox;
mod state;
mod taken;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use socorro_core::Environment;
use tokio::{sync::OnceCell, task::AbortHandle, time::Instant};

pub use self::admin::PubsubAdmin;
pub use self::config::{PubsubLane, PubsubNames, PubsubOptions};
use self::{client::Client, error::ErrorsOf, inbox::Inbox, state::Ending};
use crate::{
    dead_letter::DeadLetterCause,
    delivery::{Blame, Delivery, Receipt},
    depth::QueueDepth,
    error::Error,
    lane::Lane,
    limits::{MAX_BODY_BYTES, MAX_HOLD, MAX_RECEIVED, MAX_WAIT},
    message::Job,
    options::QueueOptions,
    part::QueuePart,
    publish::PublishReport,
    queue::{CrashQueue, DeadLetters},
    queue_url::QueueUrl,
};

/// Most jobs that are handed to the client library at once.
const PUBLISHED_AT_ONCE: usize = 1000;

/// A queue on Google Cloud Pub/Sub: `pubsub://project/topic-prefix`. Feature `pubsub`.
///
/// Each lane is a topic and a subscription, with the names of Socorro
/// ([`PubsubNames`]). They have to be there; [`create`](CrashQueue::create) makes them as they
/// should be. Credentials are found the way of all Google libraries ("application default
/// credentials"); `PUBSUB_EMULATOR_HOST` names an emulator.
///
/// What is particular about Pub/Sub:
///
/// * Messages are streamed: each lane brings up to as many as the largest `receive` asked for, those
///   on loan included, so a worker finds the next one here when it is free. They do not
///   lose their lease while they wait, and [`pause`](CrashQueue::pause) returns them. The emulator
///   does not keep to that number.
/// * The end of a lease is kept here. If the whole process dies, others get its messages after the
///   lease, or after 10 seconds or 10 minutes if it is shorter or longer.
/// * To give a message back is to publish it anew, with its counts and the time when it is due as
///   attributes; the delivery is acked then. So messages come back in any order, and a message that
///   was given back does not grow older than the service keeps messages.
/// * Acks are confirmed where the subscription has exactly-once delivery, as those that we make
///   have. Elsewhere an ack may be lost, and the crash is processed once more.
/// * Lapses can only be counted where the subscription has a dead letter policy, as those that we
///   make have, and a message that was brought here and returned unseen counts as one.
/// * The depth of a queue is for the monitoring of Google Cloud to tell.
/// * Dead letters are published to a topic of their own, with reason, last error, counts, times and
///   host as attributes.
#[derive(Debug)]
pub struct PubsubQueue {
    name: String,
    inbox: Arc<Inbox>,
    /// What begins our receipts and nobody else's.
    nonce: String,
    time_keeper: OnceCell<AbortHandle>,
    lease: Duration,
    environment: Environment,
}

impl PubsubQueue {
    /// Opens the queue in the project `project`. Nothing is asked of the service yet.
    ///
    /// # Errors
    ///
    /// [`Error::Denied`] when there are no credentials, [`Error::InvalidOption`].
    pub async fn open(project: &str, options: PubsubOptions) -> Result<Self, Error> {
        let name = format!("pubsub://{project}");
        Self::named(name, project, options).await
    }

    async fn named(name: String, project: &str, options: PubsubOptions) -> Result<Self, Error> {
        let PubsubOptions {
            queue,
            names,
            emulator,
        } = options;
        let QueueOptions {
            lease, environment, ..
        } = queue.checked()?;
        config::check_project(project)?;
        names.checked()?;
        let errors = ErrorsOf(name.as_str().into());
        let client = Client::connect(project.to_owned(), names, emulator, errors).await?;
        Ok(Self {
            name,
            inbox: Arc::new(Inbox::new(client, lease, environment.clone())),
            nonce: format!("{:016x}", RandomState::new().hash_one(0)),
            time_keeper: OnceCell::new(),
            lease,
            environment,
        })
    }

    /// The queue of `pubsub://…`.
    pub(crate) async fn from_url(url: QueueUrl<'_>, options: QueueOptions) -> Result<Self, Error> {
        let name = format!("pubsub:{}", url.location);
        let (project, options) = config::from_url(url, options)?;
        Self::named(name, &project, options).await
    }

    /// Publishes a body as it is, readable or not; for tests, and for the `test` message.
    ///
    /// # Errors
    ///
    /// [`Error::BodyTooLarge`] over 64 KiB, or when the service does not take it.
    pub async fn publish_body(&self, lane: Lane, body: Bytes) -> Result<(), Error> {
        if body.len() > MAX_BODY_BYTES {
            return Err(Error::BodyTooLarge {
                size: body.len(),
                limit: MAX_BODY_BYTES,
            });
        }
        // The service takes no message without content, but one attribute will do.
        let attributes = if body.is_empty() {
            vec![("empty", "yes".to_owned())]
        } else {
            Vec::new()
        };
        let message = client::message(body, attributes);
        self.inbox.client.publish(lane, message).await
    }

    fn receipt(&self, number: u64) -> Receipt {
        Receipt::new(format!("{}-{number}", self.nonce))
    }

    /// The number of the delivery that a receipt of ours stands for.
    fn number(&self, receipt: &Receipt) -> Option<u64> {
        let number = receipt.as_str().strip_prefix(self.nonce.as_str())?;
        number.strip_prefix('-')?.parse().ok()
    }

    fn lost(&self, receipt: &Receipt) -> Error {
        Error::LeaseLost {
            queue: self.name.clone(),
            receipt: receipt.clone(),
        }
    }
}

impl Drop for PubsubQueue {
    fn drop(&mut self) {
        if let Some(time_keeper) = self.time_keeper.get() {
            time_keeper.abort();
        }
        // The tasks that read the streams hold the inbox.
        self.inbox.close();
    }
}

impl fmt::Display for PubsubQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[async_trait]
impl CrashQueue for PubsubQueue {
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, Error> {
        let max = max.min(MAX_RECEIVED);
        if max == 0 {
            return Ok(Vec::new());
        }
        self.time_keeper
            .get_or_init(async || tokio::spawn(Arc::clone(&self.inbox).keep_time()).abort_handle())
            .await;
        let give_up_at = Instant::now() + wait.min(MAX_WAIT);
        loop {
            // Listen before looking: what arrives in between must not be missed.
            let mut changed = std::pin::pin!(self.inbox.changed.notified());
            changed.as_mut().enable();
            let taken = self.inbox.take(max)?;
            if !taken.is_empty() || Instant::now() >= give_up_at {
                let deliveries = taken.into_iter();
                return Ok(deliveries
                    .map(|(number, envelope)| envelope.delivery(self.receipt(number)))
                    .collect());
            }
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(give_up_at) => {}
                Err(error) = self.inbox.check_now_and_then() => return Err(error),
            }
        }
    }

    async fn publish(&self, lane: Lane, jobs: &[Job]) -> Result<PublishReport, Error> {
        let client = &self.inbox.client;
        let mut report = PublishReport::new();
        let mut failure = None;
        for jobs in jobs.chunks(PUBLISHED_AT_ONCE) {
            // The library sends them in batches, in order.
            let publications: Vec<_> = jobs
                .iter()
                .map(|job| client.begin_publish(lane, client::message(job.to_body(), Vec::new())))
                .collect();
            for (job, publication) in jobs.iter().zip(publications) {
                let result = client.published(lane, publication.await);
                failure = failure.or_else(|| result.clone().err());
                report.push(job.clone(), result);
            }
        }
        match failure {
            Some(error) if report.published() == 0 => Err(error),
            _ => Ok(report),
        }
    }

    async fn ack(&self, receipt: &Receipt) -> Result<(), Error> {
        let number = self.number(receipt);
        let Some((number, taken)) = number.and_then(|n| Some((n, self.inbox.release(n)?))) else {
            let ended = number.and_then(|number| self.inbox.ended(number));
            if ended == Some(Ending::Unsettled) {
                return Err(Error::Unavailable {
                    queue: self.name.clone(),
                    reason: "the ack was not confirmed and cannot be repeated: the message may be delivered again".to_owned(),
                    retry_after: None,
                    source: None,
                });
            }
            tracing::debug!(queue = self.name, %receipt, "ack without effect: the lease is lost");
            return Ok(());
        };
        let acked = taken.ack(&self.inbox.client.errors).await;
        if acked.is_err() {
            self.inbox.remember(number, Ending::Unsettled);
        }
        acked
    }

    async fn nack(&self, receipt: &Receipt, delay: Duration, blame: Blame) -> Result<(), Error> {
        let taken = self
            .number(receipt)
            .and_then(|number| self.inbox.release(number));
        let Some(taken) = taken else {
            tracing::debug!(queue = self.name, %receipt, "nack without effect: the lease is lost");
            return Ok(());
        };
        let client = &self.inbox.client;
        let envelope = &taken.envelope;
        let due_at = (!delay.is_zero())
            .then(|| {
                self.environment
                    .now()
                    .saturating_add(delay.min(MAX_HOLD))
                    .ok()
            })
            .flatten();
        let attributes = envelope.given_back(due_at, blame);
        let message = client::message(envelope.body.clone(), attributes);
        // If this fails, `taken` is dropped and the service delivers the message again.
        client.publish(envelope.lane, message).await?;
        if let Err(error) = taken.ack(&client.errors).await {
            tracing::debug!(%error, "a message that was given back may be delivered twice");
        }
        Ok(())
    }

    async fn extend(&self, receipt: &Receipt, by: Duration) -> Result<(), Error> {
        let held = self
            .number(receipt)
            .is_some_and(|number| self.inbox.extend(number, by.min(MAX_HOLD)));
        held.then_some(()).ok_or_else(|| self.lost(receipt))
    }

    async fn dead_letter(&self, delivery: &Delivery, cause: &DeadLetterCause) -> Result<(), Error> {
        let receipt = &delivery.receipt;
        let number = self.number(receipt).ok_or_else(|| self.lost(receipt))?;
        let Some(envelope) = self.inbox.envelope(number) else {
            return match self.inbox.ended(number) {
                Some(Ending::DeadLettered) => Ok(()),
                _ => Err(self.lost(receipt)),
            };
        };
        let attributes =
            envelope.dead_letter(cause, self.environment.now(), self.environment.host_name());
        let client = &self.inbox.client;
        client
            .publish_dead_letter(client::message(envelope.body, attributes))
            .await?;
        self.inbox.remember(number, Ending::DeadLettered);
        if let Some(taken) = self.inbox.release(number) {
            taken.ack(&client.errors).await?;
        }
        Ok(())
    }

    fn lease(&self) -> Duration {
        self.lease
    }

    async fn pause(&self) {
        self.inbox.pause().await;
    }

    async fn depth(&self) -> Result<Option<QueueDepth>, Error> {
        Ok(None)
    }

    async fn check(&self) -> Result<(), Error> {
        self.inbox.client.check().await
    }

    /// Makes the topics and subscriptions that are not there: with an ack deadline of 600 seconds,
    /// exactly-once delivery, without an end by disuse, and with a dead letter policy, so that
    /// deliveries are counted.
    async fn create(&self) -> Result<Vec<QueuePart>, Error> {
        self.inbox.client.create_missing().await
    }

    /// Moves the subscription to the present: the service takes everything published before for
    /// acked, and does not say how much that was. What is on loan here stays on loan.
    async fn purge(&self, lane: Lane) -> Result<Option<u64>, Error> {
        // What is here was published before, too.
        self.inbox.pause().await;
        let now = self.environment.now();
        self.inbox.client.purge(lane, now).await.map(|()| None)
    }

    /// Deletes the topics, with all their subscriptions, and those of dead letters, too.
    async fn delete(&self) -> Result<Vec<QueuePart>, Error> {
        self.inbox.pause().await;
        self.inbox.client.delete().await
    }

    fn dead_letters(&self) -> Option<&dyn DeadLetters> {
        None
    }
}
