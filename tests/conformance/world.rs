//! Storage, queue and worker in memory and in paused time, watched and ready to be broken.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Result;
use async_trait::async_trait;
use socorro::{
    core::time::{Clock, Timestamp},
    prelude::*,
    processor::{Destinations, Summary, rules::general::Identifier},
    queue::{
        Blame, DeadLetterCause, DeadLetters, Delivery, Error, MemoryQueue, PublishReport,
        QueueDepth, Receipt, testkit::FlakyQueue,
    },
    storage::{ObjectStorage, testkit::FlakyStorage},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The lease of messages: the default.
pub(crate) const LEASE: Duration = Duration::from_secs(60);

/// A call of the queue that came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Ack { well: bool },
    Nack { delay: Duration, blame: Blame },
    Extend,
    DeadLetter { well: bool },
}

/// Everything in memory; time is tokio's, which is paused.
pub(crate) struct World {
    pub(crate) id: CrashId,
    pub(crate) storage: Arc<FlakyStorage>,
    pub(crate) queue: Arc<WatchedQueue>,
    pub(crate) memory: Arc<MemoryQueue>,
    environment: Environment,
}

impl World {
    pub(crate) fn new() -> Result<Self> {
        Self::over(ObjectStorage::memory(StorageOptions::default()))
    }

    /// With a storage of its own.
    pub(crate) fn over(storage: ObjectStorage) -> Result<Self> {
        let environment = Environment::new(Arc::new(TokioClock(Instant::now())), "testhost");
        let memory = Arc::new(MemoryQueue::new(QueueOptions {
            lease: LEASE,
            environment: environment.clone(),
            ..QueueOptions::default()
        })?);
        Ok(Self {
            id: CrashId::mint(Date::constant(2026, 1, 2), 0),
            storage: Arc::new(FlakyStorage::new(storage)),
            queue: Arc::new(WatchedQueue {
                flaky: FlakyQueue::new(Arc::clone(&memory)),
                calls: Mutex::default(),
            }),
            memory,
            environment,
        })
    }

    /// Stores the raw crash.
    pub(crate) async fn store(&self) -> Result<()> {
        let mut raw = RawCrash::new();
        raw.set("ProductName", "Firefox");
        let storage = self.storage.inner();
        Ok(storage
            .save_raw_crash(&self.id, &raw, &Dumps::new())
            .await?)
    }

    /// Publishes the crash.
    pub(crate) async fn publish(&self) -> Result<()> {
        let jobs = [Job::new(self.id)];
        let report = self.memory.publish(Lane::Standard, &jobs).await?;
        Ok(report.into_result()?)
    }

    /// A worker with one more rule, or whatever `change` makes of its ruleset.
    pub(crate) fn worker(&self, change: impl FnOnce(Ruleset) -> Ruleset) -> Worker {
        self.make_worker(change, Destinations::none())
    }

    /// A worker with more destinations than the main storage.
    pub(crate) fn worker_to(&self, destinations: Destinations) -> Worker {
        self.make_worker(|ruleset| ruleset, destinations)
    }

    fn make_worker(
        &self,
        change: impl FnOnce(Ruleset) -> Ruleset,
        destinations: Destinations,
    ) -> Worker {
        let ruleset = change(Ruleset::named("default").then(Identifier));
        let pipeline = Pipeline::new(self.environment.clone()).with(ruleset);
        let options = WorkerOptions {
            workers: 2,
            ..WorkerOptions::default()
        };
        Worker::with_destinations(
            self.storage.clone(),
            self.queue.clone(),
            pipeline,
            options,
            destinations,
        )
    }

