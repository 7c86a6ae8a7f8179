//! A queue of one's own, in PostgreSQL, with everything that `CrashQueue` promises:
//!
//! ```text
//! eval "$(scripts/services/postgres.sh)"
//! cargo run --example custom_queue
//! ```
//!
//! `SELECT … FOR UPDATE SKIP LOCKED` lets any number of processes take messages at the same time.
//! The program runs the conformance suite on the queue, and then processes crashes from it.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use async_trait::async_trait;
use bytes::Bytes;
use socorro::{
    core::time::Timestamp,
    prelude::*,
    queue::{
        Blame, DeadLetterCause, DeadLetters, Delivery, Error, PublishReport, QueueDepth, Receipt,
        testkit::{Capabilities, Fixture, run_suite},
    },
};
use tokio_postgres::{Client, NoTls, Row, types::ToSql};
use tokio_util::sync::CancellationToken;

const URL: &str = "SOCORRO_TEST_POSTGRES_URL";

/// `due_at` is when the message was published, or when its lease or its delay ends.
const SCHEMA: &str = "
    CREATE FUNCTION now_ms() RETURNS bigint LANGUAGE sql
        AS 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint';
    CREATE TABLE messages (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        lane text NOT NULL, body bytea NOT NULL, leased boolean NOT NULL DEFAULT false,
        due_at bigint NOT NULL DEFAULT now_ms(), published_at bigint NOT NULL DEFAULT now_ms(),
        attempt bigint NOT NULL DEFAULT 0, failures bigint NOT NULL DEFAULT 0,
        lapses bigint NOT NULL DEFAULT 0);
    CREATE INDEX ON messages (lane, due_at, id);
    CREATE TABLE dead_letters (
        id bigint PRIMARY KEY, lane text, body bytea, attempt bigint, failures bigint,
        published_at bigint, dead_lettered_at bigint DEFAULT now_ms(), reason text, last_error text);";

/// $1: how many; $2: how long; $3: the lanes, the first one first. Who has a message whose lease ran out
/// before is told apart by the number of the attempt.
const RECEIVE: &str = "
    UPDATE messages SET attempt = attempt + 1, lapses = lapses + leased::int, leased = true,
        due_at = now_ms() + $2
    WHERE id IN (SELECT id FROM messages WHERE due_at <= now_ms()
        ORDER BY array_position($3::text[], lane), due_at, id LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING id, lane, body, attempt, failures, lapses, published_at";

const PUBLISH: &str = "
    INSERT INTO messages (lane, body)
    SELECT $1, body FROM unnest($2::bytea[]) WITH ORDINALITY AS job (body, n) ORDER BY n";

const ACK: &str = "DELETE FROM messages WHERE id = $1 AND attempt = $2 AND leased";

const NACK: &str = "
    UPDATE messages SET leased = false, due_at = now_ms() + $3, failures = failures + $4
    WHERE id = $1 AND attempt = $2 AND leased";

const EXTEND: &str = "
    UPDATE messages SET due_at = now_ms() + $3 WHERE id = $1 AND attempt = $2 AND leased";

const DEAD_LETTER: &str = "
    WITH ended AS (DELETE FROM messages WHERE id = $1 AND attempt = $2 AND leased RETURNING *)
    INSERT INTO dead_letters (id, lane, body, attempt, failures, published_at, reason, last_error)
    SELECT id, lane, body, attempt, failures, published_at, $3, $4 FROM ended";

const IS_DEAD: &str = "SELECT 1 FROM dead_letters WHERE id = $1 AND attempt = $2";

/// A queue in a schema of a PostgreSQL database. One connection will do here: requests on it do not wait
/// for each other's answers. A service would take one from a pool, which connects again.
#[derive(Debug)]
struct PostgresQueue {
    client: Client,
    schema: String,
    lease: Duration,
    calls: AtomicUsize,
}

impl PostgresQueue {
    async fn create(url: &str, schema: String, lease: Duration) -> Result<Self> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        let enter = format!("CREATE SCHEMA {schema}; SET search_path TO {schema};");
        client.batch_execute(&(enter + SCHEMA)).await?;
        let calls = AtomicUsize::new(0);
        Ok(Self {
            client,
            schema,
            lease,
            calls,
        })
    }

    /// What went wrong, in the words that all queues share.
    fn error(&self, error: tokio_postgres::Error) -> Error {
        let (queue, reason) = (self.to_string(), error.to_string());
        let source = Some(Arc::new(error) as _);
        Error::Unavailable {
            queue,
            reason,
            retry_after: None,
            source,
        }
    }

    fn lost(&self, receipt: &Receipt) -> Error {
        Error::LeaseLost {
            queue: self.to_string(),
            receipt: receipt.clone(),
        }
    }

    /// A row of RECEIVE. A body that nobody can read is a delivery as well.
    fn delivery(row: &Row) -> Result<Delivery, Error> {
        let (id, attempt) = (row.get::<_, i64>(0), row.get::<_, i64>(3));
        let count = |column| u32::try_from(row.get::<_, i64>(column)).unwrap_or(u32::MAX);
        let published_at = Timestamp::from_millisecond(row.get(6)).unwrap_or(Timestamp::UNIX_EPOCH);
        let receipt = Receipt::new(format!("{id}.{attempt}"));
        let (lane, body) = (row.get::<_, &str>(1).parse()?, row.get::<_, Vec<u8>>(2));
        let delivery = Delivery::new(lane, receipt, count(3), published_at, Bytes::from(body));
        Ok(delivery.after(count(4), count(5)))
    }

    /// Runs a statement; returns how many rows it changed.
    async fn execute(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64, Error> {
        let done = self.client.execute(sql, values).await;
        done.map_err(|error| self.error(error))
    }

    async fn publish_bodies(&self, lane: Lane, bodies: Vec<Vec<u8>>) -> Result<(), Error> {
        self.execute(PUBLISH, &[&lane.as_str(), &bodies]).await?;
        Ok(())
    }
}

/// The message and the attempt that a receipt stands for; nothing for those of other queues.
fn read(receipt: &Receipt) -> (i64, i64) {
    let parts = receipt.as_str().split_once('.');
    let numbers = parts.and_then(|(id, attempt)| Some((id.parse().ok()?, attempt.parse().ok()?)));
    numbers.unwrap_or((-1, -1))
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis())
        .unwrap_or(i64::MAX / 4)
        .min(i64::MAX / 4)
}

