//! The conformance suite, and what is special about a file.

use std::{fs, path::PathBuf};

use rusqlite::Connection;
use socorro_core::{
    CrashId,
    time::{Date, ManualClock},
};
use tempfile::TempDir;

use super::*;
use crate::testkit::{Capabilities, Fixture};

struct Sqlite {
    queue: Arc<SqliteQueue>,
    clock: Arc<ManualClock>,
    directory: TempDir,
}

impl Sqlite {
    async fn new() -> Self {
        let clock = Arc::new(ManualClock::at("2026-01-02T03:04:05Z".parse().unwrap()));
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("queue.sqlite");
        let queue = Arc::new(open(path, &clock).await.unwrap());
        Self {
            queue,
            clock,
            directory,
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("queue.sqlite")
    }

    /// Another handle, as another process would have it.
    async fn another(&self) -> SqliteQueue {
        open(self.path(), &self.clock).await.unwrap()
    }

    /// Writes to the file as somebody with a SQLite tool could.
    fn meddle(&self, sql: &str) {
        Connection::open(self.path())
            .unwrap()
            .execute_batch(sql)
            .unwrap();
    }
}

async fn open(path: PathBuf, clock: &Arc<ManualClock>) -> Result<SqliteQueue, Error> {
    let options = QueueOptions {
        environment: Environment::new(clock.clone(), "testhost"),
        ..QueueOptions::default()
    };
    SqliteQueue::open(path, options).await
}

#[async_trait]
impl Fixture for Sqlite {
    fn queue(&self) -> Arc<dyn CrashQueue> {
        self.queue.clone()
    }

    async fn publish_body(&self, lane: Lane, body: Bytes) -> Result<(), Error> {
        self.queue.publish_body(lane, body).await
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }
}

crate::conformance_suite!(conformance, Sqlite::new().await);

fn job() -> Job {
    Job::new(CrashId::mint(Date::constant(2026, 11, 23), 0))
}

async fn publish(queue: &SqliteQueue, jobs: &[Job]) {
    let report = queue.publish(Lane::Standard, jobs).await.unwrap();
    report.into_result().unwrap();
}

async fn outstanding(queue: &SqliteQueue) -> u64 {
    queue.depth().await.unwrap().unwrap().total().outstanding()
}

/// The error of opening a file with these bytes, which must be left as they are.
async fn error_of_opening(bytes: &[u8]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("queue.sqlite");
    fs::write(&path, bytes).unwrap();
    let error = SqliteQueue::open(&path, QueueOptions::default())
        .await
        .unwrap_err();
    assert!(!error.is_temporary(), "{error}");
    assert!(error.to_string().contains("queue.sqlite"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), bytes);
    let left: Vec<_> = fs::read_dir(directory.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    error.to_string()
}

/// The bytes of a database made by these statements.
fn database(sql: &str) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("other.sqlite");
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    fs::read(&path).unwrap()
}

#[tokio::test]
async fn a_file_of_another_format_is_named_and_left_alone() {
    for bytes in [&b"hello"[..], &[0xff; 5000], &[0; 5000]] {
        let error = error_of_opening(bytes).await;
        assert!(error.contains("no SQLite database"), "{error}");
    }
}

#[tokio::test]
async fn a_database_of_another_program_is_named_and_left_alone() {
    for sql in [
        "CREATE TABLE bookmarks (url TEXT)",
        "PRAGMA application_id = 0x0f055111; CREATE TABLE t (x)",
        "PRAGMA user_version = 12",
    ] {
        let error = error_of_opening(&database(sql)).await;
        assert!(error.contains("another program"), "{error}");
    }
}

#[tokio::test]
async fn a_newer_version_is_named_and_left_alone() {
    let sql = "PRAGMA application_id = 0x736f6371; PRAGMA user_version = 4; CREATE TABLE t (x)";
    let error = error_of_opening(&database(sql)).await;
    assert!(
        error.contains("version 4") && error.contains("version 3"),
        "{error}"
    );
}

#[tokio::test]
async fn an_empty_file_becomes_a_queue() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("queue.sqlite");
    fs::write(&path, b"").unwrap();
    let queue = SqliteQueue::open(&path, QueueOptions::default())
        .await
        .unwrap();
    queue.check().await.unwrap();
}