    /// Lets a worker run until nothing is in the queue any more, or for some days.
    pub(crate) async fn work(&self, worker: &Worker) -> Result<Summary> {
        let stop = CancellationToken::new();
        let watch = async {
            for _ in 0..10_000 {
                tokio::time::sleep(LEASE).await;
                if self.outstanding().await? == 0 {
                    break;
                }
            }
            stop.cancel();
            Ok::<_, anyhow::Error>(())
        };
        let (summary, watched) = tokio::join!(worker.run(stop.clone()), watch);
        watched?;
        Ok(summary)
    }

    /// Lets a worker take what is ready now, once.
    pub(crate) async fn drain(&self, worker: &Worker) -> Summary {
        worker.drain(CancellationToken::new()).await
    }

    /// How many messages are not done with.
    pub(crate) async fn outstanding(&self) -> Result<u64> {
        let depth = self.memory.depth().await?;
        Ok(depth.map_or(0, |depth| depth.total().outstanding()))
    }

    /// The reasons of the dead letters.
    pub(crate) async fn dead_letters(&self) -> Result<Vec<String>> {
        let Some(dead_letters) = self.memory.dead_letters() else {
            return Ok(Vec::new());
        };
        let letters = dead_letters.list(None, 100).await?;
        let reasons = letters.iter().map(|letter| letter.cause.reason.to_string());
        Ok(reasons.collect())
    }

    /// The notes of the last run.
    pub(crate) async fn notes(&self) -> Result<String> {
        let stored = self.storage.inner().processed_crash(&self.id).await?;
        let notes = stored.value.text("processor_notes");
        Ok(notes.unwrap_or_default().to_owned())
    }

    /// The processed crash, if there is one, without what depends on time.
    pub(crate) async fn processed(&self) -> Option<ProcessedCrash> {
        let stored = self.storage.inner().processed_crash(&self.id).await.ok()?;
        let mut processed = stored.value;
        for field in [
            "started_datetime",
            "completed_datetime",
            "processor_notes",
            "processor_history",
        ] {
            processed.remove(field);
        }
        Some(processed)
    }
}

/// Goes with tokio's time, from 2 January 2026 on.
#[derive(Debug)]
struct TokioClock(Instant);

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        Timestamp::constant(1_767_323_045, 0) + self.0.elapsed()
    }
}

/// A queue that writes down how calls end, and when.
pub(crate) struct WatchedQueue {
    pub(crate) flaky: FlakyQueue<Arc<MemoryQueue>>,
    calls: Mutex<Vec<(Instant, Call)>>,
}

impl WatchedQueue {
    /// All calls with their times.
    pub(crate) fn timed_calls(&self) -> Vec<(Instant, Call)> {
        self.calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// All calls but extensions.
    pub(crate) fn calls(&self) -> Vec<Call> {
        let calls = self.timed_calls().into_iter().map(|(_, call)| call);
        calls.filter(|call| *call != Call::Extend).collect()
    }

    fn write(&self, call: Call) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push((Instant::now(), call));
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
        self.flaky.receive(max, wait).await
    }

    async fn publish(&self, lane: Lane, jobs: &[Job]) -> Result<PublishReport, Error> {
        self.flaky.publish(lane, jobs).await
    }

    async fn ack(&self, receipt: &Receipt) -> Result<(), Error> {
        let result = self.flaky.ack(receipt).await;
        let well = result.is_ok();
        self.write(Call::Ack { well });
        result
    }

    async fn nack(&self, receipt: &Receipt, delay: Duration, blame: Blame) -> Result<(), Error> {
        let result = self.flaky.nack(receipt, delay, blame).await;
        self.write(Call::Nack { delay, blame });
        result
    }

    async fn extend(&self, receipt: &Receipt, by: Duration) -> Result<(), Error> {
        let result = self.flaky.extend(receipt, by).await;
        self.write(Call::Extend);
        result
    }

    async fn dead_letter(&self, delivery: &Delivery, cause: &DeadLetterCause) -> Result<(), Error> {
        let result = self.flaky.dead_letter(delivery, cause).await;
        let well = result.is_ok();
        self.write(Call::DeadLetter { well });
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