/// What logs show: no user, no password.
impl fmt::Display for PostgresQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "postgres:{}", self.schema)
    }
}

#[async_trait]
impl CrashQueue for PostgresQueue {
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, Error> {
        if max == 0 {
            return Ok(Vec::new());
        }
        let give_up_at = tokio::time::Instant::now() + wait;
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        // Priority first; now and then reprocessing goes before standard, so that it never starves.
        let order = match self.calls.fetch_add(1, Ordering::Relaxed) % 6 {
            5 => ["priority", "reprocessing", "standard"],
            _ => ["priority", "standard", "reprocessing"],
        };
        loop {
            let values: [&(dyn ToSql + Sync); 3] = [&max, &millis(self.lease), &order.as_slice()];
            let rows = self.client.query(RECEIVE, &values).await;
            let mut rows = rows.map_err(|error| self.error(error))?;
            if !rows.is_empty() || tokio::time::Instant::now() >= give_up_at {
                rows.sort_by_key(|row| {
                    (
                        order.iter().position(|lane| row.get::<_, &str>(1) == *lane),
                        row.get::<_, i64>(0),
                    )
                });
                return rows.iter().map(Self::delivery).collect();
            }
            // LISTEN and NOTIFY would wake it earlier.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn publish(&self, lane: Lane, jobs: &[Job]) -> Result<PublishReport, Error> {
        let bodies = jobs.iter().map(|job| job.to_body().to_vec()).collect();
        self.publish_bodies(lane, bodies).await?;
        Ok(PublishReport::all_published(jobs))
    }

    async fn ack(&self, receipt: &Receipt) -> Result<(), Error> {
        let (id, attempt) = read(receipt);
        self.execute(ACK, &[&id, &attempt]).await?;
        Ok(())
    }

    async fn nack(&self, receipt: &Receipt, delay: Duration, blame: Blame) -> Result<(), Error> {
        let (id, attempt) = read(receipt);
        let failed = i64::from(blame == Blame::Crash);
        self.execute(NACK, &[&id, &attempt, &millis(delay), &failed])
            .await?;
        Ok(())
    }

    async fn extend(&self, receipt: &Receipt, by: Duration) -> Result<(), Error> {
        let (id, attempt) = read(receipt);
        match self.execute(EXTEND, &[&id, &attempt, &millis(by)]).await? {
            0 => Err(self.lost(receipt)),
            _ => Ok(()),
        }
    }

    async fn dead_letter(&self, delivery: &Delivery, cause: &DeadLetterCause) -> Result<(), Error> {
        let (id, attempt) = read(&delivery.receipt);
        let (reason, error) = (cause.reason.as_str(), cause.last_error.replace('\0', " "));
        let values: [&(dyn ToSql + Sync); 4] = [&id, &attempt, &reason, &error];
        // If nothing was left to end, only the answer to an earlier call may have been lost.
        if self.execute(DEAD_LETTER, &values).await? > 0
            || self.execute(IS_DEAD, &values[..2]).await? > 0
        {
            return Ok(());
        }
        Err(self.lost(&delivery.receipt))
    }

    fn lease(&self) -> Duration {
        self.lease
    }

    async fn depth(&self) -> Result<Option<QueueDepth>, Error> {
        Ok(None)
    }

    async fn check(&self) -> Result<(), Error> {
        self.execute("SELECT FROM messages LIMIT 0", &[]).await?;
        Ok(())
    }

    fn dead_letters(&self) -> Option<&dyn DeadLetters> {
        None
    }
}

/// A queue of its own for each case of the suite.
struct Case(Arc<PostgresQueue>);

#[async_trait]
impl Fixture for Case {
    fn queue(&self) -> Arc<dyn CrashQueue> {
        self.0.clone()
    }

