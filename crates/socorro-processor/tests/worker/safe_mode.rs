//! Crashes that take down whoever works on them.
//!
//! The tests with real processes start this program again as their child: with [`DIRECTORY`] set,
//! the test of that name plays a worker that a rule of its ruleset aborts.

use std::{
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use socorro_core::{
    CrashId, Environment,
    time::{Clock, SystemClock, Timestamp},
};
use socorro_processor::{Ruleset, Worker, WorkerOptions, rules::breakpad::MinidumpStackwalk};
use socorro_queue::{
    Blame, CrashQueue, DeadLetterReason, QueueOptions, SqliteQueue, testkit::FlakyQueue,
};
use socorro_stackwalk::{Stackwalker, WalkOutcome, WalkOutput, WalkRequest};
use socorro_storage::{
    CrashStorage as _, DocumentKey, Error, Item, ObjectStorage, StorageOptions, testkit::Operation,
};
use tokio_util::sync::CancellationToken;

use crate::support::{Event, Gate, Kills, Scene, Signs, Takes, Waits, default_ruleset};

const MINUTE: Duration = Duration::from_secs(60);
const NOT_WALKED: &str = "SkippedAfterWorkerDeaths";

fn worker_died() -> DeadLetterReason {
    DeadLetterReason::Other("worker_died".to_owned())
}

/// Says that all is well.
#[derive(Debug)]
struct Walks;

#[async_trait]
impl Stackwalker for Walks {
    async fn walk(&self, _: WalkRequest<'_>) -> WalkOutcome {
        WalkOutcome {
            exit_code: 0,
            output: WalkOutput::Json(serde_json::json!({"status": "OK"})),
            log: None,
            symbolication: None,
        }
    }

    fn version(&self) -> String {
        "test".to_owned()
    }
}

fn walking() -> Ruleset {
    default_ruleset().then_async(MinidumpStackwalk::new(Arc::new(Walks)))
}

async fn status(scene: &Scene, id: &CrashId) -> Option<String> {
    let processed = scene.processed(id).await?;
    processed.text("mdsw_status_string").map(str::to_owned)
}

async fn has_record(scene: &Scene, id: &CrashId) -> bool {
    let key = DocumentKey::suspect(id);
    scene.storage.document(&key).await.is_ok()
}

async fn drain(worker: &Worker) -> socorro_processor::Summary {
    worker.drain(CancellationToken::new()).await
}

#[tokio::test(start_paused = true)]
async fn a_crash_that_lost_its_worker_twice_is_not_walked() {
    let scene = Scene::memory();
    // One death may be that of a neighbour.
    let once = scene.submit().await;
    scene.die_in_work(1).await;
    assert_eq!(drain(&scene.worker_of(walking())).await.processed, 1);
    assert_eq!(status(&scene, &once).await.as_deref(), Some("OK"));
    assert!(!has_record(&scene, &once).await);

    let id = scene.submit().await;
    scene.die_in_work(2).await;
    let summary = drain(&scene.worker_of(walking())).await;
    assert_eq!((summary.processed, summary.given_back), (1, 0));
    assert!(!has_record(&scene, &id).await);

    assert_eq!(status(&scene, &id).await.as_deref(), Some(NOT_WALKED));
    let processed = scene.processed(&id).await.unwrap();
    assert_eq!(processed.text("mark"), Some(id.as_str()));
    assert!(!processed.contains("json_dump"));
    let notes = scene.notes(&id).await;
    for part in [
        "Safe mode: processors died",
        "upload_file_minidump is not walked",
    ] {
        assert!(notes.iter().any(|note| note.contains(part)), "{notes:?}");
    }
    assert_eq!(scene.depth().await.outstanding(), 0);
}

#[tokio::test(start_paused = true)]
async fn neither_outages_nor_orderly_ends_nor_failures_are_deaths() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    let queue = scene.queue.flaky.inner();
    for blame in [Blame::Nobody, Blame::Crash] {
        for _ in 0..3 {
            let delivery = queue.receive(1, MINUTE).await.unwrap().remove(0);
            let receipt = &delivery.receipt;
            queue.nack(receipt, Duration::ZERO, blame).await.unwrap();
        }
    }
    // A worker that has to stop with the crash in work.
    for _ in 0..3 {
        let stop = CancellationToken::new();
        let ruleset = default_ruleset().then_async(Takes(100 * MINUTE));
        let worker = scene.worker_of(ruleset);
        let run = worker.run(stop.clone());
        let (summary, ()) = tokio::join!(run, async {
            tokio::time::sleep(MINUTE).await;
            stop.cancel();
        });
        assert_eq!(summary.abandoned, 1);
    }
    // Answers of the queue that got lost.
    scene.lose_deliveries(20).await;
    // A suspect whose work fails, or has to stop.
    scene.storage.flaky.fail(Operation::RawCrash, ..=3, || {
        Error::unavailable("test", "503")
    });
    let worker = scene.worker_of(walking());
    scene.run_until(&worker, Event::Acked, 1).await;
    assert_eq!(status(&scene, &id).await.as_deref(), Some("OK"));
    assert!(!has_record(&scene, &id).await);
}

