//! The durable queue of one machine: a SQLite file.

mod config;
mod database;
mod dead_letters;
mod error;
mod file;
mod hand_over;
mod messages;
#[cfg(test)]
mod tests;
mod time;

use std::{
    fmt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use socorro_core::Environment;
use tokio::{sync::Notify, time::Instant};

pub use self::config::SqliteOptions;
use self::{database::Database, hand_over::Giver};
use crate::{
    dead_letter::{DeadLetter, DeadLetterCause, DeadLetterId},
    delivery::{Blame, Delivery, Receipt},
    depth::QueueDepth,
    error::Error,
    lane::{Lane, Rotation},
    lease::Lease,
    limits::{MAX_BODY_BYTES, MAX_HOLD, MAX_LISTED, MAX_RECEIVED, MAX_WAIT},
    message::Job,
    options::QueueOptions,
    part::{PartKind, QueuePart},
    publish::PublishReport,
    queue::{CrashQueue, DeadLetters},
    queue_url::QueueUrl,
};

/// Most messages published in one transaction; in between others can write.
const PUBLISHED_AT_ONCE: usize = 1000;
/// How soon a waiting receive looks again whether another process has published something: at
/// first, and when nothing has come for a while.
const LOOK_AGAIN: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(250));

/// A durable queue in a SQLite file, shared by any number of processes of one machine:
/// `sqlite:///absolute/file`.
///
/// Collector, processors and tools open the same file. What a call reports as done is on disk. A
/// process may be killed at any moment; what it had received is delivered again when the leases
/// have run out. Messages that are done with are deleted and their room is used again.
///
/// The file is an ordinary database in WAL mode that any SQLite tool can look into; its schema is
/// in `src/sqlite/schema.sql`. It must be on a local disk.
///
/// Handles within one process wake each other only if they are clones of one `Arc`; messages
/// published elsewhere are noticed within a quarter of a second. Calls need a tokio runtime.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("queue.sqlite");
/// use std::time::Duration;
/// use socorro_core::CrashId;
/// use socorro_queue::{CrashQueue, Job, Lane, QueueOptions, SqliteQueue};
///
/// let collector = SqliteQueue::open(&path, QueueOptions::default()).await?;
/// let processor = SqliteQueue::open(&path, QueueOptions::default()).await?;
///
/// let job = Job::new(CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918")?);
/// collector.publish(Lane::Standard, &[job.clone()]).await?.into_result()?;
///
/// let deliveries = processor.receive(8, Duration::from_secs(1)).await?;
/// assert_eq!(deliveries[0].job(), Some(&job));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SqliteQueue {
    name: String,
    database: Database,
    rotation: Arc<Mutex<Rotation>>,
    /// Woken when a message may have become due.
    changed: Arc<Notify>,
    /// Whether the file was made when it was opened.
    is_new: bool,
    lease: Duration,
    environment: Environment,
}

impl SqliteQueue {
    /// Opens the queue in the file `path`, and makes the file when it is not there.
    ///
    /// # Errors
    ///
    /// [`Error::NotCreated`] when the directory does not exist, or the file neither and
    /// [`QueueOptions::create`] is off, [`Error::WrongFormat`] when the
    /// file is something else or of a version this program does not know (it is left as it is),
    /// [`Error::Denied`] when it cannot be read and written, [`Error::Corrupt`] when it is damaged,
    /// [`Error::InvalidOption`].
    pub async fn open(
        path: impl AsRef<Path>,
        options: impl Into<SqliteOptions>,
    ) -> Result<Self, Error> {
        let SqliteOptions {
            queue:
                QueueOptions {
                    lease,
                    create,
                    environment,
                },
            busy_timeout,
        } = options.into().checked()?;
        let given = path.as_ref();
        let path = std::path::absolute(given).map_err(|error| Error::NotCreated {
            queue: format!("sqlite:{}", given.display()),
            reason: format!("its path is not usable: {error}"),
        })?;
        let name = file::name_of(&path);
        let is_new = !path.exists();
        if !create && is_new {
            return Err(Error::NotCreated {
                queue: name,
                reason: "there is no such file; check the address, or publish to it".to_owned(),
            });
        }
        let opened = tokio::task::spawn_blocking(move || Database::open(&path, busy_timeout)).await;
        let database = opened.map_err(|error| Error::Unavailable {
            queue: name.clone(),
            reason: "the runtime stopped while the file was being opened".to_owned(),
            retry_after: None,
            source: Some(Arc::new(error)),
        })??;
        Ok(Self {
            name,
            database,
            rotation: Arc::default(),
            changed: Arc::default(),
            is_new,
            lease,
            environment,
        })
    }