#[tokio::test]
async fn a_place_that_cannot_hold_a_queue_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    fs::write(here.join("file"), b"").unwrap();
    let open = async |path: PathBuf| {
        let error = SqliteQueue::open(path, QueueOptions::default())
            .await
            .unwrap_err();
        error.to_string()
    };
    let error = open(here.join("no/queue.sqlite")).await;
    assert!(error.contains("/no does not exist; make it"), "{error}");
    let error = open(here.to_owned()).await;
    assert!(error.contains("is a directory"), "{error}");
    let error = open(here.join("file/queue.sqlite")).await;
    assert!(error.contains("file does not exist"), "{error}");
}

#[tokio::test]
async fn the_name_of_a_queue_opens_it_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a queue? 100%#é.sqlite");
    let queue = SqliteQueue::open(&path, QueueOptions::default())
        .await
        .unwrap();
    publish(&queue, &[job()]).await;
    let again = crate::open(&format!("{queue}?lease=5s"), QueueOptions::default())
        .await
        .unwrap();
    assert_eq!(again.receive(1, Duration::ZERO).await.unwrap().len(), 1);
    assert_eq!(again.to_string(), queue.to_string());
}

#[tokio::test]
async fn everything_is_still_there_after_closing() {
    let sqlite = Sqlite::new().await;
    publish(&sqlite.queue, &[job(), job(), job()]).await;
    let deliveries = sqlite.queue.receive(2, Duration::ZERO).await.unwrap();
    let cause = DeadLetterCause::new(crate::DeadLetterReason::TooManyAttempts, "it failed");
    sqlite
        .queue
        .dead_letter(&deliveries[0], &cause)
        .await
        .unwrap();
    let before = sqlite.queue.depth().await.unwrap();
    let Sqlite {
        queue,
        clock,
        directory,
    } = sqlite;
    drop(queue);

    let path = directory.path().join("queue.sqlite");
    let queue = open(path, &clock).await.unwrap();
    assert_eq!(queue.depth().await.unwrap(), before);
    queue.ack(&deliveries[1].receipt).await.unwrap();
    assert_eq!(outstanding(&queue).await, 1);
}

#[tokio::test]
async fn many_handles_can_open_and_use_a_new_file_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("queue.sqlite");
    let users: Vec<_> = (0..8)
        .map(|_| {
            let path = path.clone();
            tokio::spawn(async move {
                let queue = SqliteQueue::open(path, QueueOptions::default())
                    .await
                    .unwrap();
                publish(&queue, &[job(), job()]).await;
                for _ in 0..2 {
                    let delivery = queue
                        .receive(1, Duration::from_secs(10))
                        .await
                        .unwrap()
                        .remove(0);
                    queue.ack(&delivery.receipt).await.unwrap();
                }
            })
        })
        .collect();
    for user in users {
        user.await.unwrap();
    }
    let queue = SqliteQueue::open(&path, QueueOptions::default())
        .await
        .unwrap();
    assert_eq!(outstanding(&queue).await, 0);
}

#[tokio::test]
async fn a_receiver_notices_what_another_handle_publishes() {
    let sqlite = Sqlite::new().await;
    let other = sqlite.another().await;
    let published = job();
    let (received, ()) = tokio::join!(
        sqlite.queue.receive(1, Duration::from_secs(20)),
        publish(&other, std::slice::from_ref(&published)),
    );
    assert_eq!(received.unwrap()[0].job(), Some(&published));
}