#[tokio::test(start_paused = true)]
async fn suspects_are_worked_on_one_at_a_time_and_wait_in_the_queue() {
    let scene = Scene::memory();
    for _ in 0..3 {
        scene.submit().await;
    }
    scene.lose_deliveries(1).await;
    let innocent = scene.submit().await;
    let gate = Gate::shut();
    let options = WorkerOptions {
        workers: 4,
        ..scene.options()
    };
    let ruleset = default_ruleset().then_async(Waits(gate.clone()));
    let worker = scene.worker_with(scene.pipeline_of(ruleset), options);
    let drain = tokio::spawn(async move { drain(&worker).await });
    // One suspect, and what is none.
    gate.wait_for(2).await;
    let depth = scene.depth().await;
    assert_eq!((depth.leased, depth.waiting), (2, 2));
    gate.let_through(2);
    scene.journal.wait_for(Event::Acked, 2).await;
    for _ in 0..2 {
        gate.wait_for(1).await;
        assert_eq!(scene.depth().await.leased, 1);
        gate.let_through(1);
    }
    let summary = drain.await.unwrap();
    assert_eq!((summary.processed, summary.given_back), (4, 0));
    assert!(scene.journal.saved().contains(&innocent));
}

#[tokio::test(start_paused = true)]
async fn a_crash_that_only_lost_its_ack_is_processed_as_always() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene.die_in_work(2).await;
    let worker = scene.worker_of(walking());
    worker.process(id).await.unwrap();
    assert_eq!(drain(&worker).await.processed, 1);
    assert_eq!(status(&scene, &id).await.as_deref(), Some("OK"));
}

#[tokio::test(start_paused = true)]
async fn a_good_result_is_not_replaced_by_one_of_safe_mode() {
    let scene = Scene::memory();
    let id = scene.store().await;
    let worker = scene.worker_of(walking());
    let before = worker.process(id).await.unwrap();
    tokio::time::sleep(MINUTE).await;
    scene.publish(id).await;
    scene.die_in_work(2).await;
    assert_eq!(drain(&worker).await.dead_lettered, 1);
    assert_eq!(scene.processed(&id).await, Some(before));
    let letter = scene.dead_letters().await.remove(0);
    assert_eq!(letter.cause.reason, worker_died());
    assert!(letter.cause.last_error.contains("2 times"), "{letter:?}");
}

#[tokio::test(start_paused = true)]
async fn safe_mode_can_be_had_again_and_left() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene.die_in_work(2).await;
    let worker = scene.worker_of(walking());
    drain(&worker).await;
    tokio::time::sleep(MINUTE).await;
    // Once more, and it kills once more.
    scene.publish(id).await;
    scene.die_in_work(2).await;
    assert_eq!(drain(&worker).await.processed, 1);
    assert_eq!(status(&scene, &id).await.as_deref(), Some(NOT_WALKED));
    // And once more, with a processor that stands it.
    scene.publish(id).await;
    assert_eq!(drain(&worker).await.processed, 1);
    assert_eq!(status(&scene, &id).await.as_deref(), Some("OK"));
}

