//! Looking for lost crashes every now and then.

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    sync::Arc,
    time::Duration,
};

use futures::TryStreamExt as _;
use serde_json::{Map, Value};
use socorro_core::{
    Environment,
    json::{self, Form},
    time::{self, Date, Timestamp},
};
use socorro_queue::CrashQueue;
use socorro_storage::{CrashStorage, DocumentKey, ErrorKind};
use tokio::time::sleep;

use super::{Backlog, Lookup, Verifier, VerifyOptions};
use crate::worker::fence;

/// How many crashes are published at a time.
const BATCH: usize = 500;
/// The largest record of the last time that is read.
const MAX_RECORD: u64 = 4096;

/// Looks at the crashes of yesterday and today, and publishes what was never processed.
///
/// Of several processors on one storage, one does it in each period: who begins says so in storage.
/// Two that begin at the same moment both do it, which only costs time: what one of them publishes
/// twice is processed twice, with the same result.
#[derive(Debug)]
pub(crate) struct PeriodicVerification {
    verifier: Verifier,
    storage: Arc<dyn CrashStorage>,
    queue: Arc<dyn CrashQueue>,
    environment: Environment,
    every: Duration,
    min_age: Duration,
}

/// What became of one day.
#[derive(Debug, Default)]
struct Totals {
    unprocessed: usize,
    published: usize,
    dead: usize,
    failed: usize,
}

type Problem = Box<dyn std::error::Error + Send + Sync>;

impl PeriodicVerification {
    pub(crate) fn new(
        storage: Arc<dyn CrashStorage>,
        queue: Arc<dyn CrashQueue>,
        environment: Environment,
        every: Duration,
    ) -> Self {
        let options = VerifyOptions {
            // Two days of many: their crashes are less than a list of everything.
            lookup: Lookup::EachCrash,
            ..VerifyOptions::default()
        };
        let min_age = options.min_age;
        let verifier = Verifier::with_options(storage.clone(), options, environment.clone());
        Self {
            verifier,
            storage,
            queue,
            environment,
            every: every.max(Duration::from_secs(1)),
            min_age,
        }
    }

    /// Goes on for as long as it is polled.
    pub(crate) async fn run(&self) {
        loop {
            // Processors that were started together do not begin together.
            let chance = f64::from(RandomState::new().build_hasher().finish() as u32);
            let part = chance / f64::from(u32::MAX);
            sleep(self.every.mul_f64(0.05 + 0.1 * part)).await;
            match fence(self.round()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(error, "cannot look for lost crashes"),
                Err(panicked) => tracing::error!(%panicked, "cannot look for lost crashes"),
            }
        }
    }

    /// Does what is due, if it is.
    async fn round(&self) -> Result<(), Problem> {
        if !self.claim().await? {
            return Ok(());
        }
        let backlog = Backlog::of(&*self.queue).await?;
        if let Some(oldest) = backlog.oldest().filter(|oldest| *oldest >= self.min_age) {
            tracing::warn!(
                ?oldest,
                "the queue is behind: looking for lost crashes another time"
            );
            return Ok(());
        }
        let today = time::date(self.environment.now());
        for date in today.yesterday().into_iter().chain([today]) {
            self.verify(date, &backlog).await?;
        }
        Ok(())
    }

    async fn verify(&self, date: Date, backlog: &Backlog) -> Result<(), Problem> {
        let mut totals = Totals::default();
        let mut unprocessed = self.verifier.unprocessed(date).try_chunks(BATCH);
        loop {
            let (ids, error) = match unprocessed.try_next().await {
                Ok(Some(ids)) => (ids, None),
                Ok(None) => break,
                // What was found before the error is lost all the same.
                Err(chunk) => (chunk.0, Some(chunk.1)),
            };
            let outcome = backlog.republish(&*self.queue, &ids).await;
            for id in &outcome.published {
                tracing::warn!(%id, "was never processed: published again");
            }
            if let Some((id, error)) = outcome.failed.first() {
                tracing::error!(%id, %error, "was never processed, and cannot be published again");
            }
            totals.unprocessed += ids.len();
            totals.published += outcome.published.len();
            totals.dead += outcome.dead.len();
            totals.failed += outcome.failed.len();
            if let Some(error) = error {
                return Err(error.into());
            }
        }
        let Totals {
            unprocessed,
            published,
            dead,
            failed,
        } = totals;
        tracing::info!(
            %date, unprocessed, published, dead, failed,
            "looked for lost crashes"
        );
        Ok(())
    }

    /// Whether it is this processor's turn: nobody has begun within the period.
    async fn claim(&self) -> Result<bool, Problem> {
        let key = DocumentKey::last_verification();
        let now = self.environment.now();
        let last = match self.storage.document(&key).await {
            Ok(content) => begun_at(&content),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        // A time in the future is that of a wrong clock, or of one that was.
        let since = last.and_then(|last| Duration::try_from(now.duration_since(last)).ok());
        if since.is_some_and(|since| since < self.every) {
            return Ok(false);
        }
        let record = Map::from_iter([
            ("begun_at".to_owned(), Value::from(now.to_string())),
            ("host".to_owned(), self.environment.host_name().into()),
        ]);
        let content = json::to_vec(&record, Form::Processor);
        self.storage.save_document(&key, content.into()).await?;
        Ok(true)
    }
}

/// When somebody began last; nobody did where the record cannot be read.
fn begun_at(record: &[u8]) -> Option<Timestamp> {
    let record = json::read_object(record, MAX_RECORD).ok()?;
    record.get("begun_at")?.as_str()?.parse().ok()
}