    /// The queue of `sqlite:…`.
    pub(crate) async fn from_url(url: QueueUrl<'_>, options: QueueOptions) -> Result<Self, Error> {
        let (path, options) = SqliteOptions::from_url(url, options)?;
        Self::open(path, options).await
    }

    /// Publishes a body as it is, readable or not; for tests, and for the `test` message.
    ///
    /// # Errors
    ///
    /// [`Error::BodyTooLarge`] over 64 KiB, or when the file cannot be written.
    pub async fn publish_body(&self, lane: Lane, body: Bytes) -> Result<(), Error> {
        if body.len() > MAX_BODY_BYTES {
            return Err(Error::BodyTooLarge {
                size: body.len(),
                limit: MAX_BODY_BYTES,
            });
        }
        self.publish_bodies(lane, vec![body]).await
    }

    async fn publish_bodies(&self, lane: Lane, bodies: Vec<Bytes>) -> Result<(), Error> {
        let now = self.environment.now();
        self.database
            .write(move |connection| messages::publish(connection, lane, &bodies, now))
            .await?;
        self.changed.notify_waiters();
        Ok(())
    }

    /// Leases what is due now.
    async fn receive_now(&self, max: usize) -> Result<Vec<Delivery>, Error> {
        let clock = Arc::clone(self.environment.clock());
        let rotation = Arc::clone(&self.rotation);
        let lease = self.lease;
        let receive = move |connection: &_| {
            let mut rotation = rotation.lock().unwrap_or_else(PoisonError::into_inner);
            // Now, not when the call was made: it may have waited while others wrote.
            messages::receive(connection, &mut rotation, max, clock.now(), lease)
        };
        let giver = Giver {
            database: self.database.clone(),
            changed: Arc::clone(&self.changed),
            environment: self.environment.clone(),
        };
        let handed_over = self
            .database
            .write_then(receive, |deliveries| giver.hand_over(deliveries))
            .await?;
        Ok(handed_over.take())
    }

    /// Returns when a message is due. To receive is to write, which keeps other processes waiting;
    /// this only reads.
    async fn until_due(&self) -> Result<(), Error> {
        let (mut pause, longest_pause) = LOOK_AGAIN;
        loop {
            let left = match self.database.read(messages::next_due).await? {
                None => longest_pause,
                Some(due_at) => {
                    let left = due_at.duration_since(self.environment.now());
                    Duration::try_from(left).unwrap_or_default()
                }
            };
            if left.is_zero() {
                return Ok(());
            }
            tokio::time::sleep(left.min(pause)).await;
            pause = (pause * 3 / 2).min(longest_pause);
        }
    }

    fn lost(&self, receipt: &Receipt) -> Error {
        Error::LeaseLost {
            queue: self.name.clone(),
            receipt: receipt.clone(),
        }
    }

    fn no_such_dead_letter(&self, id: &DeadLetterId) -> Error {
        Error::NoSuchDeadLetter {
            queue: self.name.clone(),
            id: id.clone(),
        }
    }
}

impl fmt::Display for SqliteQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[async_trait]
impl CrashQueue for SqliteQueue {
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, Error> {
        let max = max.min(MAX_RECEIVED);
        if max == 0 {
            return Ok(Vec::new());
        }
        let give_up_at = Instant::now() + wait.min(MAX_WAIT);
        loop {
            // Listen before looking: what is published in between must not be missed.
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let deliveries = self.receive_now(max).await?;
            if !deliveries.is_empty() || Instant::now() >= give_up_at {
                return Ok(deliveries);
            }
            tokio::select! {
                () = changed => {}
                due = self.until_due() => due?,
                () = tokio::time::sleep_until(give_up_at) => {}
            }
        }
    }

    async fn publish(&self, lane: Lane, jobs: &[Job]) -> Result<PublishReport, Error> {
        let mut report = PublishReport::new();
        let mut failure = None;
        for jobs in jobs.chunks(PUBLISHED_AT_ONCE) {
            // After a failure the rest is not tried: it would be published out of order.
            if failure.is_none() {
                let bodies = jobs.iter().map(Job::to_body).collect();
                failure = self.publish_bodies(lane, bodies).await.err();
            }
            for job in jobs {
                report.push(job.clone(), failure.clone().map_or(Ok(()), Err));
            }
        }
        match failure {
            Some(error) if report.published() == 0 => Err(error),
            _ => Ok(report),
        }
    }

    async fn ack(&self, receipt: &Receipt) -> Result<(), Error> {
        let held = match Lease::from_receipt(receipt) {
            None => false,
            Some(lease) => {
                let ack = move |connection: &_| messages::ack(connection, lease);
                self.database.write(ack).await?
            }
        };
        if !held {
            tracing::debug!(queue = self.name, %receipt, "ack without effect: the lease is lost");
        }
        Ok(())
    }