#[tokio::test(start_paused = true)]
async fn a_paused_runtime_clock_takes_the_work_for_work() {
    let sqlite = Sqlite::new().await;
    let started = Instant::now();
    let wait = Duration::from_secs(20);
    assert_eq!(sqlite.queue.receive(1, wait).await.unwrap(), []);
    let waited = started.elapsed();
    assert!(
        (wait..wait + Duration::from_secs(1)).contains(&waited),
        "{waited:?}"
    );

    let jobs = [job()];
    let published = publish(&sqlite.queue, &jobs);
    let published = tokio::time::timeout(Duration::from_millis(1), published).await;
    published.expect("no time passes while the disk works");
}

#[tokio::test]
async fn a_lane_cannot_be_blocked_by_an_absurd_row() {
    let sqlite = Sqlite::new().await;
    sqlite.meddle(
        "INSERT INTO messages (lane, body, published_at_ms, attempts, due_at_ms, leased) VALUES
            ('standard', zeroblob(1000000), -9223372036854775808, 9223372036854775807, -1, 7),
            ('standard', x'', 9223372036854775807, -5, 0, -1)",
    );
    publish(&sqlite.queue, &[job()]).await;
    let deliveries = sqlite.queue.receive(10, Duration::ZERO).await.unwrap();
    let attempts: Vec<u32> = deliveries.iter().map(|delivery| delivery.attempt).collect();
    assert_eq!(attempts, [u32::MAX, 1, 1]);
    assert_eq!(deliveries[0].raw_body.len(), MAX_BODY_BYTES);
    sqlite.queue.depth().await.unwrap();

    let cause = DeadLetterCause::new(crate::DeadLetterReason::BadCrashId, "");
    for delivery in &deliveries {
        sqlite.queue.dead_letter(delivery, &cause).await.unwrap();
    }
    sqlite.meddle("UPDATE dead_letters SET reason = 'of tomorrow', attempts = -1");
    let dead = sqlite.queue.list(None, 10).await.unwrap();
    assert_eq!(dead.len(), 3);
    assert_eq!(dead[0].cause.reason.as_str(), "of tomorrow");
}

#[tokio::test]
async fn a_message_from_the_far_future_is_brought_back() {
    let sqlite = Sqlite::new().await;
    publish(&sqlite.queue, &[job()]).await;
    sqlite.meddle("UPDATE messages SET due_at_ms = 9223372036854775807");
    // The first look finds nothing and puts it right.
    let received = sqlite
        .queue
        .receive(1, Duration::from_secs(10))
        .await
        .unwrap();
    assert_eq!(received.len(), 1);
}

#[tokio::test]
async fn what_a_fast_clock_decided_begins_when_the_clock_is_right() {
    let sqlite = Sqlite::new().await;
    publish(&sqlite.queue, &[job(), job()]).await;
    let held = sqlite.queue.receive(2, Duration::ZERO).await.unwrap();
    let delay = Duration::from_secs(30);
    let nacked = sqlite.queue.nack(&held[0].receipt, delay, Blame::Nobody);
    nacked.await.unwrap();
    // As if the clock had been an hour ahead.
    sqlite.meddle(
        "UPDATE messages SET due_at_ms = due_at_ms + 3600000,
             decided_at_ms = decided_at_ms + 3600000",
    );
    let nothing = sqlite.queue.receive(2, Duration::ZERO).await.unwrap();
    assert!(nothing.is_empty(), "the delay and the lease begin now");
    // Whoever holds a message still, can say so.
    let extended = sqlite
        .queue
        .extend(&held[1].receipt, Duration::from_secs(300));
    extended.await.unwrap();
    sqlite.clock.advance(delay);
    let due = sqlite.queue.receive(2, Duration::ZERO).await.unwrap();
    let bodies: Vec<_> = due.iter().map(|delivery| &delivery.raw_body).collect();
    assert_eq!(bodies, [&held[0].raw_body]);
    sqlite.queue.ack(&held[1].receipt).await.unwrap();
}

#[tokio::test]
async fn a_file_without_its_tables_is_an_error_not_a_panic() {
    let sqlite = Sqlite::new().await;
    sqlite.meddle("DROP TABLE messages");
    let error = sqlite.queue.receive(1, Duration::ZERO).await.unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
    sqlite
        .queue
        .publish(Lane::Standard, &[job()])
        .await
        .unwrap_err();
    sqlite.queue.check().await.unwrap_err();
}

