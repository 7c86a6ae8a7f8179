//! The worker: takes crashes off a queue and does not let go of one before it is safe.
//!
//! ```text
//! receive ──▶ fetch ──▶ transform ──▶ save ──▶ ack
//!               │           │           │
//!               └───────────┴───────────┴──▶ give back later, or dead-letter with a reason
//! ```
//!
//! Every crash ends *processed and saved everywhere* or *dead-lettered with a reason*. A message is acked only
//! after the processed crash is durable, and every required destination has it or is noted to get it; the lease is kept alive from receive to ack; an outage of
//! storage or queue never ends in a dead letter, however long it lasts. A crash that takes down whoever works on it
//! is processed in safe mode, without the walk.

mod directories;
mod failure;
mod fence;
mod fetch;
mod held;
mod in_work;
mod lease;
mod monitor;
mod options;
mod receive;
mod safe_mode;
mod save;
mod status;
mod summary;
mod transform;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use socorro_core::{CrashId, ProcessedCrash};
use socorro_queue::{Blame, CrashQueue, DeadLetterCause, DeadLetterReason, Delivery, Job, Message};
use socorro_storage::CrashStorage;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

pub(crate) use fence::fence;

pub use failure::Failure;
pub use options::WorkerOptions;
pub use status::{CrashInWork, DestinationStatus, Phase, ProcessedLately, Stage, Status, Trouble};
pub use summary::{StageTimes, Summary};

use self::{
    directories::WorkDirectories,
    fence::Panicked,
    held::Held,
    in_work::{InWork, Place, Turn},
    monitor::Monitor,
    safe_mode::{Past, Record},
    summary::Outcome,
};
use crate::{destinations::Destinations, metrics, pipeline::Pipeline};

