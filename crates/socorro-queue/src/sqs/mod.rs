//! A queue on Amazon SQS.

mod admin;
mod client;
mod config;
mod error;
mod held;
mod polls;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    hash::{BuildHasher as _, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use socorro_core::Environment;
use tokio::time::Instant;

pub use self::admin::SqsAdmin;
pub use self::config::{SqsNames, SqsOptions};
use self::{
    client::{Arrived, BATCH, Client, MAX_DELAY},
    error::ErrorsOf,
    held::Held,
    polls::Polls,
};
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

/// Who does not wait does not ask all servers of SQS, and may miss what is there.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// A queue on Amazon SQS: `sqs://prefix`, or `sqs:` with the names of Socorro's environment
/// variables ([`SqsNames`]). Feature `sqs`.
///
/// Each lane is a standard queue at the service, and a fourth takes the dead letters. They have to
/// be there; [`create`](CrashQueue::create) makes them. Credentials and region are found the way of
/// all of Amazon's libraries.
///
/// What is particular about SQS:
///
/// * To give a message back is to send it anew, with its counts as attributes, and then to delete
///   the old one; so outages and failures are told apart. It waits 15 minutes at most.
/// * Leases last whole seconds. They are watched here as well, since SQS lets a lease that has run
///   out delete a message that somebody else has.
/// * Depth is what SQS thinks it is, without ages. A drain ends when nothing came for a second.
/// * Dead letters are sent to a queue of their own, with reason, last error, counts, times and host
///   as attributes. They cannot be listed.
/// * SQS takes only some characters: other bodies travel in Base64, with the attribute `encoding`.
#[derive(Debug)]
pub struct SqsQueue {
    name: String,
    client: Arc<Client>,
    held: Mutex<Held>,
    polls: Arc<Polls>,
    /// What begins our receipts and nobody else's.
    nonce: String,
    lease: Duration,
    environment: Environment,
}

impl SqsQueue {
    /// Opens the queue. Nothing is asked of the service yet.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidOption`].
    pub async fn open(options: SqsOptions) -> Result<Self, Error> {
        options.names.checked()?;
        Self::named("sqs:".to_owned(), options).await
    }

    /// The queue of `sqs:…`.
    pub(crate) async fn from_url(url: QueueUrl<'_>, options: QueueOptions) -> Result<Self, Error> {
        let name = format!("sqs:{}", url.location);
        let options = config::from_url(url, options)?;
        Self::named(name, options).await
    }

    async fn named(name: String, options: SqsOptions) -> Result<Self, Error> {
        let QueueOptions {
            lease, environment, ..
        } = options.queue.clone().checked()?;
        let errors = ErrorsOf(name.as_str().into());
        Ok(Self {
            name,
            client: Arc::new(Client::connect(&options, errors).await),
            held: Mutex::default(),
            polls: Arc::default(),
            nonce: format!("{:016x}", RandomState::new().hash_one(0)),
            lease,
            environment,
        })
    }

    /// Sends a body as it is, readable or not; for tests, and for the `test` message.
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
        self.client
            .send(lane, &body, Vec::new(), Duration::ZERO)
            .await
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When a lease ends that began not long before now: rather sooner than at the service.
    fn lease_from_now(&self) -> Instant {
        Instant::now() + self.lease - (self.lease / 10).min(Duration::from_secs(1))
    }

    /// Asks the lanes one after the other, without waiting: priority first, then the other two by
    /// turns. What came before an error is not given up for it.
    async fn ask_all(&self, max: usize) -> Result<Vec<(Arrived, Instant)>, Error> {
        let mut arrived = self.polls.take(max);
        let mut is_empty = Lane::ALL.map(|lane| self.polls.is_asking(lane));
        while arrived.len() < max {
            let wanted = max - arrived.len();
            let Some((lane, count)) = self.next_lane(&is_empty, wanted) else {
                break;
            };
            let now = self.environment.now();
            let count = count.min(BATCH);
            let answer = self
                .client
                .receive(lane, count, self.lease, Duration::ZERO, now);
            match answer.await {
                Ok(messages) => {
                    is_empty[lane.index()] = messages.len() < count;
                    let lease_ends = self.lease_from_now();
                    arrived.extend(messages.into_iter().map(|message| (message, lease_ends)));
                }
                Err(error) if arrived.is_empty() => return Err(error),
                Err(error) => {
                    tracing::warn!(queue = self.name, %error, "received only a part");
                    break;
                }
            }
        }
        Ok(arrived)
    }