/// Whatever the damage, the answer is a value.
#[tokio::test]
async fn a_damaged_file_is_an_error_or_still_works_but_no_panic() {
    let sqlite = Sqlite::new().await;
    let jobs: Vec<Job> = (0..200).map(|_| job()).collect();
    publish(&sqlite.queue, &jobs).await;
    for delivery in sqlite.queue.receive(20, Duration::ZERO).await.unwrap() {
        let cause = DeadLetterCause::new(crate::DeadLetterReason::BadCrashId, "it was bad");
        sqlite.queue.dead_letter(&delivery, &cause).await.unwrap();
    }
    let Sqlite {
        queue,
        clock,
        directory,
    } = sqlite;
    drop(queue); // the log is merged into the file
    let whole = fs::read(directory.path().join("queue.sqlite")).unwrap();

    let mut errors = 0;
    for round in 0..60 {
        let mut bytes = whole.clone();
        // Sixteen bytes, further back in the file each time, and all pages at some time.
        let at = (round * 7919) % (bytes.len() - 16);
        bytes[at..at + 16].fill(0xa5);
        if round % 10 == 9 {
            bytes.truncate(at);
        }
        let damaged = tempfile::tempdir().unwrap();
        let path = damaged.path().join("queue.sqlite");
        fs::write(&path, bytes).unwrap();
        let Ok(queue) = open(path, &clock).await else {
            errors += 1;
            continue;
        };
        let received = queue.receive(100, Duration::ZERO).await;
        for delivery in received.iter().flatten() {
            errors += usize::from(queue.ack(&delivery.receipt).await.is_err());
        }
        errors += usize::from(received.is_err());
        errors += usize::from(queue.publish(Lane::Standard, &[job()]).await.is_err());
        errors += usize::from(queue.depth().await.is_err());
        errors += usize::from(queue.list(None, 100).await.is_err());
    }
    assert!(errors > 0, "some damage must have been noticed");
}

#[cfg(unix)]
#[tokio::test]
async fn a_deleted_file_takes_no_messages() {
    let sqlite = Sqlite::new().await;
    publish(&sqlite.queue, &[job()]).await;
    fs::remove_file(sqlite.path()).unwrap();
    let error = sqlite
        .queue
        .publish(Lane::Standard, &[job()])
        .await
        .unwrap_err();
    assert!(error.to_string().contains("deleted or replaced"), "{error}");
    assert!(sqlite.queue.check().await.is_err());
}

#[tokio::test]
async fn deleting_the_queue_deletes_its_files_and_others_notice() {
    let fixture = Sqlite::new().await;
    publish(&fixture.queue, &[job()]).await;
    let another = fixture.another().await;
    let [made] = &another.create().await.unwrap()[..] else {
        panic!("a queue is one file");
    };
    assert!(!made.changed, "{made}");
    let deleted = fixture.queue.delete().await.unwrap();
    assert_eq!(deleted[0].name, fixture.path().display().to_string());
    assert!(deleted[0].changed);
    assert_eq!(fs::read_dir(fixture.directory.path()).unwrap().count(), 0);
    let error = another.publish(Lane::Standard, &[job()]).await.unwrap_err();
    assert!(error.to_string().contains("deleted"), "{error}");
    drop(another);
    // The next one begins empty.
    let new = fixture.another().await;
    assert!(new.create().await.unwrap()[0].changed);
    assert_eq!(outstanding(&new).await, 0);
}