    async fn publish_body(&self, lane: Lane, body: Bytes) -> Result<(), Error> {
        self.0.publish_bodies(lane, vec![body.to_vec()]).await
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            lanes_in_order: false,
            tells_depth: false,
            lists_dead_letters: false,
            ..Capabilities::ALL
        }
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let Ok(url) = std::env::var(URL) else {
        let how = format!("{URL} is not set; run: eval \"$(scripts/services/postgres.sh)\"");
        if std::env::var("CI").is_ok_and(|ci| ci == "true") {
            bail!(how);
        }
        println!("skipped: {how}");
        return Ok(());
    };
    let id = CrashId::mint(Date::constant(2026, 11, 23), 0);
    let schema = format!("socorro_{}", id.as_str().replace('-', ""));

    let mut made = 0;
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    let new_case = async || {
        made += 1;
        let schema = format!("{schema}_{made}");
        let queue = PostgresQueue::create(&url, schema, Duration::from_millis(500)).await;
        Case(Arc::new(queue.expect("the database makes a schema")))
    };
    let count = run_suite(new_case, |case| println!("  {case}")).await;
    println!("the queue keeps all {count} promises\n");

    let queue = PostgresQueue::create(&url, schema, Duration::from_secs(60)).await;
    process_crashes(Arc::new(queue.context("cannot make the queue")?)).await
}

/// A worker does not know what its queue is made of.
async fn process_crashes(queue: Arc<dyn CrashQueue>) -> Result<()> {
    let storage = socorro::storage::open("memory:", StorageOptions::default())?;
    let ids: Vec<CrashId> = (0..10)
        .map(|_| CrashId::mint(Date::constant(2026, 11, 23), 0))
        .collect();
    for id in &ids {
        let mut raw = RawCrash::new();
        raw.set("ProductName", "Example");
        storage.save_raw_crash(id, &raw, &Dumps::default()).await?;
    }
    let jobs: Vec<Job> = ids.iter().map(|id| Job::new(*id)).collect();
    queue.publish(Lane::Standard, &jobs).await?.into_result()?;

    let pipeline = Pipeline::new(Environment::system()).with_default_rulesets(
        Arc::new(InProcessStackwalker::new().symbols(SymbolStore::empty())),
        &Arc::new(SignatureGenerator::default()),
    );
    let worker = Worker::new(Arc::clone(&storage), queue, pipeline);
    let summary = worker.drain(CancellationToken::new()).await;
    ensure!(summary.processed == 10, "not all were processed: {summary}");
    for id in &ids {
        let crash = storage.processed_crash(id).await?.value;
        println!("{id}  {}", crash.signature().unwrap_or_default());
    }
    Ok(())
}
