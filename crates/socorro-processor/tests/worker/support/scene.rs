//! Storage, queue and worker, ready to be broken.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::TryStreamExt as _;
use socorro_core::{
    CrashId, Dump, DumpName, Dumps, Environment, ProcessedCrash, RawCrash, time::Date,
};
use socorro_processor::{
    Destinations, Pipeline, Ruleset, Summary, Worker, WorkerOptions, rules::general::Identifier,
};
use socorro_queue::{
    Blame, CrashQueue, DeadLetter, Job, Lane, LaneDepth, MemoryQueue, QueueOptions,
    testkit::FlakyQueue,
};
use socorro_storage::{
    CrashStorage, DocumentFolder, Item, ObjectStorage, StorageOptions,
    testkit::{FlakyStorage, Harness as _, ObjectHarness},
};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::{
    clock::TokioClock,
    hooks::Hooks,
    journal::{Event, Journal},
    queue::WatchedQueue,
    rules::{Marks, Signs},
    storage::WatchedStorage,
};

/// A storage and a queue whose every call is watched, and where workers put their dumps.
pub(crate) struct Scene {
    pub(crate) storage: Arc<WatchedStorage>,
    pub(crate) queue: Arc<WatchedQueue>,
    pub(crate) journal: Journal,
    pub(crate) environment: Environment,
    back_door: ObjectHarness,
    memory: Option<Arc<MemoryQueue>>,
    temporary: TempDir,
}

/// What is left when all crashes in work are done with.
pub(crate) const NO_DIRECTORIES: [PathBuf; 0] = [];

/// The ruleset `default` of the tests.
pub(crate) fn default_ruleset() -> Ruleset {
    Ruleset::named("default")
        .then(Identifier)
        .then(Marks)
        .then(Signs)
}

impl Scene {
    /// Everything in memory.
    pub(crate) fn memory() -> Self {
        Self::memory_with(Duration::from_secs(60), FlakyQueue::new)
    }

    /// Everything in memory, with a lease of the queue's own and with its faults.
    pub(crate) fn memory_with(
        lease: Duration,
        flaky: impl FnOnce(Arc<dyn CrashQueue>) -> FlakyQueue<Arc<dyn CrashQueue>>,
    ) -> Self {
        let environment = Environment::new(Arc::new(TokioClock::start()), "testhost");
        let options = QueueOptions {
            lease,
            environment: environment.clone(),
            ..QueueOptions::default()
        };
        let memory = Arc::new(MemoryQueue::new(options).unwrap());
        let storage = ObjectStorage::memory(StorageOptions::default());
        let store = Arc::clone(storage.store());
        let back_door = ObjectStorage::over(store, "memory:", StorageOptions::default());
        let mut scene = Self::of(storage, back_door, flaky(memory.clone()), environment);
        scene.memory = Some(memory);
        scene
    }

    /// Over any storage and queue; `back_door` is the same storage once more.
    pub(crate) fn of(
        storage: ObjectStorage,
        back_door: ObjectStorage,
        queue: FlakyQueue<Arc<dyn CrashQueue>>,
        environment: Environment,
    ) -> Self {
        let journal = Journal::start();
        Self {
            storage: Arc::new(WatchedStorage {
                flaky: FlakyStorage::new(storage),
                hooks: Hooks::default(),
                journal: journal.clone(),
            }),
            queue: Arc::new(WatchedQueue {
                flaky: queue,
                hooks: Hooks::default(),
                journal: journal.clone(),
            }),
            journal,
            environment,
            back_door: ObjectHarness::of(back_door),
            memory: None,
            temporary: tempfile::tempdir().unwrap(),
        }
    }

    /// The options of workers: those of every day, but two crashes at a time.
    pub(crate) fn options(&self) -> WorkerOptions {
        WorkerOptions {
            workers: 2,
            temporary_path: Some(self.temporary.path().to_owned()),
            ..WorkerOptions::default()
        }
    }

    /// The rulesets `default` and `regenerate_signature`.
    pub(crate) fn pipeline(&self) -> Pipeline {
        self.pipeline_of(default_ruleset())
    }

    /// The same with another default ruleset.
    pub(crate) fn pipeline_of(&self, default: Ruleset) -> Pipeline {
        let regenerate = Ruleset::named("regenerate_signature")
            .then(Signs)
            .in_place();
        Pipeline::new(self.environment.clone())
            .with(default)
            .with(regenerate)
    }

    /// A worker that does what workers do.
    pub(crate) fn worker(&self) -> Worker {
        self.worker_with(self.pipeline(), self.options())
    }

    /// A worker with other rules.
    pub(crate) fn worker_of(&self, default: Ruleset) -> Worker {
        self.worker_with(self.pipeline_of(default), self.options())
    }

    /// Any worker.
    pub(crate) fn worker_with(&self, pipeline: Pipeline, options: WorkerOptions) -> Worker {
        Worker::with_options(self.storage.clone(), self.queue.clone(), pipeline, options)
    }

    /// A worker with more destinations than the main storage.
    pub(crate) fn worker_to(&self, destinations: &Destinations) -> Worker {
        Worker::with_destinations(
            self.storage.clone(),
            self.queue.clone(),
            self.pipeline(),
            self.options(),
            destinations.clone(),
        )
    }

