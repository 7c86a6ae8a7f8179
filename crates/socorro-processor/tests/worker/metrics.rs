//! The table of metrics says what is emitted: all of that, and nothing else.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use metrics_util::{
    MetricKind,
    debugging::{DebugValue, DebuggingRecorder, Snapshotter},
};
use serde_json::json;
use socorro_core::{
    CrashId, Dump, DumpName, Dumps, RawCrash,
    metric::{Kind, Metric},
    time::Date,
};
use socorro_processor::{
    Destinations, METRICS, Ruleset, Worker,
    destinations::DestinationOptions,
    rules::{
        breakpad::{MinidumpStackwalk, TruncateStacks},
        general::{RemoveMissing, RemoveNulls},
        mozilla::BetaVersion,
    },
    version_lookup::{CachedVersions, NoVersions},
};
use socorro_queue::{
    MemoryQueue,
    testkit::{Fault, FlakyQueue, Operation},
};
use socorro_stackwalk::{Stackwalker, WalkOutcome, WalkOutput, WalkRequest};
use socorro_storage::{CrashStorage as _, testkit};
use tokio_util::sync::CancellationToken;

use crate::leases::steal;
use crate::support::{Event, Mood, Receiver, Scene, Takes, default_ruleset};

/// Finds the same deep stack in every minidump.
#[derive(Debug)]
struct DeepStack;

#[async_trait]
impl Stackwalker for DeepStack {
    fn version(&self) -> String {
        "deep".to_owned()
    }

    async fn walk(&self, _: WalkRequest<'_>) -> WalkOutcome {
        let frames: Vec<_> = (0..20).map(|frame| json!({"frame": frame})).collect();
        WalkOutcome {
            exit_code: 0,
            output: WalkOutput::Json(
                json!({"status": "OK", "crashing_thread": {"frames": frames}}),
            ),
            log: None,
            symbolication: None,
        }
    }
}

/// A metric that was emitted: kind, name, tags and value.
type Emitted = (MetricKind, String, Vec<(String, String)>, DebugValue);

fn emitted(snapshotter: &Snapshotter) -> Vec<Emitted> {
    let entries = snapshotter.snapshot().into_vec().into_iter();
    let emitted = entries.map(|(key, _, _, value)| {
        let (kind, key) = key.into_parts();
        let labels = key.labels();
        let tags = labels.map(|label| (label.key().to_owned(), label.value().to_owned()));
        (kind, key.name().to_owned(), tags.collect(), value)
    });
    emitted.collect()
}

fn kind_of(metric: &Metric) -> MetricKind {
    match metric.kind {
        Kind::Counter => MetricKind::Counter,
        Kind::Gauge => MetricKind::Gauge,
        Kind::Timing | Kind::Histogram => MetricKind::Histogram,
    }
}

/// Every rule that emits something, and work that takes longer than a lease.
fn talkative() -> Ruleset {
    default_ruleset()
        .then(RemoveMissing)
        .then(RemoveNulls)
        .then_async(MinidumpStackwalk::new(Arc::new(DeepStack)))
        .then(TruncateStacks::to(10))
        .then(Release)
        .then_async(BetaVersion::new(Arc::new(CachedVersions::new(NoVersions))))
        .then_async(Takes(Duration::from_secs(300)))
}

/// Says that the crash is one of a beta.
#[derive(Debug)]
struct Release;

impl socorro_processor::Rule for Release {
    fn info(&self) -> socorro_processor::RuleInfo {
        socorro_processor::RuleInfo {
            name: "Release",
            purpose: "test the worker",
            reads: &[],
            writes: &[],
        }
    }

    fn apply(
        &self,
        crash: &mut socorro_processor::Crash,
    ) -> Result<(), socorro_processor::RuleError> {
        let fields = [
            ("product", "Firefox"),
            ("release_channel", "beta"),
            ("build", "20260101000000"),
            ("version", "150.0"),
        ];
        for (name, value) in fields {
            crash.processed.set(name, value);
        }
        Ok(())
    }
}

async fn submit_dirty(scene: &Scene) -> CrashId {
    let id = CrashId::mint(Date::constant(2026, 1, 2), 0);
    let mut raw = RawCrash::new();
    raw.set("submitted_timestamp", "2026-01-02T03:04:00.5+00:00");
    raw.set("Private", "secret\0value");
    raw.as_map_mut().insert("Nothing".to_owned(), json!(null));
    let dumps = Dumps::from_iter([(DumpName::main(), Dump::from(b"main".to_vec()))]);
    let storage = scene.storage.flaky.inner();
    storage.save_raw_crash(&id, &raw, &dumps).await.unwrap();
    scene.publish(id).await;
    id
}