/// Takes crashes off a queue, processes and saves them, several at a time.
///
/// Cloning gives another handle on the same worker.
///
/// ```
/// use std::sync::Arc;
/// use socorro_core::{CrashId, Dumps, Environment, RawCrash};
/// use socorro_processor::{Pipeline, Ruleset, Worker, rules::general::Identifier};
/// use socorro_queue::{Blame, CrashQueue, Job, Lane, QueueOptions};
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
    destinations: Destinations,
    options: WorkerOptions,
    directories: Arc<WorkDirectories>,
    in_work: InWork,
    monitor: Monitor,
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            storage,
            queue,
            pipeline,
            destinations,
            options,
            ..
        } = &*self.0;
        f.debug_struct("Worker")
            .field("storage", &format_args!("{storage}"))
            .field("queue", &format_args!("{queue}"))
            .field("pipeline", pipeline)
            .field("destinations", &format_args!("{destinations}"))
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
        Self::with_destinations(storage, queue, pipeline, options, Destinations::none())
    }

    /// A worker that gives every processed crash to more than the main storage.
    #[must_use]
    pub fn with_destinations(
        storage: Arc<dyn CrashStorage>,
        queue: Arc<dyn CrashQueue>,
        pipeline: Pipeline,
        options: WorkerOptions,
        destinations: Destinations,
    ) -> Self {
        let directories = Arc::new(WorkDirectories::new(options.temporary_path.clone()));
        let monitor = Monitor::new(options.workers, options.max_processing);
        Self(Arc::new(Inner {
            storage,
            queue,
            pipeline,
            destinations,
            options,
            directories,
            in_work: InWork::default(),
            monitor,
        }))
    }

    /// What the worker is doing now. Takes no longer than a lock.
    #[must_use]
    pub fn status(&self) -> Status {
        let mut status = self.0.monitor.status();
        status.destinations = self.0.destinations.status();
        let destinations = status.destinations.iter().map(|one| one.counts);
        for counts in destinations {
            status.done.noted += counts.noted;
            status.done.taken_later += counts.taken_later;
        }
        status
    }

    /// Processes one crash straight from storage, without the queue.
    ///
    /// # Errors
    ///
    /// What keeps the crash from being fetched or saved.
    pub async fn process(&self, id: CrashId) -> Result<ProcessedCrash, Failure> {
        let mut times = StageTimes::default();
        let job = Job::new(id);
        let span = tracing::error_span!("crash", %id, ruleset = %job.ruleset);
        let work = async {
            // There is no later delivery to wait for a late upload.
            let transformed = self
                .transform(&job, &Past::LAST_CHANCE, &mut None, &mut times)
                .await?;
            self.save(&job, transformed, &mut times).await
        };
        fence(work).instrument(span).await?
    }

    /// Handles one delivery from start to end. Never panics, never loses it.
    async fn handle(self, delivery: Delivery, abandon: CancellationToken) -> (Outcome, StageTimes) {
        // At the highest level, so that no filter takes the crash id off a warning.
        let span = match &delivery.message {
            Ok(Message::Process(job)) => {
                tracing::error_span!("crash", id = %job.crash_id, ruleset = %job.ruleset, attempt = delivery.attempt)
            }
            _ => tracing::error_span!("message", attempt = delivery.attempt),
        };
        let mut times = StageTimes::default();
        let outcome = async {
            let work = fence(self.handle_message(&delivery, &abandon, &mut times));
            match work.await {
                Ok(outcome) => outcome,
                // Not the work on the crash, which has its own fence: the queue panicked.
                Err(panicked) => {
                    tracing::error!(%panicked, "given back");
                    self.hold(&delivery).give_back_later().await
                }
            }
        };
        (outcome.instrument(span).await, times)
    }

    async fn handle_message(
        &self,
        delivery: &Delivery,
        abandon: &CancellationToken,
        times: &mut StageTimes,
    ) -> Outcome {
        match &delivery.message {
            Ok(Message::Test) => {
                self.hold(delivery).ack().await;
                Outcome::Dropped
            }
            Ok(Message::Process(job)) => self.handle_job(job, delivery, abandon, times).await,
            Err(bad) => self.hold(delivery).bury(DeadLetterCause::from(bad)).await,
        }
    }

    async fn handle_job(
        &self,
        job: &Job,
        delivery: &Delivery,
        abandon: &CancellationToken,
        times: &mut StageTimes,
    ) -> Outcome {
        let mut held = self.hold(delivery);
        if self.0.pipeline.ruleset(job.ruleset.as_str()).is_none() {
            let error = format!("there is no ruleset {}", job.ruleset);
            let cause = DeadLetterCause::new(DeadLetterReason::UnknownRuleset, error);
            return held.bury(cause).await;
        }
        held.keep();
        let (place, held) = match self.take_turn(job, held, abandon).await {
            Ok(turn) => turn,
            Err(outcome) => return outcome,
        };
        let started = Instant::now();
        let id = job.crash_id;
        let watched = self.0.monitor.begin(job, delivery);
        tracing::info!(
            crash_id = %id, ruleset = %job.ruleset, attempt = delivery.attempt, queue = %delivery.lane,
            "starting {id} with {}", job.ruleset
        );
        let past = Past::of(delivery);
        let mut record = None;
        let transformed = tokio::select! {
            biased;
            () = held.lost() => return Self::lost(),
            result = fence(self.transform(job, &past, &mut record, times)) => flatten(result),
            () = abandon.cancelled() => {
                self.end_with_suspect(record.as_ref()).await;
                return Self::abandon(held).await;
            }
        };
        let is_stored = matches!(&transformed, Ok(transformed) if transformed.is_stored);
        // From here on a lost lease changes nothing: the work is done, and saving it is right.
        let saved = match transformed {
            Err(failure) => Err(failure),
            Ok(transformed) => tokio::select! {
                biased;
                result = fence(self.save(job, transformed, times)) => flatten(result),
                () = abandon.cancelled() => {
                    self.end_with_suspect(record.as_ref()).await;
                    return Self::abandon(held).await;
                }
            },
        };
        self.end_with_suspect(record.as_ref()).await;
        match saved {
            Ok(processed) => {
                place.saved();
                self.forget_suspect(record).await;
                self.0.monitor.stage(&id, Stage::Ack);
                let acking = Instant::now();
                held.ack().await;
                times.ack += acking.elapsed();
                drop(watched);
                if is_stored {
                    tracing::info!(crash_id = %id, "{id} was processed since it was published");
                    return Outcome::Duplicate;
                }
                let signature = processed.signature().unwrap_or_default();
                self.0.monitor.processed(id, signature);
                completed(job, delivery, &processed, started.elapsed());
                Outcome::Processed
            }
            Err(failure) => {
                let outcome = held.fail(&failure).await;
                if outcome == Outcome::DeadLettered {
                    self.forget_suspect(record).await;
                }
                outcome
            }
        }
    }

    /// Waits until no other delivery of the crash is in work here. The error tells how this one
    /// ended meanwhile.
    async fn take_turn<'a>(
        &'a self,
        job: &Job,
        held: Held<'a>,
        abandon: &CancellationToken,
    ) -> Result<(Place<'a>, Held<'a>), Outcome> {
        loop {
            match self.0.in_work.enter(job) {
                Turn::Mine(place) => return Ok((place, held)),
                Turn::Behind(ahead) => tokio::select! {
                    biased;
                    () = held.lost() => return Err(Self::lost()),
                    enough = ahead.result_will_do() => if enough {
                        tracing::info!("another delivery of the crash was processed meanwhile");
                        held.ack().await;
                        return Err(Outcome::Duplicate);
                    },
                    () = abandon.cancelled() => return Err(Self::abandon(held).await),
                },
            }
        }
    }

    /// The worker is alive still.
    async fn end_with_suspect(&self, record: Option<&Record>) {
        if let Some(record) = record {
            record.end(&*self.0.storage, &self.0.options).await;
        }
    }

    /// Nothing more will be done for the message of a suspect.
    async fn forget_suspect(&self, record: Option<Record>) {
        if let Some(record) = record {
            record.forget(&*self.0.storage, &self.0.options).await;
        }
    }

    fn lost() -> Outcome {
        metrics::QUEUE_LEASE_LOST.count(&[]);
        tracing::warn!("lease lost: somebody else has the message now");
        Outcome::LeaseLost
    }

    /// Gives back what is in work when the time to finish it is over.
    async fn abandon(held: Held<'_>) -> Outcome {
        tracing::warn!("shutting down: the crash is given back unfinished");
        held.give_back(Duration::ZERO, Blame::Nobody, "shutdown")
            .await;
        Outcome::Abandoned
    }

    fn hold<'a>(&'a self, delivery: &'a Delivery) -> Held<'a> {
        let Inner {
            queue,
            options,
            monitor,
            ..
        } = &*self.0;
        Held::shortly(queue, options, monitor, delivery)
    }
}

/// For logs.
fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Tells of a crash that is done with.
fn completed(job: &Job, delivery: &Delivery, processed: &ProcessedCrash, duration: Duration) {
    let id = job.crash_id;
    metrics::PROCESS_CRASH.time(duration, &[("ruleset", job.ruleset.to_string().into())]);
    tracing::info!(
        crash_id = %id, ruleset = %job.ruleset, attempt = delivery.attempt,
        queue = %delivery.lane, signature = processed.signature(),
        duration_ms = milliseconds(duration),
        "completed {id}"
    );
}

fn flatten<T>(result: Result<Result<T, Failure>, Panicked>) -> Result<T, Failure> {
    result.unwrap_or_else(|panicked| Err(panicked.into()))
}
