//! A collector that is killed with SIGKILL at each step, and what is there after a new start.
//!
//! The test starts this program again as its child: with [`DIRECTORY`] set, it plays the collector
//! instead, says which ids it gave out, and is killed when it comes to a step for the fourth time.

#![cfg(unix)]

use std::{
    collections::BTreeMap,
    io::{self, BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt as _, stream};
use socorro_collector::{
    Builder, Collector,
    spool::{Mode, SpoolHooks, Step},
};
use socorro_core::CrashId;
use socorro_queue::{QueueOptions, SqliteQueue};
use socorro_storage::{
    Error, ObjectStorage, StorageOptions, Subject,
    testkit::{self, FlakyStorage},
};
use tokio_util::sync::CancellationToken;

use crate::{
    backends::{Mood, MoodyQueue, Switch},
    rig::{
        Everything, assert_stored, drain_queue, is_accepted, names, new_id, report_options,
        spool_in, submit_as,
    },
};

/// Makes a child of this program, and tells it where its data is.
const DIRECTORY: &str = "SOCORRO_COLLECTOR_TEST_DIRECTORY";
/// The step at which it dies, and how it works.
const STEP: &str = "SOCORRO_COLLECTOR_TEST_STEP";
const PLAN: &str = "SOCORRO_COLLECTOR_TEST_PLAN";
/// At which time of the step it dies: where each id comes twice, at the second of one.
const TIMES: usize = 4;
/// Far more than it takes to get there.
const REPORTS: usize = 1000;
const ACKNOWLEDGED: &str = "acknowledged ";

/// How the child works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    /// All goes well.
    Well,
    /// Storage and queue fail now and then.
    Faults,
    /// Everything goes through the spool.
    Always,
    /// Each id comes twice, with other content, and nothing is delivered meanwhile.
    Replace,
}

impl Plan {
    const ALL: [Self; 4] = [Self::Well, Self::Faults, Self::Always, Self::Replace];

    /// Whether a collector that works so ever comes to a step.
    fn reaches(self, step: Step) -> bool {
        let direct = [Step::Decided, Step::Saved, Step::Published].contains(&step);
        let replays = [
            Step::ReplayBegun,
            Step::ReplaySaved,
            Step::ReplayPublished,
            Step::ReplayRemoved,
        ];
        match self {
            Self::Well => direct,
            Self::Faults => true,
            Self::Always => !direct || step == Step::Decided,
            Self::Replace => step == Step::Decided || !(direct || replays.contains(&step)),
        }
    }
}

/// Dies at a step.
#[derive(Debug)]
struct Killer {
    step: String,
    times: AtomicUsize,
}

impl SpoolHooks for Killer {
    fn reached(&self, step: Step) -> io::Result<()> {
        let mine = format!("{step:?}") == self.step;
        if mine && self.times.fetch_add(1, Ordering::Relaxed) + 1 == TIMES {
            let id = std::process::id().to_string();
            Command::new("kill").args(["-KILL", &id]).status()?;
            loop {
                std::thread::park();
            }
        }
        Ok(())
    }
}

/// The parts that outlive a collector.
struct Places(PathBuf);

impl Places {
    fn storage(&self) -> ObjectStorage {
        let options = StorageOptions {
            // What the kernel has survives the process.
            durable: false,
            ..StorageOptions::default()
        };
        ObjectStorage::directory(self.0.join("storage"), options).unwrap()
    }

    async fn queue(&self) -> SqliteQueue {
        let path = self.0.join("queue.sqlite");
        SqliteQueue::open(&path, QueueOptions::default())
            .await
            .unwrap()
    }

    fn spool(&self) -> PathBuf {
        self.0.join("spool")
    }

    async fn collector(
        &self,
        plan: Option<Plan>,
        set: impl FnOnce(Builder) -> Builder,
    ) -> Collector {
        let storage = FlakyStorage::new(self.storage());
        let queue = MoodyQueue {
            inner: self.queue().await,
            switch: Switch::new(Mood::Well),
            refuses_every: if plan == Some(Plan::Faults) { 4 } else { 0 },
            publications: 0.into(),
        };
        if plan == Some(Plan::Faults) {
            storage.plan(|call| {
                let fails = call.operation == testkit::Operation::SaveRawCrash
                    && call.count.is_multiple_of(3);
                let what = Box::new(Subject::Storage);
                fails.then(|| testkit::Fault::Refuse(Error::ReadOnly { what }))
            });
        }
        let mode = match plan {
            Some(Plan::Always | Plan::Replace) => Mode::Always,
            _ => Mode::OnFailure,
        };
        let builder = Collector::builder()
            .storage(Arc::new(storage))
            .queue(Arc::new(queue))
            .throttler(Arc::new(Everything))
            .report(report_options())
            .save_budget(Duration::from_secs(60))
            .spool(spool_in(&self.spool(), mode));
        set(builder).build().await.unwrap()
    }
}