    /// The crashes that are noted for a destination, however often.
    pub(crate) async fn noted(&self, destination: &str) -> Vec<CrashId> {
        let folder = DocumentFolder::outbox(destination).unwrap();
        let notes = self.storage.flaky.inner().list_documents(&folder);
        let notes: Vec<_> = notes.try_collect().await.unwrap();
        notes.iter().map(|note| note.crash_id().unwrap()).collect()
    }

    /// Stores a report with a minidump and another dump. Nothing fails here.
    pub(crate) async fn store(&self) -> CrashId {
        let id = CrashId::mint(Date::constant(2026, 1, 2), 0);
        let mut raw = RawCrash::new();
        raw.set("Mark", id.as_str());
        let dumps: Dumps = [(DumpName::main(), &b"main"[..]), (browser(), b"browser")]
            .into_iter()
            .map(|(name, content)| (name, Dump::from(content.to_vec())))
            .collect();
        let storage = self.storage.flaky.inner();
        storage.save_raw_crash(&id, &raw, &dumps).await.unwrap();
        id
    }

    /// Publishes a crash for the ruleset `default`. Nothing fails here.
    pub(crate) async fn publish(&self, id: CrashId) {
        self.publish_job(Job::new(id)).await;
    }

    /// Publishes a crash for the ruleset `regenerate_signature`.
    pub(crate) async fn publish_regeneration(&self, id: CrashId) {
        let ruleset = "regenerate_signature".parse().unwrap();
        self.publish_job(Job::with_ruleset(id, ruleset)).await;
    }

    /// Publishes any job.
    pub(crate) async fn publish_job(&self, job: Job) {
        let queue = self.queue.flaky.inner();
        let report = queue.publish(Lane::Standard, &[job]).await.unwrap();
        report.into_result().unwrap();
    }

    /// Publishes a body that may not be readable, into a queue in memory.
    pub(crate) fn publish_body(&self, body: &'static [u8]) {
        let memory = self.memory.as_ref().unwrap();
        let body = Bytes::from_static(body);
        memory.publish_body(Lane::Standard, body).unwrap();
    }

    /// A report that is stored and published.
    pub(crate) async fn submit(&self) -> CrashId {
        let id = self.store().await;
        self.publish(id).await;
        id
    }

    /// Has the only message of the queue delivered so many times to somebody who gives it back and
    /// blames the crash.
    pub(crate) async fn fail_deliveries(&self, count: u32) {
        let queue = self.queue.flaky.inner();
        for _ in 0..count {
            let deliveries = queue.receive(1, Duration::ZERO).await.unwrap();
            let receipt = &deliveries[0].receipt;
            queue
                .nack(receipt, Duration::ZERO, Blame::Crash)
                .await
                .unwrap();
        }
    }

    /// Puts something else where an item is.
    pub(crate) async fn damage(&self, id: &CrashId, item: Item) {
        self.back_door.plant(id, &item, br#"{"half": "#).await;
    }

    /// Takes an item away.
    pub(crate) async fn remove(&self, id: &CrashId, item: Item) {
        self.back_door.remove(id, &item).await;
    }

    /// What is in storage now, whatever fails.
    pub(crate) async fn processed(&self, id: &CrashId) -> Option<ProcessedCrash> {
        let stored = self.storage.flaky.inner().processed_crash(id).await;
        stored.ok().map(|stored| stored.value)
    }

    /// The notes of the run that is in storage.
    pub(crate) async fn notes(&self, id: &CrashId) -> Vec<String> {
        let processed = self.processed(id).await.expect("a processed crash");
        processed.processor_notes().map(str::to_owned).collect()
    }

    /// What is in the queue now, whatever fails.
    pub(crate) async fn depth(&self) -> LaneDepth {
        let depth = self.queue.flaky.inner().depth().await.unwrap();
        depth.unwrap().total()
    }

    /// The dead letters.
    pub(crate) async fn dead_letters(&self) -> Vec<DeadLetter> {
        let dead_letters = self.queue.flaky.inner().dead_letters().unwrap();
        dead_letters.list(None, 1000).await.unwrap()
    }

    /// The directories of crashes that are in work or were forgotten.
    pub(crate) fn crash_directories(&self) -> Vec<PathBuf> {
        let of_workers = std::fs::read_dir(self.temporary.path()).unwrap();
        of_workers
            .flat_map(|entry| std::fs::read_dir(entry.unwrap().path()).unwrap())
            .map(|entry| entry.unwrap().path())
            .collect()
    }

    /// Lets a worker run until the queue has nothing ready.
    pub(crate) async fn drain(&self) -> Summary {
        self.worker().drain(CancellationToken::new()).await
    }

    /// Lets a worker run until something has happened so many times.
    pub(crate) async fn run_until(&self, worker: &Worker, event: Event, times: usize) -> Summary {
        let stop = CancellationToken::new();
        let watch = async {
            self.journal.wait_for(event, times).await;
            stop.cancel();
        };
        tokio::join!(worker.run(stop.clone()), watch).0
    }
}

/// The name of another process's minidump.
fn browser() -> DumpName {
    DumpName::parse("upload_file_minidump_browser").unwrap()
}
