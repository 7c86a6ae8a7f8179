//! The worker: takes crashes off a queue and does not let go of one before it is safe.
//!
//! ```text
//! receive ──▶ fetch ──▶ transform ──▶ save ──▶ ack
//!               │           │           │
//!               └───────────┴───────────┴──▶ give back later, or dead-letter with a reason
//! ```
//!
//! Every crash ends *processed and saved* or *dead-lettered with a reason*. A message is acked only
//! after the processed crash is durable; the lease is kept alive from receive to ack; an outage of
//! storage or queue never uses up the attempts of a crash.

mod failure;
mod fetch;
mod lease;
mod options;
mod receive;
mod save;
mod summary;

use std::{
    fmt,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::FutureExt as _;
use socorro_core::{CrashId, ProcessedCrash};
use socorro_queue::{
    BadMessage, CrashQueue, DeadLetterCause, DeadLetterReason, Delivery, Job, Message,
};
use socorro_storage::{CrashStorage, Expected};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

pub use failure::Failure;
pub use options::WorkerOptions;
pub use summary::{StageTimes, Summary};

use self::{failure::Verdict, lease::LeaseKeeper, summary::Outcome};
use crate::pipeline::{Pipeline, panic_message};

/// How often an ack is tried before the message is left to be delivered again.
const ACK_TRIES: u32 = 3;

/// Takes crashes off a queue, processes and saves them, several at a time.
///
/// Cloning gives another handle on the same worker.
///
/// ```
/// use std::sync::Arc;
/// use socorro_core::{CrashId, Dumps, Environment, RawCrash};
/// use socorro_processor::{Pipeline, Ruleset, Worker, rules::general::Identifier};
/// use socorro_queue::{CrashQueue, Job, Lane, QueueOptions};
/// use socorro_storage::{CrashStorage, StorageOptions};
/// use tokio_util::sync::CancellationToken;
///
/// # tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
/// let storage = socorro_storage::open("memory:", StorageOptions::default())?;
/// let queue = socorro_queue::open("memory:", QueueOptions::default()).await?;
/// let id = CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918")?;
/// storage.save_raw_crash(&id, &RawCrash::new(), &Dumps::new()).await?;
/// queue.publish(Lane::Standard, &[Job::new(id)]).await?;
///
/// let pipeline = Pipeline::new(Environment::system())
///     .with(Ruleset::named("default").then(Identifier));
/// let worker = Worker::new(storage.clone(), queue, pipeline);
/// let summary = worker.drain(CancellationToken::new()).await;
///
/// assert_eq!(summary.processed, 1);
/// assert_eq!(storage.processed_crash(&id).await?.value.text("crash_id"), Some(id.as_str()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Worker(Arc<Inner>);

struct Inner {
    storage: Arc<dyn CrashStorage>,
    queue: Arc<dyn CrashQueue>,
    pipeline: Pipeline,
    options: WorkerOptions,
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            storage,
            queue,
            pipeline,
            options,
        } = &*self.0;
        f.debug_struct("Worker")
            .field("storage", &format_args!("{storage}"))
            .field("queue", &format_args!("{queue}"))
            .field("pipeline", pipeline)
            .field("options", options)
            .finish()
    }
}

impl Worker {
    /// A worker with the default options.
    #[must_use]
    pub fn new(
        storage: Arc<dyn CrashStorage>,
        queue: Arc<dyn CrashQueue>,
        pipeline: Pipeline,
    ) -> Self {
        Self::with_options(storage, queue, pipeline, WorkerOptions::default())
    }

    /// A worker with options of one's own.
    #[must_use]
    pub fn with_options(
        storage: Arc<dyn CrashStorage>,
        queue: Arc<dyn CrashQueue>,
        pipeline: Pipeline,
        options: WorkerOptions,
    ) -> Self {
        Self(Arc::new(Inner {
            storage,
            queue,
            pipeline,
            options,
        }))
    }

    /// Processes one crash straight from storage, without the queue.
    ///
    /// # Errors
    ///
    /// What keeps the crash from being fetched or saved. Nothing is written then.
    pub async fn process(&self, id: CrashId) -> Result<ProcessedCrash, Failure> {
        let mut times = StageTimes::default();
        // There is no later delivery to wait for a late upload.
        let job = Job::new(id);
        let span = tracing::error_span!("crash", %id, ruleset = %job.ruleset);
        async {
            let (processed, expected) = self.transform(&job, u32::MAX, &mut times).await?;
            self.save(&job, processed, expected, &mut times).await
        }
        .instrument(span)
        .await
    }

    /// Handles one delivery from start to end. Never panics, never loses it.
    async fn handle(self, delivery: Delivery, abandon: CancellationToken) -> (Outcome, StageTimes) {
        let span = match &delivery.message {
            Ok(Message::Process(job)) => {
                tracing::error_span!("crash", id = %job.crash_id, ruleset = %job.ruleset, attempt = delivery.attempt)
            }
            _ => tracing::error_span!("message", attempt = delivery.attempt),
        };
        let mut times = StageTimes::default();
        let outcome = async {
            match &delivery.message {
                Ok(Message::Test) => {
                    self.ack(&delivery).await;
                    Outcome::Dropped
                }
                Ok(Message::Process(job)) => {
                    self.handle_job(job, &delivery, &abandon, &mut times).await
                }
                Err(bad) => self.bury(&delivery, cause_of(bad)).await,
            }
        }
        .instrument(span)
        .await;
        (outcome, times)
    }

