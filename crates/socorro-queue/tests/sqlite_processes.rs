//! Several processes on one SQLite queue, and what is left when they are killed.
//!
//! Each test starts this test program again as its children: with [`FILE`] set, the same test plays
//! the child instead. Children are killed with SIGKILL after so many lines of their output, so a
//! kill comes in the middle of whatever they do next.

#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::HashSet,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use socorro_core::{CrashId, time::Date};
use socorro_queue::{CrashQueue, Job, Lane, QueueOptions, SqliteQueue};

/// The environment variable that makes a child of this program, and tells it the queue's file.
const FILE: &str = "SOCORRO_QUEUE_TEST_FILE";
/// What a child says before it acks: the work on this crash is done and saved.
const SAVED: &str = "saved ";
/// What a child says when a publication is reported as done.
const PUBLISHED: &str = "published ";
/// A short lease: the work of a killed child comes back soon.
const LEASE: Duration = Duration::from_millis(500);
/// Far longer than any call takes.
const PATIENCE: Duration = Duration::from_secs(60);

async fn open(path: &Path) -> SqliteQueue {
    let options = QueueOptions {
        lease: LEASE,
        ..QueueOptions::default()
    };
    SqliteQueue::open(path, options).await.unwrap()
}

fn new_job() -> Job {
    Job::new(CrashId::mint(Date::constant(2026, 11, 23), 0))
}

/// Says something to the parent. Not with `println`, which tests capture.
fn say(word: &str, job: &Job) {
    let line = format!("{word}{}\n", job.crash_id);
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}

/// Starts the test `test` of this program as a child on the file.
fn start_child(test: &str, path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(FILE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Reads what a child says, kills it after `lines` lines, and returns the crash ids of all lines.
fn kill_after(mut child: Child, word: &str, lines: usize) -> Vec<String> {
    let output = BufReader::new(child.stdout.take().unwrap());
    let mut ids = Vec::new();
    for line in output.lines() {
        let line = line.unwrap();
        // The test harness of the child begins its first line with something of its own.
        ids.extend(line.split_once(word).map(|(_, id)| id.to_owned()));
        if ids.len() == lines {
            child.kill().unwrap();
        }
    }
    assert!(!child.wait().unwrap().success(), "the child was killed");
    ids
}

/// Works until it is killed: saves, says so, acks.
async fn work_forever(path: &Path) {
    let queue = open(path).await;
    loop {
        let deliveries = queue.receive(3, PATIENCE).await.unwrap();
        assert!(!deliveries.is_empty(), "the parent has gone away");
        for delivery in deliveries {
            say(SAVED, delivery.job().unwrap());
            queue.ack(&delivery.receipt).await.unwrap();
        }
    }
}

/// Publishes until it is killed, and says what was reported as published.
async fn publish_forever(path: &Path) {
    let queue = open(path).await;
    loop {
        let jobs: Vec<Job> = (0..20).map(|_| new_job()).collect();
        let report = queue.publish(Lane::Standard, &jobs).await.unwrap();
        report.into_result().unwrap();
        for job in &jobs {
            say(PUBLISHED, job);
        }
    }
}

/// Acks everything until the queue is drained, whatever time leases of the dead still take.
async fn drain(queue: &SqliteQueue) -> Vec<Job> {
    let mut done = Vec::new();
    while queue.depth().await.unwrap().unwrap().total().outstanding() > 0 {
        for delivery in queue.receive(100, PATIENCE).await.unwrap() {
            done.push(delivery.job().unwrap().clone());
            queue.ack(&delivery.receipt).await.unwrap();
        }
    }
    done
}

#[tokio::test]
async fn processors_that_are_killed_lose_nothing() {
    const TEST: &str = "processors_that_are_killed_lose_nothing";
    const KILLS: usize = 12;
    if let Some(path) = std::env::var_os(FILE) {
        return work_forever(Path::new(&path)).await;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("queue.sqlite");
    let queue = open(&path).await;
    // More than all children can do before they are killed.
    let jobs: Vec<Job> = (0..400).map(|_| new_job()).collect();
    let report = queue.publish(Lane::Standard, &jobs).await.unwrap();
    report.into_result().unwrap();

    // Three at a time, each killed after another amount of work.
    let killers: Vec<_> = (0..3)
        .map(|lane| {
            let path = path.clone();
            std::thread::spawn(move || {
                let mut saved = Vec::new();
                for kill in (lane..KILLS).step_by(3) {
                    saved.extend(kill_after(start_child(TEST, &path), SAVED, 1 + 2 * kill));
                }
                saved
            })
        })
        .collect();
    let mut saved: HashSet<String> = HashSet::new();
    for killer in killers {
        saved.extend(killer.join().unwrap());
    }
    assert!(saved.len() >= KILLS, "{} were saved", saved.len());

    let rest = drain(&queue).await;
    assert!(!rest.is_empty());
    saved.extend(rest.iter().map(|job| job.crash_id.to_string()));
    let lost: Vec<_> = jobs
        .iter()
        .filter(|job| !saved.contains(job.crash_id.as_str()))
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert_eq!(queue.depth().await.unwrap().unwrap().total().dead, 0);
    drop(queue);
    assert_intact(&path);
}

#[tokio::test]
async fn collectors_that_are_killed_lose_nothing_they_reported() {
    const TEST: &str = "collectors_that_are_killed_lose_nothing_they_reported";
    if let Some(path) = std::env::var_os(FILE) {
        return publish_forever(Path::new(&path)).await;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("queue.sqlite");
    let killers: Vec<_> = (0..4)
        .map(|kill| {
            let path = path.clone();
            std::thread::spawn(move || {
                kill_after(start_child(TEST, &path), PUBLISHED, 30 + 50 * kill)
            })
        })
        .collect();
    let reported: HashSet<String> = killers
        .into_iter()
        .flat_map(|killer| killer.join().unwrap())
        .collect();

    let queue = open(&path).await;
    let there: HashSet<String> = drain(&queue)
        .await
        .iter()
        .map(|job| job.crash_id.to_string())
        .collect();
    let missing: Vec<_> = reported.difference(&there).collect();
    assert!(missing.is_empty(), "{missing:?}");
    // A publication is there as a whole or not at all.
    assert_eq!(there.len() % 20, 0);
    drop(queue);
    assert_intact(&path);
}

/// SQLite finds nothing wrong with the file.
fn assert_intact(path: &Path) {
    let connection = rusqlite::Connection::open(path).unwrap();
    let verdict: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(verdict, "ok");
}