/// A worker run in which everything happens that is counted or measured.
async fn eventful_run(scene: &Scene) -> CrashId {
    let unavailable = || Fault::Request(FlakyQueue::<MemoryQueue>::outage());
    let fail = |operation| scene.queue.flaky.fail_next(operation, unavailable());
    let receiver = Receiver::new(Mood::Takes);
    receiver.once(Mood::IsOut);
    let options = DestinationOptions {
        tries: 2,
        ..DestinationOptions::default()
    };
    let destinations = Destinations::none()
        .with("copy", receiver.clone(), options.clone())
        .unwrap()
        .with("broken", Receiver::new(Mood::Refuses), options)
        .unwrap();
    let worker = Worker::with_destinations(
        scene.storage.clone(),
        scene.queue.clone(),
        scene.pipeline_of(talkative()),
        scene.options(),
        destinations,
    );
    let id = submit_dirty(scene).await;
    scene.publish_body(b"no crash id");
    fail(Operation::Receive);
    fail(Operation::Extend);
    fail(Operation::Ack);
    let outage = || socorro_storage::Error::unavailable("test", "told to fail");
    let storage = &scene.storage.flaky;
    storage.fail(testkit::Operation::RawCrash, ..=1, outage);
    scene.run_until(&worker, Event::Acked, 1).await;
    id
}

/// Somebody else gets the message while a worker holds it.
async fn lose_a_lease(scene: &Scene) {
    scene.submit().await;
    let worker = scene.worker_of(default_ruleset().then_async(Takes(Duration::from_secs(900))));
    let drain = tokio::spawn(async move { worker.drain(CancellationToken::new()).await });
    scene
        .journal
        .wait_for(Event::Received { attempt: 1 }, 1)
        .await;
    steal(scene).await;
    assert_eq!(drain.await.unwrap().leases_lost, 1);
}

// One thread, so that a recorder of this test alone sees everything.
#[tokio::test(start_paused = true)]
async fn the_table_is_what_is_emitted() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let scene = Scene::memory();
    let id = eventful_run(&scene).await;
    lose_a_lease(&Scene::memory()).await;

    let mut seen = BTreeSet::new();
    for (kind, name, tags, _) in emitted(&snapshotter) {
        let row = METRICS.iter().find(|metric| metric.matches(&name));
        let row = row.unwrap_or_else(|| panic!("{name} is not in the table"));
        assert_eq!(kind, kind_of(row), "{name}");
        let names: Vec<_> = tags.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, row.tags, "{name}");
        for (_, value) in &tags {
            assert!(
                !value.contains(id.as_str()) && !value.contains("secret"),
                "{name} {value}"
            );
        }
        seen.insert(row.name);
    }
    let never: Vec<_> = METRICS
        .iter()
        .filter(|metric| !seen.contains(metric.name))
        .collect();
    assert!(never.is_empty(), "{never:#?}");
}

#[tokio::test(start_paused = true)]
async fn messages_are_counted_by_what_became_of_them() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    eventful_run(&Scene::memory()).await;
    let emitted = emitted(&snapshotter);
    let count = |name: &str, value: Option<&str>| {
        let name = format!("socorro.processor.{name}");
        let found = emitted.iter().find(|(_, found, tags, _)| {
            *found == name && value.is_none_or(|value| tags[0].1 == value)
        });
        match found {
            Some((.., DebugValue::Counter(count))) => *count,
            other => panic!("{name}: {other:?}"),
        }
    };
    // The crash twice, as the storage was out of order the first time, and the bad body.
    assert_eq!(count("queue.received", Some("standard")), 3);
    assert_eq!(count("queue.nacked", Some("outage")), 1);
    assert_eq!(count("queue.dead_lettered", Some("bad_crash_id")), 1);
    assert_eq!(count("queue.acked", None), 1);
    assert_eq!(count("retries", Some("ack")), 1);
    assert_eq!(count("queue.receive_error", None), 1);
    assert_eq!(count("destination.error", Some("broken")), 1);
    assert_eq!(count("save_processed_crash", None), 1);
}