#[tokio::test(start_paused = true)]
async fn a_raw_crash_that_is_late_is_waited_for_in_safe_mode_too() {
    let scene = Scene::memory();
    let id = scene.submit().await;
    scene.die_in_work(2).await;
    scene.remove(&id, Item::RawCrash).await;
    let summary = drain(&scene.worker()).await;
    assert_eq!((summary.given_back, summary.dead_lettered), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_crash_that_kills_in_safe_mode_too_is_dead_lettered_after_eight_deaths() {
    let scene = Scene::memory();
    scene.submit().await;
    scene.die_in_work(8).await;
    let summary = drain(&scene.worker()).await;
    assert_eq!((summary.processed, summary.dead_lettered), (0, 1));
    let letter = scene.dead_letters().await.remove(0);
    assert_eq!(letter.cause.reason, worker_died());
    assert!(letter.cause.last_error.contains("8 times"), "{letter:?}");
}

/// The environment variables that make a child, and tell it where to work, how, and how much later
/// than now in seconds, so that all leases of earlier children have ended.
const DIRECTORY: &str = "SOCORRO_SAFE_MODE_TEST_DIRECTORY";
const KILLER: &str = "SOCORRO_SAFE_MODE_TEST_KILLER";
const LATER: &str = "SOCORRO_SAFE_MODE_TEST_LATER";

/// The time so much later.
#[derive(Debug)]
struct Later(Duration);

impl Clock for Later {
    fn now(&self) -> Timestamp {
        SystemClock.now() + self.0
    }
}

async fn open(directory: &Path, later: Duration) -> Scene {
    let environment = Environment::new(Arc::new(Later(later)), "testhost");
    let options = QueueOptions {
        environment: environment.clone(),
        ..QueueOptions::default()
    };
    let queue = SqliteQueue::open(directory.join("queue.sqlite"), options).await;
    let queue: Arc<dyn CrashQueue> = Arc::new(queue.unwrap());
    let crashes = directory.join("crashes");
    let open = || ObjectStorage::directory(&crashes, StorageOptions::default()).unwrap();
    Scene::of(open(), open(), FlakyQueue::new(queue), environment)
}

/// Works the queue off, or dies of it.
async fn work(directory: &Path, reads_dumps: bool, with_sigkill: bool) {
    let variable = |name: &str| std::env::var(name).unwrap();
    let later = Duration::from_secs(variable(LATER).parse().unwrap());
    let scene = open(directory, later).await;
    let kills = Kills {
        mark: variable(KILLER),
        reads_dumps,
        with_sigkill,
    };
    let options = WorkerOptions {
        workers: 4,
        temporary_path: Some(directory.join("temporary")),
        ..WorkerOptions::default()
    };
    let ruleset = default_ruleset().then(kills).then(Signs);
    let worker = scene.worker_with(scene.pipeline_of(ruleset), options);
    drain(&worker).await;
}

/// Lets children work, one after the other, until one survives; tells how many died.
fn deaths(test: &str, directory: &Path, killer: &CrashId) -> u32 {
    for death in 0..20 {
        let later = 3600 * (death + 1);
        let status = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture", "--test-threads=1"])
            .env(DIRECTORY, directory)
            .env(KILLER, killer.as_str())
            .env(LATER, later.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if status.unwrap().success() {
            return death;
        }
    }
    panic!("the crash kills for ever");
}

/// One crash that kills among others that do not.
async fn killer_among_others(directory: &Path) -> (Scene, CrashId, Vec<CrashId>) {
    std::fs::create_dir(directory.join("temporary")).unwrap();
    let scene = open(directory, Duration::ZERO).await;
    let mut others = vec![scene.submit().await, scene.submit().await];
    let killer = scene.submit().await;
    for _ in 0..3 {
        others.push(scene.submit().await);
    }
    (scene, killer, others)
}

async fn assert_whole(scene: &Scene, ids: &[CrashId]) {
    for id in ids {
        let processed = scene.processed(id).await.expect("a processed crash");
        assert_eq!(processed.text("mark"), Some(id.as_str()));
        let notes = scene.notes(id).await;
        let safe = notes.iter().any(|note| note.contains("Safe mode"));
        assert!(!safe, "an innocent crash in safe mode: {notes:?}");
    }
}

#[tokio::test]
async fn a_real_process_that_its_crash_aborts_costs_two_more_and_no_other_crash() {
    const TEST: &str =
        "safe_mode::a_real_process_that_its_crash_aborts_costs_two_more_and_no_other_crash";
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        return work(Path::new(&directory), true, false).await;
    }
    let directory = tempfile::tempdir().unwrap();
    let (scene, killer, others) = killer_among_others(directory.path()).await;
    assert_eq!(deaths(TEST, directory.path(), &killer), 2);
    assert_whole(&scene, &others).await;
    let notes = scene.notes(&killer).await;
    for part in ["Safe mode: processors died", "'Kills' left out"] {
        assert!(notes.iter().any(|note| note.contains(part)), "{notes:?}");
    }
    assert_eq!(
        (scene.depth().await.outstanding(), scene.depth().await.dead),
        (0, 0)
    );
}

#[tokio::test]
async fn a_real_process_that_dies_in_safe_mode_too_ends_in_a_dead_letter() {
    const TEST: &str = "safe_mode::a_real_process_that_dies_in_safe_mode_too_ends_in_a_dead_letter";
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        return work(Path::new(&directory), false, cfg!(unix)).await;
    }
    let directory = tempfile::tempdir().unwrap();
    let (scene, killer, others) = killer_among_others(directory.path()).await;
    assert_eq!(deaths(TEST, directory.path(), &killer), 8);
    assert_whole(&scene, &others).await;
    assert_eq!(scene.processed(&killer).await, None);
    let letter = scene.dead_letters().await.remove(0);
    assert_eq!(letter.cause.reason, worker_died());
    assert_eq!(scene.depth().await.outstanding(), 0);
}