    /// The lane to ask next, and for how many messages.
    fn next_lane(&self, is_empty: &[bool; 3], wanted: usize) -> Option<(Lane, usize)> {
        let mut held = self.held();
        let first = held.rotation.next(|lane| !is_empty[lane.index()])?;
        let mut count = 1;
        if first == Lane::Priority {
            return Some((first, wanted));
        }
        while count < wanted {
            let before = held.rotation;
            if held.rotation.next(|lane| !is_empty[lane.index()]) != Some(first) {
                held.rotation = before;
                break;
            }
            count += 1;
        }
        Some((first, count))
    }

    /// Lends messages to a receiver.
    fn lend(&self, arrived: Vec<(Arrived, Instant)>) -> Vec<Delivery> {
        let mut held = self.held();
        let lend = |(arrived, lease_ends)| {
            let (number, arrived) = held.lend(arrived, lease_ends);
            let receipt = Receipt::new(format!("{}-{number}", self.nonce));
            arrived.envelope.delivery(receipt)
        };
        arrived.into_iter().map(lend).collect()
    }

    /// The number of the delivery that a receipt of ours stands for.
    fn number(&self, receipt: &Receipt) -> Option<u64> {
        let number = receipt.as_str().strip_prefix(self.nonce.as_str())?;
        number.strip_prefix('-')?.parse().ok()
    }

    /// Takes a message back from its receiver, with what is needed to lend it again.
    fn release(&self, receipt: &Receipt) -> Option<(u64, Arrived, Instant)> {
        let number = self.number(receipt)?;
        let mut held = self.held();
        let lease_ends = held.lease_ends(number)?;
        Some((number, held.take(number)?, lease_ends))
    }

    /// Deletes a message at the service; if that fails, it can be tried again.
    async fn delete(
        &self,
        (number, arrived, lease_ends): (u64, Arrived, Instant),
    ) -> Result<(), Error> {
        let deleted = self.client.delete(arrived.envelope.lane, &arrived.handle);
        let deleted = deleted.await;
        if deleted.is_err() {
            self.held().put_back(number, arrived, lease_ends);
        }
        deleted
    }

    fn lost(&self, receipt: &Receipt) -> Error {
        Error::LeaseLost {
            queue: self.name.clone(),
            receipt: receipt.clone(),
        }
    }
}

impl fmt::Display for SqsQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[async_trait]
impl CrashQueue for SqsQueue {
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, Error> {
        let max = max.min(MAX_RECEIVED);
        if max == 0 {
            return Ok(Vec::new());
        }
        let give_up_at = Instant::now() + wait.clamp(SHORTEST_WAIT, MAX_WAIT);
        loop {
            let arrived = self.ask_all(max).await?;
            let left = give_up_at.saturating_duration_since(Instant::now());
            if !arrived.is_empty() || left.is_zero() {
                return Ok(self.lend(arrived));
            }
            let now = || self.environment.now();
            self.polls.ask(&self.client, self.lease, left, now);
            self.polls.wait(give_up_at).await?;
        }
    }

    async fn publish(&self, lane: Lane, jobs: &[Job]) -> Result<PublishReport, Error> {
        let mut report = PublishReport::new();
        for batch in jobs.chunks(BATCH) {
            let bodies: Vec<Bytes> = batch.iter().map(Job::to_body).collect();
            let results = match self.client.publish(lane, &bodies).await {
                Ok(results) => results,
                Err(error) if report.published() == 0 => return Err(error),
                Err(error) => vec![Err(error); batch.len()],
            };
            for (job, result) in batch.iter().zip(results) {
                report.push(job.clone(), result);
            }
        }
        Ok(report)
    }

    async fn ack(&self, receipt: &Receipt) -> Result<(), Error> {
        match self.release(receipt) {
            Some(released) => self.delete(released).await,
            None => {
                tracing::debug!(queue = self.name, %receipt, "ack without effect: the lease is lost");
                Ok(())
            }
        }
    }

