//! Recorded requests of Mozilla's collector (Antenna), over real HTTP, to a collector with storage and queue in
//! memory.

use std::{sync::Arc, time::Duration};

use futures::TryStreamExt as _;
use serde_json::Value;
use socorro_collector::{
    Collector,
    http::Options,
    report,
    throttle::{FixedDraws, Rules},
};
use socorro_core::{CrashId, DumpName, Environment, time::Timestamp};
use socorro_queue::{
    CrashQueue as _, MemoryQueue,
    testkit::{Fault, FlakyQueue, Operation as QueueOperation},
};
use socorro_storage::{
    CrashStorage as _, Error, ObjectStorage, StorageOptions,
    testkit::{FlakyStorage, Operation},
};

use crate::{recorded::deviations, server::Server, wire::Answer};

/// What cases showed.
#[derive(Default)]
pub(crate) struct Tally {
    cases: usize,
    problems: Vec<String>,
}

impl Tally {
    /// Notes the differences of a case; those of a listed one are expected.
    pub(crate) fn add(&mut self, id: &str, differences: &[String]) {
        self.cases += 1;
        let listed = deviations().iter().any(|listed| listed == id);
        match (differences, listed) {
            ([], true) => {
                let problem = format!("{id}: listed as deviating, but it matches");
                self.problems.push(problem);
            }
            ([], false) | (_, true) => {}
            (differences, false) => self
                .problems
                .push(format!("{id}: {}", differences.join("; "))),
        }
    }

    pub(crate) fn finish(self) {
        println!("{} cases", self.cases);
        assert!(self.problems.is_empty(), "\n{}", self.problems.join("\n"));
    }
}

/// A service with what stands behind it.
pub(crate) struct World {
    pub(crate) server: Server,
    storage: Arc<FlakyStorage>,
    queue: Arc<FlakyQueue<MemoryQueue>>,
}

/// When recorded requests came, where the case does not say it.
const NOW: &str = "2026-08-01T12:34:56.789012+00:00";

impl World {
    /// Sets up what a case asks for.
    pub(crate) async fn new(case: &Value) -> Self {
        Self::with_options(case, Options::default()).await
    }

    /// The same with a service of other options.
    pub(crate) async fn with_options(case: &Value, options: Options) -> Self {
        let storage = Arc::new(FlakyStorage::new(ObjectStorage::memory(
            StorageOptions::default(),
        )));
        let queue = Arc::new(FlakyQueue::new(MemoryQueue::default()));
        let fails = || Error::unavailable("test", "told to fail");
        match case["fault"].as_str() {
            None => {}
            Some("storage") => storage.fail(Operation::SaveRawCrash, .., fails),
            Some("storage_once") => storage.fail(Operation::SaveRawCrash, ..=1, fails),
            Some("publish") => {
                for _ in 0..1000 {
                    let outage = Fault::Request(FlakyQueue::<MemoryQueue>::outage());
                    queue.fail_next(QueueOperation::Publish, outage);
                }
            }
            Some(other) => panic!("unknown fault {other}"),
        }
        let now: Timestamp = case["now"].as_str().unwrap_or(NOW).parse().unwrap();
        let draws = case["draws"].as_array().into_iter().flatten();
        let mut reports = report::Options::mozilla();
        reports.submitter_token = case["config"]["bearer_token"].as_str().map(str::to_owned);
        let collector = Collector::builder()
            .storage(storage.clone())
            .queue(queue.clone())
            .throttler(Arc::new(rules(&case["config"])))
            .report(reports)
            .observations(false)
            .save_budget(Duration::from_millis(100))
            .environment(Environment::fixed(now, "test"))
            .draws(FixedDraws::new(draws.filter_map(Value::as_f64).collect()))
            .build()
            .await
            .unwrap();
        Self {
            server: Server::start(collector, options).await,
            storage,
            queue,
        }
    }

    /// The ids of all crashes in the storage.
    pub(crate) async fn saved(&self) -> Vec<CrashId> {
        let date = "2026-08-01".parse().unwrap();
        let listed = self.storage.inner().list_raw(date, None);
        listed.try_collect().await.unwrap()
    }

    /// How many ids are in the queue.
    pub(crate) async fn published(&self) -> usize {
        let received = self.queue.inner().receive(10, Duration::ZERO).await;
        received.unwrap().len()
    }

    pub(crate) async fn raw_crash(&self, id: &CrashId) -> Option<Value> {
        let raw_crash = self.storage.raw_crash(id).await.ok()?;
        Some(Value::Object(raw_crash.as_map().clone()))
    }

    /// The main minidump.
    pub(crate) async fn minidump(&self, id: &CrashId) -> bytes::Bytes {
        self.storage.dump(id, &DumpName::main()).await.unwrap()
    }

    pub(crate) async fn dump_names(&self, id: &CrashId) -> Vec<String> {
        let names = self.storage.dump_names(id).await.unwrap();
        names.names.iter().map(ToString::to_string).collect()
    }
}

fn rules(config: &Value) -> Rules {
    let rules = Rules::preset(config["rules"].as_str().unwrap()).unwrap();
    match config["products"].as_str().unwrap() {
        "mozilla" => rules,
        "all" => rules.with_products([""; 0]),
        other => panic!("unknown products {other}"),
    }
}

/// The id in an answer.
pub(crate) fn id_of(answer: &Answer) -> Option<CrashId> {
    let id = answer
        .body
        .strip_prefix("CrashID=bp-")?
        .strip_suffix('\n')?;
    id.parse().ok()
}

/// Compares an answer with the recorded one, where there is no wish.
pub(crate) fn compare_answer(upstream: &Value, answer: &Answer, differences: &mut Vec<String>) {
    if upstream["status"] != answer.status {
        differences.push(format!("status {}: {answer:?}", answer.status));
    }
    let body = upstream["body"].as_str().unwrap_or_default();
    // Bodies of upstream's framework and server need not be the same.
    if body.starts_with('{') || body.starts_with("<html>") {
        return;
    }
    let found = match id_of(answer) {
        Some(id) if body.contains("<CRASH_ID>") => answer.body.replace(id.as_str(), "<CRASH_ID>"),
        _ => answer.body.clone(),
    };
    if answer.status != 404 && found != body {
        differences.push(format!("body {found:?} instead of {body:?}"));
    }
}

/// Compares an answer with a wish: `accept`, or `status` and `body`.
pub(crate) fn compare_wish(want: &Value, answer: &Answer, differences: &mut Vec<String>) {
    if want["accept"] == true && (answer.status != 200 || id_of(answer).is_none()) {
        differences.push(format!("not accepted: {answer:?}"));
    }
    let tolerated = match &want["status"] {
        Value::Null => true,
        Value::Array(statuses) => statuses.iter().any(|status| *status == answer.status),
        status => *status == answer.status,
    };
    if !tolerated {
        differences.push(format!(
            "status {} instead of {}",
            answer.status, want["status"]
        ));
    }
    if let Some(body) = want["body"].as_str()
        && body != answer.body
    {
        differences.push(format!("body {:?} instead of {body:?}", answer.body));
    }
}
