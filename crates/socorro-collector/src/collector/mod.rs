//! From a request to its outcome.

mod breaker;
mod builder;
mod dedupe;
pub(crate) mod delivery;
mod details;
mod error;
mod health;
mod take_in;

use std::{
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use bytes::Bytes;
use http::{
    HeaderMap,
    header::{AUTHORIZATION, HeaderName, USER_AGENT},
};
use http_body::Body;
use socorro_core::{CrashId, Environment, time::Timestamp};
use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    builder::BoxedDraws,
    dedupe::{Dedupe, Key},
    delivery::{Delivery, Patience},
    health::LastHealth,
    take_in::Taken,
};
pub use self::{
    builder::Builder,
    details::{Details, Fate},
    error::Error,
};
use crate::{
    BodyError, Malformed, Outcome,
    http::AllowedProducts,
    metrics,
    parse::{self, ParseError, Report},
    report::{self, Refused},
    spool::{self, Drained, Spool, SpoolHooks},
    throttle::{Subject, ThrottleResult, Throttler, Verdict},
};

/// A client that is sent away is asked to come back after so many seconds: not all at once.
const RETRY_AFTER: std::ops::RangeInclusive<u64> = 5..=30;

/// Takes crash reports. Clones share everything.
///
/// A report for which a crash id is given out is durable: it is in the storage and its id in the queue, or
/// both are owed by the spool, on this machine's disk. What is in the spool is delivered by
/// [`Collector::replay`], which has to be run beside whatever takes reports.
#[derive(Debug, Clone)]
pub struct Collector(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    delivery: Arc<Delivery>,
    patience: Patience,
    throttler: RwLock<Arc<dyn Throttler>>,
    parse: parse::Options,
    report: report::Options,
    spool: Option<Spool>,
    environment: Environment,
    draws: Mutex<BoxedDraws>,
    dedupe: Option<Dedupe>,
    hooks: Arc<dyn SpoolHooks>,
    health: LastHealth,
    /// Reports that are being stored; whoever sent them may be gone.
    running: TaskTracker,
}

/// What was decided about a report.
enum Decision {
    /// That is all.
    Done(Outcome),
    /// It is to be kept.
    Keep {
        crash: Box<report::Crash>,
        stop_sending: Option<Arc<str>>,
        key: Option<Key>,
    },
}

impl Collector {
    /// Begins a collector.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Takes a report: reads it, decides, stores, publishes. No HTTP server is needed.
    ///
    /// A report that is dropped while it is read leaves nothing behind. Once it is read it is stored, whether
    /// anybody still waits for the outcome or not.
    pub async fn submit<B>(&self, head: &http::request::Parts, body: B) -> Outcome
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<BodyError>,
    {
        self.submit_with_details(head, body).await.0
    }

    /// [`submit`](Collector::submit) that also tells what a log line and metrics need.
    pub async fn submit_with_details<B>(
        &self,
        head: &http::request::Parts,
        body: B,
    ) -> (Outcome, Details)
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<BodyError>,
    {
        let begin = Instant::now();
        let mut details = Details::default();
        let parsed = parse::parse(&head.headers, body, &self.0.parse).await;
        details.read_time = begin.elapsed();
        let report = match parsed {
            Ok(report) => report,
            Err(error) => return (self.0.not_parsed(error), details),
        };
        let now = self.0.environment.now();
        let outcome = match self.0.decide(report, head, now, &mut details) {
            Decision::Done(outcome) => outcome,
            Decision::Keep {
                crash,
                stop_sending,
                key,
            } => {
                let begin = Instant::now();
                let id = crash.id;
                // A task of its own, which goes on when the client hangs up: a report is stored
                // whole, and what is noted about it is true.
                let shared = self.0.clone();
                let work = self
                    .0
                    .running
                    .spawn(async move { shared.take_in(*crash, now, key).await });
                let taken = work.await.unwrap_or_else(|error| {
                    tracing::error!("crash {id} was lost on its way: {error}");
                    Taken::Lost
                });
                details.delivery_time = begin.elapsed();
                details.fate = taken.fate();
                self.0.outcome(&taken, id, stop_sending)
            }
        };
        (outcome, details)
    }

    /// Replaces the throttler; reports that are being read are decided on by the new one.
    pub fn set_throttler(&self, throttler: Arc<dyn Throttler>) {
        let mut current = self
            .0
            .throttler
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *current = throttler;
    }

    /// Delivers what is in the spool, the oldest first, now and whenever something comes to it, until
    /// `shutdown` is cancelled and what was begun is finished. Without a spool it only waits for that.
    ///
    /// To be run once beside whatever takes reports. It may be dropped at any time.
    pub async fn replay(&self, shutdown: CancellationToken) {
        match &self.0.spool {
            Some(spool) => {
                spool::replay(spool.clone(), self.0.delivery.clone(), shutdown).await;
            }
            None => shutdown.cancelled().await,
        }
    }

    /// Tries once to deliver each entry of the spool, the oldest first: for a person who empties it by
    /// hand, while no service runs on it. It stops when one after the other fails. `quarantined` puts the entries back in line first that were
    /// set aside.
    ///
    /// # Errors
    ///
    /// [`Error::NoSpool`]; [`Error::Spool`] when the disk does not allow it.
    pub async fn drain_spool(
        &self,
        quarantined: bool,
        shutdown: CancellationToken,
    ) -> Result<Drained, Error> {
        let spool = self.0.spool.as_ref().ok_or(Error::NoSpool)?;
        if quarantined {
            spool.release_quarantined().await?;
        }
        let patience = Patience {
            heed_breaker: false,
            ..self.0.patience
        };
        let delivery = self.0.delivery.clone();
        Ok(spool::drain(spool.clone(), delivery, patience, shutdown).await)
    }

