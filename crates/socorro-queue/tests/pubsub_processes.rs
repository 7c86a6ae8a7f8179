//! Two processes on one Pub/Sub subscription, and what is left when one is killed.
//!
//! The test starts this test program again as its children: with [`PREFIX`] set, it plays a child
//! instead, which works on the queue with the topics of that prefix. It needs an emulator, see
//! `scripts/services/pubsub-emulator.sh`.

#![cfg(feature = "pubsub")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::HashSet,
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use socorro_core::{CrashId, time::Date};
use socorro_queue::{CrashQueue, Job, Lane, PubsubNames, PubsubOptions, PubsubQueue, QueueOptions};

const EMULATOR: &str = "PUBSUB_EMULATOR_HOST";
/// The environment variable that makes a child of this program, and tells it the queue.
const PREFIX: &str = "SOCORRO_QUEUE_TEST_PREFIX";
/// What a child says when it has asked for its first message.
const READY: &str = "ready";
/// What a child says before it acks: the work on this crash is done and saved.
const SAVED: &str = "saved ";
/// The shortest lease that Pub/Sub keeps for a process that is gone.
const LEASE: Duration = Duration::from_secs(10);
/// Far longer than anything takes. The emulator may need a minute to deliver what a killed
/// process had.
const PATIENCE: Duration = Duration::from_secs(300);

async fn open(prefix: &str) -> PubsubQueue {
    let mut options = PubsubOptions::from(QueueOptions {
        lease: LEASE,
        ..QueueOptions::default()
    });
    options.names = PubsubNames::with_prefix(prefix);
    PubsubQueue::open("test", options).await.unwrap()
}

fn new_job() -> Job {
    Job::new(CrashId::mint(Date::constant(2026, 11, 23), 0))
}

/// Says something to the parent. Not with `println`, which tests capture.
fn say(line: &str) {
    std::io::stdout()
        .write_all(format!("{line}\n").as_bytes())
        .unwrap();
}

/// Works until it is killed: saves, says so, acks.
async fn work_forever(prefix: &str) {
    let queue = open(prefix).await;
    assert!(
        queue
            .receive(2, Duration::from_secs(2))
            .await
            .unwrap()
            .is_empty()
    );
    say(READY);
    loop {
        let deliveries = queue.receive(2, PATIENCE).await.unwrap();
        assert!(!deliveries.is_empty(), "the parent has gone away");
        for delivery in deliveries {
            say(&format!("{SAVED}{}", delivery.job().unwrap().crash_id));
            queue.ack(&delivery.receipt).await.unwrap();
        }
    }
}

/// A child, and the number under which it reports what it says.
struct Worker {
    process: Child,
}

impl Worker {
    /// Starts the test `test` of this program as a child; all it says goes to `heard`.
    fn start(
        test: &str,
        prefix: &str,
        number: usize,
        heard: mpsc::Sender<(usize, String)>,
    ) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture", "--test-threads=1"])
            .env(PREFIX, prefix)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if heard.send((number, line)).is_err() {
                    return;
                }
            }
        });
        Self { process }
    }

    /// Kills it with SIGKILL.
    fn kill(&mut self) {
        let _ = self.process.kill();
        self.process.wait().unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Publishes one by one, as collectors do: the emulator sends all of a batch to one receiver.
async fn publish(queue: &PubsubQueue, jobs: &[Job]) {
    for job in jobs {
        let report = queue.publish(Lane::Standard, std::slice::from_ref(job));
        report.await.unwrap().into_result().unwrap();
    }
}

#[tokio::test]
async fn two_processes_share_the_work_and_a_kill_loses_nothing() {
    const TEST: &str = "two_processes_share_the_work_and_a_kill_loses_nothing";
    if let Ok(prefix) = std::env::var(PREFIX) {
        return work_forever(&prefix).await;
    }
    if std::env::var_os(EMULATOR).is_none() {
        let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!in_ci, "{EMULATOR} is not set, and CI must not skip tests");
        eprintln!("SKIPPED: set {EMULATOR} to the address of an emulator to run this test");
        return;
    }
    let prefix = format!("kill-{}-", new_job().crash_id);
    let queue = open(&prefix).await;
    queue.create().await.unwrap();

    let (heard, hears) = mpsc::channel();
    let mut workers: Vec<Worker> = (0..2)
        .map(|number| Worker::start(TEST, &prefix, number, heard.clone()))
        .collect();
    let mut saved_by: [HashSet<String>; 2] = Default::default();
    let mut ready = 0;
    while ready < 2 {
        let (_, line) = hears.recv_timeout(PATIENCE).unwrap();
        // The test harness of the child begins its first line with something of its own.
        ready += usize::from(line.ends_with(READY));
    }

    let jobs: Vec<Job> = (0..200).map(|_| new_job()).collect();
    publish(&queue, &jobs).await;
    let mut killed = false;
    while saved_by[0].union(&saved_by[1]).count() < jobs.len() {
        let (number, line) = hears.recv_timeout(PATIENCE).unwrap();
        if let Some((_, id)) = line.split_once(SAVED) {
            saved_by[number].insert(id.to_owned());
        }
        // In the middle of its work, when the other has begun as well.
        if !killed && saved_by[0].len() >= 10 && !saved_by[1].is_empty() {
            workers[0].kill();
            killed = true;
        }
    }
    assert!(killed, "{} and {}", saved_by[0].len(), saved_by[1].len());
    assert!(saved_by[0].len() < jobs.len() && saved_by[1].len() < jobs.len());
    for job in &jobs {
        let id = job.crash_id.to_string();
        assert!(saved_by.iter().any(|saved| saved.contains(&id)), "{id}");
    }
}
