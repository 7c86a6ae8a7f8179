//! Looking for crashes that were lost on the way.
//!
//! Messages get lost: a collector stores a report and is killed before it publishes the id; a queue
//! is emptied by mistake. What is left is a raw crash without a processed one. A [`Verifier`] finds
//! those of a day, and [`Backlog::republish`] publishes them again, to the standard lane, since
//! they were never processed. It may be repeated at any time: a crash that is in the queue twice is
//! processed twice, with the same result.
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//! use futures::TryStreamExt as _;
//! use socorro_core::{CrashId, Dumps, Environment, RawCrash, time::Date};
//! use socorro_processor::verify::{Finding, Verifier, VerifyOptions};
//! use socorro_storage::{CrashStorage, StorageOptions};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let storage = socorro_storage::open("memory:", StorageOptions::default())?;
//! let day = Date::constant(2026, 11, 23);
//! let id = CrashId::mint(day, 0);
//! storage.save_raw_crash(&id, &RawCrash::new(), &Dumps::new()).await?;
//!
//! let options = VerifyOptions { min_age: Duration::ZERO, ..VerifyOptions::default() };
//! let verifier = Verifier::with_options(storage, options, Environment::system());
//! let examined: Vec<_> = verifier.day(day).try_collect().await?;
//! assert_eq!(examined[0].id, id);
//! assert_eq!(examined[0].findings, [Finding::Unprocessed]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! A worker does this by itself when told how often
//! ([`WorkerOptions::verify_every`](crate::WorkerOptions::verify_every)).

mod backlog;
mod merge;
pub(crate) mod periodic;

use std::{fmt, sync::Arc, time::Duration};

use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use socorro_core::{
    CrashId, DumpName, Environment,
    time::{Date, Timestamp},
};
use socorro_storage::{Catalog, CrashStorage, Error, ErrorKind, Item};

pub use backlog::{Backlog, Republished};
use merge::{Candidate, merged};

/// How many crashes are looked at at the same time.
const CONCURRENT: usize = 16;

/// The settings of a [`Verifier`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyOptions {
    /// A raw crash that was stored less long ago may still be in work. Default: 1 h.
    pub min_age: Duration,
    /// How processed crashes are looked for.
    pub lookup: Lookup,
    /// Also look for processed crashes without a raw crash, and for dumps that are listed but not
    /// there: some ten requests for each crash. Default: no.
    pub deep: bool,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self {
            min_age: Duration::from_secs(60 * 60),
            lookup: Lookup::default(),
            deep: false,
        }
    }
}

/// How processed crashes are looked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lookup {
    /// In the list of all processed crashes, of all days, which is read once for each day that is
    /// verified. The faster way as long as a storage holds few days.
    #[default]
    Listing,
    /// One by one: a request for each raw crash of the day.
    EachCrash,
}

/// Something about a crash that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// It was never processed, or the result is gone.
    Unprocessed,
    /// It is not processed yet, and so young that it may be in work.
    Recent,
    /// There is a processed crash, but no raw crash.
    NoRawCrash,
    /// These dumps are listed but not there.
    MissingDumps(Vec<DumpName>),
    /// The list of its dumps cannot be read.
    DamagedDumpNames,
}

impl Finding {
    /// A word for it, for lists: `unprocessed`, `recent`, `no_raw_crash`, `missing_dumps`,
    /// `damaged_dump_names`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unprocessed => "unprocessed",
            Self::Recent => "recent",
            Self::NoRawCrash => "no_raw_crash",
            Self::MissingDumps(_) => "missing_dumps",
            Self::DamagedDumpNames => "damaged_dump_names",
        }
    }

    /// Whether somebody has to do something about it.
    #[must_use]
    pub fn is_problem(&self) -> bool {
        *self != Self::Recent
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unprocessed => f.write_str("was never processed"),
            Self::Recent => f.write_str("is not processed yet"),
            Self::NoRawCrash => f.write_str("has a processed crash but no raw crash"),
            Self::MissingDumps(names) => {
                let names: Vec<_> = names.iter().map(DumpName::as_str).collect();
                write!(f, "has lost dumps: {}", names.join(", "))
            }
            Self::DamagedDumpNames => f.write_str("has a list of dumps that cannot be read"),
        }
    }
}