#[tokio::test]
async fn a_file_that_stays_locked_is_a_temporary_error() {
    let sqlite = Sqlite::new().await;
    let options = SqliteOptions {
        busy_timeout: Duration::ZERO,
        ..SqliteOptions::default()
    };
    let queue = SqliteQueue::open(sqlite.path(), options).await.unwrap();
    let other = Connection::open(sqlite.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = queue.publish(Lane::Standard, &[job()]).await.unwrap_err();
    assert!(
        error.is_temporary() && error.retry_after().is_some(),
        "{error}"
    );
    // Who only looks need not wait.
    assert_eq!(outstanding(&queue).await, 0);
    other.execute_batch("COMMIT").unwrap();
    publish(&queue, &[job()]).await;
}

#[tokio::test]
async fn a_full_disk_is_a_temporary_error_and_loses_nothing() {
    let sqlite = Sqlite::new().await;
    publish(&sqlite.queue, &[job()]).await;
    sqlite
        .queue
        .database
        .read(|connection| connection.pragma_update(None, "max_page_count", 8))
        .await
        .unwrap();
    let jobs: Vec<Job> = (0..2000).map(|_| job()).collect();
    let error = sqlite
        .queue
        .publish(Lane::Standard, &jobs)
        .await
        .unwrap_err();
    assert!(error.is_temporary(), "{error}");
    assert!(error.to_string().contains("disk is full"), "{error}");
    assert_eq!(outstanding(&sqlite.queue).await, 1);
    let delivery = sqlite
        .queue
        .receive(1, Duration::ZERO)
        .await
        .unwrap()
        .remove(0);
    sqlite.queue.ack(&delivery.receipt).await.unwrap();
}

#[tokio::test]
async fn a_publication_that_fails_half_way_says_which_half() {
    let sqlite = Sqlite::new().await;
    sqlite.meddle(
        "CREATE TRIGGER full BEFORE INSERT ON messages
         WHEN (SELECT count(*) FROM messages) >= 1500
         BEGIN SELECT RAISE(ABORT, 'no more'); END",
    );
    let jobs: Vec<Job> = (0..2500).map(|_| job()).collect();
    let report = sqlite.queue.publish(Lane::Standard, &jobs).await.unwrap();
    assert_eq!(report.outcomes().len(), 2500);
    assert_eq!(report.published(), PUBLISHED_AT_ONCE);
    let failed: Vec<&Job> = report.failed().map(|(job, _)| job).collect();
    assert_eq!(failed, jobs[PUBLISHED_AT_ONCE..].iter().collect::<Vec<_>>());
    assert_eq!(outstanding(&sqlite.queue).await, 1000);
}

#[tokio::test]
async fn what_was_leased_for_a_receiver_who_left_is_given_back_at_once() {
    let sqlite = Sqlite::new().await;
    publish(&sqlite.queue, &[job()]).await;
    // The future is dropped when it has asked and has no answer yet.
    let mut receive = Box::pin(sqlite.queue.receive_now(1));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(receive.as_mut().poll(&mut context).is_pending());
    drop(receive);

    // The clock of the leases stands still.
    let received = sqlite.queue.receive(1, Duration::from_secs(20)).await;
    let delivery = received.unwrap().remove(0);
    assert_eq!(delivery.attempt, 1, "nobody has seen the first delivery");
}

#[test]
fn a_queue_outlives_its_runtime() {
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    let sqlite = runtime().block_on(Sqlite::new());
    runtime().block_on(publish(&sqlite.queue, &[job()]));
    assert_eq!(runtime().block_on(outstanding(&sqlite.queue)), 1);
}

#[tokio::test]
async fn neither_file_nor_log_grows_with_what_has_passed_through() {
    let sqlite = Sqlite::new().await;
    let jobs: Vec<Job> = (0..100).map(|_| job()).collect();
    let mut sizes = Vec::new();
    for _ in 0..20 {
        publish(&sqlite.queue, &jobs).await;
        for delivery in sqlite.queue.receive(100, Duration::ZERO).await.unwrap() {
            sqlite.queue.ack(&delivery.receipt).await.unwrap();
        }
        sizes.push(fs::metadata(sqlite.path()).unwrap().len());
    }
    assert!(sizes.iter().all(|size| *size < 100_000), "{sizes:?}");
    let log = fs::metadata(sqlite.directory.path().join("queue.sqlite-wal")).unwrap();
    assert!(log.len() < 8 << 20, "{}", log.len());
}
