//! Workers that are killed: what they held is processed by the next one.
//!
//! The test starts this program again as its child. With [`DIRECTORY`] set, the same test plays
//! the child, which works until it is stuck in one stage; there it is killed with SIGKILL.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::FutureExt as _;
use socorro_core::{
    Environment,
    time::{Clock, SystemClock, Timestamp},
};
use socorro_processor::{Pipeline, WorkerOptions};
use socorro_queue::{CrashQueue, QueueOptions, SqliteQueue, testkit::FlakyQueue};
use socorro_storage::{ObjectStorage, StorageOptions};
use tokio_util::sync::CancellationToken;

use crate::support::{Hook, Scene, default_ruleset};

const TEST: &str = "killed::what_killed_workers_held_is_processed_by_the_next";
/// The environment variables that make a child, and tell it where to work and get stuck.
const DIRECTORY: &str = "SOCORRO_WORKER_TEST_DIRECTORY";
const STAGE: &str = "SOCORRO_WORKER_TEST_STAGE";
const STAGES: [&str; 3] = ["raw_crash", "save_processed_crash", "ack"];
/// How many crashes a child works on at a time, and how many calls of its stage go well before.
const WORKERS: usize = 3;
const GO_WELL: usize = 2;
/// What a child says when one of its workers is stuck.
const STUCK: &str = "stuck in the middle";

/// The time in an hour, when all leases of today have ended.
#[derive(Debug)]
struct Later;

impl Clock for Later {
    fn now(&self) -> Timestamp {
        SystemClock.now() + Duration::from_secs(3600)
    }
}

async fn open(directory: &Path, environment: Environment) -> Scene {
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

fn options(directory: &Path) -> WorkerOptions {
    WorkerOptions {
        workers: WORKERS,
        temporary_path: Some(directory.join("temporary")),
        ..WorkerOptions::default()
    }
}

fn pipeline(scene: &Scene) -> Pipeline {
    scene.pipeline_of(default_ruleset())
}

/// Lets the first calls go well; then says so to the parent and never ends.
fn stuck() -> Hook {
    let calls = Arc::new(AtomicUsize::new(0));
    Arc::new(move || {
        if calls.fetch_add(1, Ordering::SeqCst) < GO_WELL {
            return std::future::ready(()).boxed();
        }
        // Not with `println`, which tests capture.
        let mut stdout = std::io::stdout();
        writeln!(stdout, "{STUCK}").unwrap();
        std::future::pending().boxed()
    })
}

/// Works until it is killed, or the parent is gone.
async fn work(directory: &Path, stage: &str) {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(1);
    });
    let scene = open(directory, Environment::system()).await;
    match stage {
        "ack" => scene.queue.hooks.set("ack", stuck()),
        "raw_crash" => scene.storage.hooks.set("raw_crash", stuck()),
        _ => scene.storage.hooks.set("save_processed_crash", stuck()),
    }
    let worker = scene.worker_with(pipeline(&scene), options(directory));
    worker.run(CancellationToken::new()).await;
}

fn start_child(directory: &Path, stage: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([TEST, "--exact", "--nocapture", "--test-threads=1"])
        .env(DIRECTORY, directory)
        .env(STAGE, stage)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills the child when all of its workers are stuck.
fn kill_when_stuck(mut child: Child) {
    let output = BufReader::new(child.stdout.take().unwrap());
    let stuck = output
        .lines()
        .filter(|line| line.as_ref().unwrap().contains(STUCK))
        .take(WORKERS)
        .count();
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success());
    assert_eq!(stuck, WORKERS, "the child ended by itself");
}

fn entries(directory: &Path) -> usize {
    std::fs::read_dir(directory).unwrap().count()
}

#[tokio::test]
async fn what_killed_workers_held_is_processed_by_the_next() {
    if let (Some(directory), Ok(stage)) = (std::env::var_os(DIRECTORY), std::env::var(STAGE)) {
        return work(Path::new(&directory), &stage).await;
    }
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    std::fs::create_dir(directory.join("temporary")).unwrap();
    let scene = open(directory, Environment::new(Arc::new(Later), "next")).await;
    let mut ids = Vec::new();
    {
        // Published now, not in an hour.
        let scene = open(directory, Environment::system()).await;
        for _ in 0..STAGES.len() * (GO_WELL + WORKERS) + 5 {
            ids.push(scene.submit().await);
        }
    }
    for stage in STAGES {
        kill_when_stuck(start_child(directory, stage));
        #[cfg(unix)]
        assert_eq!(
            entries(&directory.join("temporary")),
            1,
            "each child tidies up after the last"
        );
    }
    let left = ids.len() - STAGES.len() * GO_WELL;
    assert_eq!(scene.depth().await.outstanding(), left as u64);

    let worker = scene.worker_with(pipeline(&scene), options(directory));
    let summary = worker.drain(CancellationToken::new()).await;
    drop(worker);
    assert_eq!((summary.processed, summary.dead_lettered), (left as u64, 0));
    assert_eq!(
        (scene.depth().await.outstanding(), scene.depth().await.dead),
        (0, 0)
    );
    for id in &ids {
        let processed = scene.processed(id).await.expect("a processed crash");
        assert_eq!(processed.text("mark"), Some(id.as_str()));
    }
    #[cfg(unix)]
    assert_eq!(entries(&directory.join("temporary")), 0);
}