    async fn nack(&self, receipt: &Receipt, delay: Duration, blame: Blame) -> Result<(), Error> {
        let held = match Lease::from_receipt(receipt) {
            None => false,
            Some(lease) => {
                let now = self.environment.now();
                let delay = delay.min(MAX_HOLD);
                let nack =
                    move |connection: &_| messages::nack(connection, lease, now, delay, blame);
                self.database.write(nack).await?
            }
        };
        if held {
            self.changed.notify_waiters();
        } else {
            tracing::debug!(queue = self.name, %receipt, "nack without effect: the lease is lost");
        }
        Ok(())
    }

    async fn extend(&self, receipt: &Receipt, by: Duration) -> Result<(), Error> {
        let lease = Lease::from_receipt(receipt).ok_or_else(|| self.lost(receipt))?;
        let now = self.environment.now();
        let by = by.min(MAX_HOLD);
        let held = self
            .database
            .write(move |connection| messages::extend(connection, lease, now, by))
            .await?;
        held.then_some(()).ok_or_else(|| self.lost(receipt))
    }

    async fn dead_letter(&self, delivery: &Delivery, cause: &DeadLetterCause) -> Result<(), Error> {
        let receipt = &delivery.receipt;
        let lease = Lease::from_receipt(receipt).ok_or_else(|| self.lost(receipt))?;
        let environment = self.environment.clone();
        let cause = cause.clone();
        let dead = self
            .database
            .write(move |connection| {
                let now = environment.now();
                dead_letters::bury(connection, lease, &cause, now, environment.host_name())
            })
            .await?;
        dead.then_some(()).ok_or_else(|| self.lost(receipt))
    }

    fn lease(&self) -> Duration {
        self.lease
    }

    async fn depth(&self) -> Result<Option<QueueDepth>, Error> {
        let now = self.environment.now();
        self.database
            .read(move |connection| messages::depth(connection, now))
            .await
            .map(Some)
    }

    async fn check(&self) -> Result<(), Error> {
        // Takes the lock for writing and looks at the table.
        self.database
            .write(|connection| messages::next_due(connection).map(|_| ()))
            .await
    }

    /// The file, which was made when it was opened if it was not there.
    async fn create(&self) -> Result<Vec<QueuePart>, Error> {
        let path = self.database.path().display().to_string();
        Ok(vec![QueuePart::new(PartKind::File, path, self.is_new)])
    }

    async fn purge(&self, lane: Lane) -> Result<Option<u64>, Error> {
        let purge = move |connection: &_| messages::purge(connection, lane);
        self.database.write(purge).await.map(Some)
    }

    /// Deletes the file, and what SQLite keeps beside it. Other processes that have it open notice
    /// with their next call.
    async fn delete(&self) -> Result<Vec<QueuePart>, Error> {
        let path = self.database.path().display().to_string();
        let was_there = self.database.delete().await?;
        Ok(vec![QueuePart::new(PartKind::File, path, was_there)])
    }

    fn dead_letters(&self) -> Option<&dyn DeadLetters> {
        Some(self)
    }
}

#[async_trait]
impl DeadLetters for SqliteQueue {
    async fn list(
        &self,
        after: Option<&DeadLetterId>,
        max: usize,
    ) -> Result<Vec<DeadLetter>, Error> {
        let after = match after {
            None => None,
            Some(id) => Some(number_of(id).ok_or_else(|| self.no_such_dead_letter(id))?),
        };
        let max = max.min(MAX_LISTED);
        self.database
            .read(move |connection| dead_letters::list(connection, after, max))
            .await
    }

    async fn get(&self, id: &DeadLetterId) -> Result<Option<DeadLetter>, Error> {
        let Some(number) = number_of(id) else {
            return Ok(None);
        };
        self.database
            .read(move |connection| dead_letters::get(connection, number))
            .await
    }

    async fn replay(&self, id: &DeadLetterId) -> Result<(), Error> {
        let number = number_of(id).ok_or_else(|| self.no_such_dead_letter(id))?;
        let now = self.environment.now();
        let found = self
            .database
            .write(move |connection| dead_letters::replay(connection, number, now))
            .await?;
        self.changed.notify_waiters();
        found
            .then_some(())
            .ok_or_else(|| self.no_such_dead_letter(id))
    }

    async fn discard(&self, id: &DeadLetterId) -> Result<(), Error> {
        let number = number_of(id).ok_or_else(|| self.no_such_dead_letter(id))?;
        let found = self
            .database
            .write(move |connection| dead_letters::discard(connection, number))
            .await?;
        found
            .then_some(())
            .ok_or_else(|| self.no_such_dead_letter(id))
    }
}

fn number_of(id: &DeadLetterId) -> Option<i64> {
    id.as_str().parse().ok()
}