    async fn nack(&self, receipt: &Receipt, delay: Duration, blame: Blame) -> Result<(), Error> {
        let Some(released) = self.release(receipt) else {
            tracing::debug!(queue = self.name, %receipt, "nack without effect: the lease is lost");
            return Ok(());
        };
        let envelope = &released.1.envelope;
        let attributes = envelope.given_back(None, blame);
        let delay = delay.min(MAX_DELAY);
        let sent = self
            .client
            .send(envelope.lane, &envelope.body, attributes, delay)
            .await;
        if let Err(error) = sent {
            let (number, arrived, lease_ends) = released;
            self.held().put_back(number, arrived, lease_ends);
            return Err(error);
        }
        if let Err(error) = self.delete(released).await {
            tracing::debug!(%error, "a message that was given back may be delivered twice");
        }
        Ok(())
    }

    async fn extend(&self, receipt: &Receipt, by: Duration) -> Result<(), Error> {
        let number = self.number(receipt).ok_or_else(|| self.lost(receipt))?;
        let found = self.held().get(number).map(|arrived| {
            let lane = arrived.envelope.lane;
            (lane, arrived.handle.clone())
        });
        let (lane, handle) = found.ok_or_else(|| self.lost(receipt))?;
        let from = Instant::now();
        let by = by.min(MAX_HOLD);
        if !self.client.hide(lane, &handle, by).await? {
            self.held().take(number);
            return Err(self.lost(receipt));
        }
        self.held().extend(number, from, by);
        Ok(())
    }

    async fn dead_letter(&self, delivery: &Delivery, cause: &DeadLetterCause) -> Result<(), Error> {
        let receipt = &delivery.receipt;
        let number = self.number(receipt).ok_or_else(|| self.lost(receipt))?;
        let found = self
            .held()
            .get(number)
            .map(|arrived| arrived.envelope.clone());
        let Some(envelope) = found else {
            return match self.held().is_dead_lettered(number) {
                true => Ok(()),
                false => Err(self.lost(receipt)),
            };
        };
        let (now, host) = (self.environment.now(), self.environment.host_name());
        let attributes = envelope.dead_letter(cause, now, host);
        let sent = self.client.send_dead_letter(&envelope.body, attributes);
        sent.await?;
        self.held().remember_dead_letter(number);
        match self.release(receipt) {
            Some(released) => self.delete(released).await,
            None => Ok(()),
        }
    }

    fn lease(&self) -> Duration {
        self.lease
    }

    async fn pause(&self) {
        for (arrived, _) in self.polls.take(usize::MAX) {
            let lane = arrived.envelope.lane;
            let shown = self.client.hide(lane, &arrived.handle, Duration::ZERO);
            if let Err(error) = shown.await {
                tracing::debug!(%error, "a message returns only when its lease ends");
            }
        }
    }

    async fn depth(&self) -> Result<Option<QueueDepth>, Error> {
        let mut depth = QueueDepth::default();
        for lane in Lane::ALL {
            *depth.lane_mut(lane) = self.client.depth(lane).await?;
        }
        // They are in one queue, whatever lane they are from.
        depth.standard.dead = self.client.dead().await?;
        Ok(Some(depth))
    }

    async fn check(&self) -> Result<(), Error> {
        self.client.check().await
    }

    /// Makes the queues that are not there; they keep messages for 14 days.
    async fn create(&self) -> Result<Vec<QueuePart>, Error> {
        self.client.create_missing().await
    }

    /// The service takes up to a minute for it, does it once a minute at most, and does not say how
    /// much there was.
    async fn purge(&self, lane: Lane) -> Result<Option<u64>, Error> {
        self.pause().await;
        self.client.purge(lane).await.map(|()| None)
    }

    /// Deletes all four queues. SQS makes none of the same name for a minute afterwards.
    async fn delete(&self) -> Result<Vec<QueuePart>, Error> {
        self.pause().await;
        self.client.delete_queues().await
    }

    fn dead_letters(&self) -> Option<&dyn DeadLetters> {
        None
    }
}