    /// Waits until no report is being stored any more. For the end of a service, after it has stopped
    /// taking reports: a client that hung up does not end the work on its report.
    pub async fn finish(&self) {
        self.0.running.close();
        self.0.running.wait().await;
        self.0.running.reopen();
    }

    /// How reports are read.
    #[must_use]
    pub fn parse_options(&self) -> &parse::Options {
        &self.0.parse
    }
}

impl Shared {
    fn not_parsed(&self, error: ParseError) -> Outcome {
        match error {
            ParseError::Malformed(malformed) => Outcome::Malformed(malformed),
            ParseError::Body(BodyError::Timeout) => Outcome::Malformed(Malformed::Timeout),
            ParseError::Body(BodyError::TooLarge) => Outcome::Malformed(Malformed::TooLarge),
            // Nobody is there to read it.
            ParseError::Body(BodyError::Broken(_)) => {
                Outcome::Malformed(Malformed::InvalidPayloadStructure)
            }
            ParseError::Overloaded => try_later(),
            ParseError::Scratch(error) => {
                tracing::error!("a report is refused, its files cannot be kept: {error}");
                try_later()
            }
        }
    }

    fn decide(
        &self,
        mut report: Report,
        head: &http::request::Parts,
        now: Timestamp,
        details: &mut Details,
    ) -> Decision {
        let headers = &head.headers;
        report::apply_aliases(&mut report, &self.report);
        let user_agent = text(headers, USER_AGENT);
        let user_agent = user_agent.as_deref();
        self.describe(&report, details);
        if !may_bring(head, details.product.as_deref()) {
            return Decision::Done(Outcome::Unauthorized);
        }
        let verdict = self.throttle(&report, user_agent, now);
        details.rule = Some(verdict.rule.clone());
        details.result = Some(verdict.result);
        let authorization = headers.get(AUTHORIZATION).map(http::HeaderValue::as_bytes);
        let id = report::crash_id(&report, authorization, verdict.result, now, &self.report);
        let id = match id {
            Ok(id) => id,
            Err(Refused::UnauthorizedUuid) => return Decision::Done(Outcome::UnauthorizedUuid),
            Err(Refused::Malformed(malformed)) => {
                return Decision::Done(Outcome::Malformed(malformed));
            }
        };
        details.id = Some(id);
        let stop_sending = verdict.stop_sending.clone();
        match verdict.result {
            ThrottleResult::Accept | ThrottleResult::Defer => {}
            ThrottleResult::Reject => {
                let rule = verdict.rule;
                return Decision::Done(Outcome::Rejected { rule });
            }
            ThrottleResult::FakeAccept => {
                return Decision::Done(Outcome::Accepted { id, stop_sending });
            }
        }
        let key = self.key(&report, details);
        if let Some(earlier) = key.as_ref().and_then(|key| self.dedupe.as_ref()?.find(key)) {
            metrics::DEDUPED.count(&[]);
            details.id = Some(earlier);
            details.fate = Fate::Duplicate;
            return Decision::Done(Outcome::Accepted {
                id: earlier,
                stop_sending,
            });
        }
        let crash = report::assemble(report, id, &verdict, user_agent, now, &self.report);
        Decision::Keep {
            crash: Box::new(crash),
            stop_sending,
            key,
        }
    }

    fn throttle(&self, report: &Report, user_agent: Option<&str>, now: Timestamp) -> Verdict {
        let main = self.main_dump(report);
        let subject = Subject {
            annotations: &report.annotations,
            main_dump_size: main.map(|file| file.content.size()),
            main_dump_sha256: main.map(|file| file.sha256.as_str()),
            user_agent,
            now,
        };
        let throttler = self
            .throttler
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut draws = self.draws.lock().unwrap_or_else(PoisonError::into_inner);
        throttler.throttle(&subject, &mut *draws.0)
    }

    fn main_dump<'a>(&self, report: &'a Report) -> Option<&'a parse::ReportFile> {
        let mut files = report.files.iter();
        files.find(|file| file.name == self.parse.main_dump)
    }

    fn describe(&self, report: &Report, details: &mut Details) {
        details.payload = Some(report.payload);
        details.compressed = report.compressed;
        details.size = report.size;
        details.unpacked_size = report.unpacked_size;
        details.files = report.files.len();
        details.notes = report.notes.len();
        details.main_dump_size = self.main_dump(report).map(|file| file.content.size());
        let product = report.annotations.get("ProductName");
        details.product = product
            .and_then(serde_json::Value::as_str)
            .map(str::to_owned);
    }

    /// What tells the report from others, where that is asked for. A report that brings its own id is
    /// never taken for another one.
    fn key(&self, report: &Report, details: &Details) -> Option<Key> {
        self.dedupe.as_ref()?;
        if report.annotations.contains_key("uuid") {
            return None;
        }
        let main = self.main_dump(report)?;
        Some((main.sha256.clone(), details.product.clone()))
    }

    fn outcome(&self, taken: &Taken, id: CrashId, stop_sending: Option<Arc<str>>) -> Outcome {
        match taken {
            Taken::Kept(_) => Outcome::Accepted { id, stop_sending },
            Taken::Refused => try_later(),
            Taken::Lost => Outcome::NotStored,
        }
    }
}

/// Whether the upload token of a request, where one is demanded, is for the product of the report.
fn may_bring(head: &http::request::Parts, product: Option<&str>) -> bool {
    let allowed = head.extensions.get::<AllowedProducts>();
    allowed.is_none_or(|allowed| allowed.allows(product.unwrap_or("")))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn try_later() -> Outcome {
    let retry_after = Duration::from_secs(fastrand::u64(RETRY_AFTER));
    Outcome::TryLater { retry_after }
}