/// Takes reports until it is killed.
async fn play_child(directory: &Path) {
    let plan = std::env::var(PLAN).unwrap();
    let plan = Plan::ALL
        .into_iter()
        .find(|known| format!("{known:?}") == plan);
    let killer = Killer {
        step: std::env::var(STEP).unwrap(),
        times: AtomicUsize::new(0),
    };
    let places = Places(directory.to_owned());
    let collector = places
        .collector(plan, |builder| builder.hooks(Arc::new(killer)))
        .await;
    if plan != Some(Plan::Replace) {
        let collector = collector.clone();
        tokio::spawn(async move { collector.replay(CancellationToken::new()).await });
    }
    let rounds = if plan == Some(Plan::Replace) { 2 } else { 1 };
    for _ in 0..REPORTS {
        let id = new_id();
        for round in 1..=rounds {
            let (outcome, details) =
                submit_as(&collector, &id, &round.to_string(), "Firefox").await;
            assert!(is_accepted(&outcome, &id), "{outcome:?} {details:?}");
            // Not with `println`, which tests capture.
            let line = format!("{ACKNOWLEDGED}{id} {round}\n");
            io::stdout().write_all(line.as_bytes()).unwrap();
        }
    }
}

/// Runs a child to its death, and returns the acknowledged ids with the last seed of each.
fn run_child(directory: &Path, plan: Plan, step: Step) -> BTreeMap<CrashId, u32> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["kill::killed_at_each_step", "--exact", "--nocapture"])
        .env(DIRECTORY, directory)
        .env(STEP, format!("{step:?}"))
        .env(PLAN, format!("{plan:?}"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let mut acknowledged = BTreeMap::new();
    for line in output.lines() {
        let line = line.unwrap();
        // The test harness begins the first line with something of its own.
        if let Some((_, rest)) = line.split_once(ACKNOWLEDGED) {
            let (id, seed) = rest.split_once(' ').unwrap();
            acknowledged.insert(CrashId::parse(id).unwrap(), seed.parse().unwrap());
        }
    }
    let status = child.wait().unwrap();
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    assert_eq!(signal, Some(9), "{plan:?} {step:?}: {status}");
    acknowledged
}

/// A directory in memory where there is one: what the kernel has survives the process, on a disk or not.
fn quick_directory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

async fn dies_at(plan: Plan, step: Step) {
    let context = format!("{plan:?}, killed at {step:?}");
    let directory = quick_directory();
    let places = Places(directory.path().to_owned());
    let path = directory.path().to_owned();
    let acknowledged = tokio::task::spawn_blocking(move || run_child(&path, plan, step))
        .await
        .unwrap();

    let collector = places.collector(None, |builder| builder).await;
    let left = names(&places.spool().join("tmp"));
    assert!(left.is_empty(), "{context}: {left:?}");
    let drained = collector.drain_spool(false, CancellationToken::new()).await;
    let drained = drained.unwrap();
    assert_eq!(
        (drained.quarantined, drained.remaining),
        (0, 0),
        "{context}"
    );

    let storage = places.storage();
    let published = drain_queue(&places.queue().await).await;
    for (id, seed) in &acknowledged {
        assert_stored(&storage, id, &context).await;
        let raw_crash = socorro_storage::CrashStorage::raw_crash(&storage, id)
            .await
            .unwrap();
        let stored: u32 = raw_crash.annotation("Seed").unwrap().parse().unwrap();
        assert!(stored >= *seed, "{context}: {id} is an older one");
        assert!(published.contains(id), "{context}: {id} is not published");
    }
    for place in ["new", "tmp", "quarantine"] {
        let left = names(&places.spool().join(place));
        assert!(left.is_empty(), "{context}: {place}: {left:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_at_each_step() {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        return play_child(Path::new(&directory)).await;
    }
    let steps = |plan: Plan| Step::ALL.into_iter().map(move |step| (plan, step));
    let deaths: Vec<_> = Plan::ALL
        .into_iter()
        .flat_map(steps)
        .filter(|(plan, step)| plan.reaches(*step))
        .collect();
    assert_eq!(deaths.len(), 3 + 13 + 11 + 7);
    // They wait for the disk most of the time.
    stream::iter(deaths)
        .for_each_concurrent(8, |(plan, step)| dies_at(plan, step))
        .await;
}