/// A crash that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Examined {
    /// The crash.
    pub id: CrashId,
    /// What is not as it should be; mostly nothing.
    pub findings: Vec<Finding>,
}

/// Looks for crashes in a storage that are not as they should be. Writes nothing.
#[derive(Debug, Clone)]
pub struct Verifier {
    storage: Arc<dyn CrashStorage>,
    options: VerifyOptions,
    environment: Environment,
}

impl Verifier {
    /// A verifier with the default options and the clock of this machine.
    #[must_use]
    pub fn new(storage: Arc<dyn CrashStorage>) -> Self {
        Self::with_options(storage, VerifyOptions::default(), Environment::system())
    }

    /// A verifier with options and a clock of one's own.
    #[must_use]
    pub fn with_options(
        storage: Arc<dyn CrashStorage>,
        options: VerifyOptions,
        environment: Environment,
    ) -> Self {
        Self {
            storage,
            options,
            environment,
        }
    }

    /// Looks at all crashes of a day, in ascending order of their ids. However many there are, few
    /// are in memory at a time.
    ///
    /// An error ends the stream.
    pub fn day(&self, date: Date) -> BoxStream<'_, Result<Examined, Error>> {
        let raw = self.storage.list_raw(date, None);
        let candidates = if self.options.deep || self.options.lookup == Lookup::Listing {
            merged(raw, self.storage.list_processed(date, None))
        } else {
            raw.map_ok(Candidate::only_raw).boxed()
        };
        candidates
            .map(move |candidate| async move { self.examine(candidate?).await })
            .buffered(CONCURRENT)
            .boxed()
    }

    /// The crashes of a day that were never processed, and are not recent.
    ///
    /// An error ends the stream.
    pub fn unprocessed(&self, date: Date) -> BoxStream<'_, Result<CrashId, Error>> {
        self.day(date)
            .try_filter_map(|crash| async move {
                let unprocessed = crash.findings.contains(&Finding::Unprocessed);
                Ok(unprocessed.then_some(crash.id))
            })
            .boxed()
    }

    async fn examine(&self, candidate: Candidate) -> Result<Examined, Error> {
        let Candidate { id, raw, processed } = candidate;
        let mut findings = Vec::new();
        // What is not in a list may have come since the list was read.
        let processed = processed || self.storage.exists(&id, &Item::ProcessedCrash).await?;
        if !raw {
            if self.options.deep && !self.storage.exists(&id, &Item::RawCrash).await? {
                findings.push(Finding::NoRawCrash);
            }
        } else if !processed || self.options.deep {
            match self.storage.catalog(&id).await {
                Ok(catalog) => self.judge(catalog, &mut findings),
                Err(error) if error.kind() == ErrorKind::Corrupt => {
                    if !processed {
                        findings.push(Finding::Unprocessed);
                    }
                    findings.push(Finding::DamagedDumpNames);
                }
                Err(error) => return Err(error),
            }
        }
        if !self.options.deep {
            findings.retain(|finding| matches!(finding, Finding::Unprocessed | Finding::Recent));
        }
        Ok(Examined { id, findings })
    }

    fn judge(&self, catalog: Catalog, findings: &mut Vec<Finding>) {
        // Gone meanwhile, as a whole.
        let Some(raw) = catalog.get(&Item::RawCrash) else {
            return;
        };
        if catalog.get(&Item::ProcessedCrash).is_none() {
            findings.push(if self.is_recent(raw.modified) {
                Finding::Recent
            } else {
                Finding::Unprocessed
            });
        }
        if !catalog.missing.is_empty() {
            findings.push(Finding::MissingDumps(catalog.missing));
        }
    }

    fn is_recent(&self, stored: Timestamp) -> bool {
        let age = self.environment.now().duration_since(stored);
        // A time in the future is that of another clock.
        Duration::try_from(age).unwrap_or_default() < self.options.min_age
    }
}
