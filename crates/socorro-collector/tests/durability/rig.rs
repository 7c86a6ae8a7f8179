//! A collector with everything around it in the hands of a test.

use std::{path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use socorro_collector::{
    Builder, Collector, Details, Outcome, report,
    spool::{self, Mode},
    throttle::{Draws, Subject, ThrottleResult, Throttler, Verdict},
};
use socorro_core::{CrashId, DumpName, time::Date};
use socorro_queue::{CrashQueue, MemoryQueue, QueueOptions};
use socorro_storage::{CrashStorage, ObjectStorage, StorageOptions, layer::Layered};
use tokio_util::sync::CancellationToken;

use crate::backends::{Mood, MoodyQueue, Switch};

const TOKEN: &str = "a token for tests";

/// Wants every report, and defers those that say so.
#[derive(Debug)]
pub(crate) struct Everything;

impl Throttler for Everything {
    fn throttle(&self, subject: &Subject<'_>, _: &mut dyn Draws) -> Verdict {
        let result = match subject.annotations.get("ProductName") {
            Some(name) if name == "Deferred" => ThrottleResult::Defer,
            Some(name) if name == "Rejected" => ThrottleResult::Reject,
            Some(name) if name == "Fake" => ThrottleResult::FakeAccept,
            _ => ThrottleResult::Accept,
        };
        Verdict {
            result,
            rule: "everything".into(),
            percentage: 100.0,
            stop_sending: None,
        }
    }
}

/// The options of reports, with a token for ids that tests bring.
pub(crate) fn report_options() -> report::Options {
    report::Options {
        forbidden: Vec::new(),
        aliases: Vec::new(),
        submitter_token: Some(TOKEN.into()),
    }
}

/// A collector, and what is around it.
pub(crate) struct Rig {
    pub(crate) collector: Collector,
    pub(crate) storage: Switch,
    pub(crate) queue: Switch,
    stored: Arc<ObjectStorage>,
    published: Arc<MoodyQueue<MemoryQueue>>,
    stop: CancellationToken,
}

impl Rig {
    /// A collector whose backends have these moods.
    pub(crate) async fn new(
        storage: Mood,
        queue: Mood,
        set: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let (storage, queue) = (Switch::new(storage), Switch::new(queue));
        let store = ObjectStorage::memory(StorageOptions::default());
        let store = Arc::new(store.store().clone());
        let stored = Arc::new(ObjectStorage::over(
            (*store).clone(),
            "memory:",
            StorageOptions::default(),
        ));
        let behind = ObjectStorage::over((*store).clone(), "memory:", StorageOptions::default());
        let published = Arc::new(MoodyQueue {
            inner: MemoryQueue::new(QueueOptions::default()).unwrap(),
            switch: queue.clone(),
            refuses_every: 0,
            publications: 0.into(),
        });
        let builder = Collector::builder()
            .storage(Arc::new(Layered::new(behind, storage.clone())))
            .queue(published.clone())
            .throttler(Arc::new(Everything))
            .report(report_options());
        let collector = set(builder).build().await.unwrap();
        Self {
            collector,
            storage,
            queue,
            stored,
            published,
            stop: CancellationToken::new(),
        }
    }

    pub(crate) fn well(&self) {
        self.storage.set(Mood::Well);
        self.queue.set(Mood::Well);
    }

    /// Starts the replayer.
    pub(crate) fn replay(&self) -> tokio::task::JoinHandle<()> {
        let (collector, stop) = (self.collector.clone(), self.stop.clone());
        tokio::spawn(async move { collector.replay(stop).await })
    }

    /// Waits until nothing is in the spool, for the longest time that is thinkable.
    pub(crate) async fn wait_until_empty(&self) {
        let empty = async {
            while self.collector.spool_status().unwrap().entries > 0 {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let patience = Duration::from_secs(3600);
        tokio::time::timeout(patience, empty).await.unwrap();
    }

    pub(crate) async fn raw_crash(&self, id: &CrashId) -> Option<socorro_core::RawCrash> {
        self.stored.raw_crash(id).await.ok()
    }

    /// Makes sure that a report is stored whole.
    pub(crate) async fn assert_stored(&self, id: &CrashId, context: &str) {
        assert_stored(&*self.stored, id, context).await;
    }

    pub(crate) async fn is_stored(&self, id: &CrashId) -> bool {
        self.raw_crash(id).await.is_some()
    }

    /// The ids that are in the queue, in order, as often as they are; takes them out.
    pub(crate) async fn published(&self) -> Vec<CrashId> {
        drain_queue(&self.published.inner).await
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub(crate) async fn assert_stored(storage: &dyn CrashStorage, id: &CrashId, context: &str) {
    let raw_crash = storage.raw_crash(id).await;
    let raw_crash = raw_crash.unwrap_or_else(|error| panic!("{context}: {id}: {error}"));
    assert_eq!(raw_crash.crash_id().unwrap(), *id, "{context}");
    let names = storage.dump_names(id).await.unwrap().names;
    assert_eq!(names.len(), 2, "{context}: {names:?}");
    for name in names {
        let dump = storage.dump(id, &name).await.unwrap();
        let expected = dump_of(raw_crash.annotation("Seed").unwrap(), &name);
        assert_eq!(dump, expected, "{context}: {name}");
    }
}

pub(crate) async fn drain_queue(queue: &dyn CrashQueue) -> Vec<CrashId> {
    let mut ids = Vec::new();
    loop {
        let deliveries = queue.receive(10, Duration::ZERO).await.unwrap();
        if deliveries.is_empty() {
            return ids;
        }
        for delivery in deliveries {
            ids.push(delivery.job().unwrap().crash_id);
            queue.ack(&delivery.receipt).await.unwrap();
        }
    }
}

pub(crate) fn new_id() -> CrashId {
    CrashId::mint(Date::constant(2026, 11, 27), 0)
}

/// The content of a file of the report with that seed: the main one is small, the other one large enough
/// for the disk.
fn dump_of(seed: &str, name: &DumpName) -> Bytes {
    let length = if name.is_main() { 1000 } else { 300_000 };
    let bytes = seed.bytes().chain(name.as_str().bytes()).cycle();
    b"MDMP".iter().copied().chain(bytes).take(length).collect()
}

/// A report with an id and a seed, from which its content is made.
pub(crate) fn form(id: &CrashId, seed: &str, product: &str) -> (http::request::Parts, Full<Bytes>) {
    let mut body = Vec::new();
    for (name, value) in [
        ("uuid", id.as_str()),
        ("Seed", seed),
        ("ProductName", product),
    ] {
        let part = format!(
            "--boundary\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
        body.extend_from_slice(part.as_bytes());
    }
    for name in ["upload_file_minidump", "memory_report"] {
        let part = format!(
            "--boundary\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(part.as_bytes());
        body.extend_from_slice(&dump_of(seed, &name.parse().unwrap()));
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--boundary--\r\n");
    let request = http::Request::post("/submit")
        .header("content-type", "multipart/form-data; boundary=boundary")
        .header("content-length", body.len())
        .header("authorization", format!("Bearer {TOKEN}"))
        .body(())
        .unwrap();
    (request.into_parts().0, Full::new(body.into()))
}

/// Submits a report.
pub(crate) async fn submit(collector: &Collector, id: &CrashId) -> (Outcome, Details) {
    submit_as(collector, id, id.as_str(), "Firefox").await
}

pub(crate) async fn submit_as(
    collector: &Collector,
    id: &CrashId,
    seed: &str,
    product: &str,
) -> (Outcome, Details) {
    let (head, body) = form(id, seed, product);
    collector.submit_with_details(&head, body).await
}

pub(crate) fn is_accepted(outcome: &Outcome, id: &CrashId) -> bool {
    matches!(outcome, Outcome::Accepted { id: given, .. } if given == id)
}

/// Options of a spool that never minds how full the disk is.
pub(crate) fn spool_in(directory: &Path, mode: Mode) -> spool::Options {
    spool::Options {
        mode,
        min_free_bytes: 0,
        ..spool::Options::new(directory)
    }
}

/// The names in a directory of the spool.
pub(crate) fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