    async fn handle_job(
        &self,
        job: &Job,
        delivery: &Delivery,
        abandon: &CancellationToken,
        times: &mut StageTimes,
    ) -> Outcome {
        if self.0.pipeline.ruleset(job.ruleset.as_str()).is_none() {
            let error = format!("there is no ruleset {}", job.ruleset);
            return self
                .bury(
                    delivery,
                    DeadLetterCause::new(DeadLetterReason::UnknownRuleset, error),
                )
                .await;
        }
        let lease = LeaseKeeper::start(
            Arc::clone(&self.0.queue),
            delivery.receipt.clone(),
            self.0.options.lease,
        );
        let work = AssertUnwindSafe(self.transform(job, delivery.attempt, times)).catch_unwind();
        let result = tokio::select! {
            result = tokio::time::timeout(self.0.options.max_processing, work) => match result {
                Ok(Ok(result)) => result,
                Ok(Err(panic)) => Err(Failure::panic(panic_message(panic.as_ref()))),
                Err(_) => Err(Failure::too_slow(self.0.options.max_processing)),
            },
            () = lease.lost() => {
                tracing::warn!("lease lost: somebody else has the message now");
                return Outcome::LeaseLost;
            }
            () = abandon.cancelled() => {
                tracing::warn!("shutting down: the crash is given back unfinished");
                self.give_back(delivery, Duration::ZERO).await;
                return Outcome::GivenBack;
            }
        };
        // From here on a lost lease changes nothing: the work is done, and saving it is right.
        let saved = match result {
            Ok((processed, expected)) => self.save(job, processed, expected, times).await,
            Err(failure) => Err(failure),
        };
        match saved {
            Ok(processed) => {
                let started = Instant::now();
                self.ack(delivery).await;
                times.ack += started.elapsed();
                tracing::info!(signature = processed.signature(), "processed");
                Outcome::Processed
            }
            Err(failure) => self.give_back_or_bury(delivery, &failure).await,
        }
    }

    /// Fetches a crash and runs the pipeline over it.
    async fn transform(
        &self,
        job: &Job,
        attempt: u32,
        times: &mut StageTimes,
    ) -> Result<(ProcessedCrash, Expected), Failure> {
        let started = Instant::now();
        // The dumps live as long as this directory.
        let directory = self
            .0
            .options
            .temporary_directory()
            .map_err(|error| Failure::local(&error))?;
        let fetched = fetch::fetch(
            &*self.0.storage,
            &job.crash_id,
            attempt,
            &self.0.options,
            directory.path(),
        );
        let mut fetched = fetched.await?;
        times.fetch += started.elapsed();

        let started = Instant::now();
        let ruleset = self.ruleset_for(job, &mut fetched);
        let crash = self.0.pipeline.run(ruleset, fetched.crash).await;
        times.transform += started.elapsed();
        Ok((
            crash.map_err(Failure::pipeline)?.processed,
            fetched.expected,
        ))
    }

    /// The ruleset to run: one that changes an earlier result cannot begin without one.
    fn ruleset_for<'a>(&self, job: &'a Job, fetched: &mut fetch::Fetched) -> &'a str {
        let name = job.ruleset.as_str();
        let in_place = self
            .0
            .pipeline
            .ruleset(name)
            .is_some_and(crate::Ruleset::is_in_place);
        if in_place && fetched.crash.processed.as_map().is_empty() {
            fetched.crash.note(format!(
                "Never processed before: running default instead of {name}"
            ));
            return "default";
        }
        name
    }

    async fn give_back_or_bury(&self, delivery: &Delivery, failure: &Failure) -> Outcome {
        match failure.verdict(delivery, &self.0.options) {
            Verdict::GiveBack { delay } => {
                tracing::warn!(%failure, ?delay, "given back");
                self.give_back(delivery, delay).await;
                Outcome::GivenBack
            }
            Verdict::Bury { reason } => {
                self.bury(delivery, DeadLetterCause::new(reason, failure.to_string()))
                    .await
            }
        }
    }

    async fn give_back(&self, delivery: &Delivery, delay: Duration) {
        if let Err(error) = self.0.queue.nack(&delivery.receipt, delay).await {
            tracing::warn!(%error, "cannot give the message back: it returns when its lease ends");
        }
    }

    /// Writes the dead letter; a message whose dead letter cannot be written is given back.
    async fn bury(&self, delivery: &Delivery, cause: DeadLetterCause) -> Outcome {
        tracing::error!(reason = %cause.reason, error = cause.last_error, "dead-lettered");
        match self.0.queue.dead_letter(delivery, &cause).await {
            Ok(()) => Outcome::DeadLettered,
            Err(error) => {
                tracing::error!(%error, "cannot write the dead letter");
                self.give_back(delivery, self.0.options.retry_delay(delivery))
                    .await;
                Outcome::GivenBack
            }
        }
    }

    async fn ack(&self, delivery: &Delivery) {
        for attempt in 1..=ACK_TRIES {
            match self.0.queue.ack(&delivery.receipt).await {
                Ok(()) => return,
                Err(error) if attempt == ACK_TRIES => {
                    tracing::error!(%error, "cannot ack: the crash will be processed once more");
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot ack yet");
                    tokio::time::sleep(self.0.options.ack_retry_delay).await;
                }
            }
        }
    }
}

fn cause_of(bad: &BadMessage) -> DeadLetterCause {
    DeadLetterCause::from(bad)
}
