//! Destinations: whoever gets every processed crash besides the main storage.
//!
//! ```text
//! save in main storage ──▶ all destinations at the same time ──▶ ack
//!                              │ did not take it
//!                              ▼
//!                    outbox/{destination}/{crash id}  ──▶ sweep ──▶ the destination
//! ```
//!
//! The main storage comes first. Then every destination gets the crash, each with tries and a
//! time limit of its own. One that fails keeps nobody: the crash is noted for it in main storage,
//! and the sweep of a running worker sends what is noted, until it is taken. So the notes are the
//! ledger: what has none has taken the crash.
//!
//! | Destination | Gets |
//! |---|---|
//! | [`StorageCopy`] | the processed crash, into another storage |
//! | [`TelemetryCopy`] | the small public report for telemetry, into another storage |
//! | [`MissingSymbolsIndex`] | a note for each module whose symbols it lacked, beside the crashes |
//! | [`JsonLines`] | a line in a file or on standard output |
//! | `Webhook` (feature `webhook`) | a POST request |
//!
//! # What is promised
//!
//! A destination gets every crash **at least once**, and the result in main storage **last**:
//!
//! * A worker acks only when every required destination took the crash or the note is durable.
//!   Killed before that, the crash is delivered and processed once more.
//! * After a worker is done, it looks whether its result is still the one in main storage. If not,
//!   an older one may have reached a destination after a newer one: the crash is noted for all.
//! * The sweep sets a note aside before it reads the crash, under a key that nobody else writes. So
//!   a note that a worker writes meanwhile, about a newer result, is another one and stays.
//!
//! Notes about a crash go away when a later run of it is taken, but for those that a sweep has set
//! aside: they cost sending the crash once more.

mod copy;
mod deliver;
mod error;
mod json_lines;
mod ledger;
mod missing_symbols;
mod offer;
mod options;
mod sweep;
mod telemetry;
#[cfg(feature = "webhook")]
mod webhook;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use socorro_core::{CrashId, ProcessedCrash, schema::Schema};
use socorro_storage::DocumentFolder;

pub use copy::StorageCopy;
pub use error::DestinationError;
pub use json_lines::JsonLines;
pub use missing_symbols::MissingSymbolsIndex;
pub use options::DestinationOptions;
pub use sweep::SweepSummary;
pub use telemetry::TelemetryCopy;
#[cfg(feature = "webhook")]
pub use webhook::Webhook;

use crate::worker::DestinationStatus;
pub(crate) use deliver::{NotNoted, Saved};
use offer::Health;

/// Takes processed crashes.
///
/// ```
/// use socorro_core::{CrashId, ProcessedCrash};
/// use socorro_processor::destinations::{Destination, DestinationError};
///
/// /// Prints signatures.
/// #[derive(Debug)]
/// struct Console;
///
/// impl std::fmt::Display for Console {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         f.write_str("console")
///     }
/// }
///
/// #[async_trait::async_trait]
/// impl Destination for Console {
///     async fn take(&self, id: &CrashId, crash: &ProcessedCrash) -> Result<(), DestinationError> {
///         println!("{id} {}", crash.signature().unwrap_or_default());
///         Ok(())
///     }
/// }
/// ```
///
/// `Display` names it without secrets; it is fit for logs.
#[async_trait]
pub trait Destination: fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// Takes a processed crash, for good when it returns. The same crash may come again, with the
    /// same or with a newer result.
    ///
    /// A call that is dropped half-way, because it takes too long or the worker has to stop, is
    /// repeated later.
    ///
    /// # Errors
    ///
    /// [`DestinationError::is_temporary`] says whether the same crash may be taken in a moment.
    async fn take(&self, id: &CrashId, crash: &ProcessedCrash) -> Result<(), DestinationError>;
}

/// How much of a processed crash a destination gets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// Only what everybody may see, by the [schema](Schema::processed_crash).
    #[default]
    Public,
    /// Everything, personal data included.
    Everything,
}

impl Content {
    /// That part of a crash, as stored JSON.
    fn of(self, crash: &ProcessedCrash) -> Vec<u8> {
        match self {
            Self::Public => {
                let public = Schema::processed_crash().redact(crash.as_map());
                ProcessedCrash::from(public.document).to_json()
            }
            Self::Everything => crash.to_json(),
        }
    }
}

/// All destinations of a worker. Cloning gives another handle on the same ones.
///
/// ```
/// use std::sync::Arc;
/// use socorro_processor::destinations::{DestinationOptions, Destinations, TelemetryCopy};
/// use socorro_storage::{StorageOptions, open};
///
/// let telemetry = open("memory:", StorageOptions::default())?;
/// let destinations = Destinations::none().with(
///     "telemetry",
///     Arc::new(TelemetryCopy::to(telemetry)),
///     DestinationOptions { required: false, ..DestinationOptions::default() },
/// )?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Destinations(Vec<Arc<Entry>>);

/// A destination and everything that is known about it.
#[derive(Debug)]
struct Entry {
    name: String,
    /// Where its notes are.
    outbox: DocumentFolder,
    destination: Arc<dyn Destination>,
    options: DestinationOptions,
    health: Health,
    counters: Counters,
}

/// What has become of crashes at a destination, since it was added to [`Destinations`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DestinationCounts {
    /// Taken when they were processed.
    pub taken: u64,
    /// Not taken then, and noted.
    pub noted: u64,
    /// Not taken then, and not noted either: only where the destination is not required.
    pub lost: u64,
    /// Taken later, by the sweep.
    pub taken_later: u64,
}

#[derive(Debug, Default)]
struct Counters {
    taken: AtomicU64,
    noted: AtomicU64,
    lost: AtomicU64,
    taken_later: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Destinations {
    /// No destination: crashes are in main storage only.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a destination. The name tells its notes from those of others, also in later runs of
    /// the program.
    ///
    /// # Errors
    ///
    /// [`DestinationError::InvalidName`] unless the name is 1 to 64 ASCII letters, digits, `_` or
    /// `-`, and not taken.
    pub fn with(
        mut self,
        name: &str,
        destination: Arc<dyn Destination>,
        options: DestinationOptions,
    ) -> Result<Self, DestinationError> {
        let invalid = |reason: String| DestinationError::InvalidName { reason };
        let outbox = DocumentFolder::outbox(name).map_err(|error| invalid(error.to_string()))?;
        if self.0.iter().any(|entry| entry.name == name) {
            return Err(invalid(format!("there are two destinations named {name}")));
        }
        self.0.push(Arc::new(Entry {
            name: name.to_owned(),
            outbox,
            destination,
            options,
            health: Health::default(),
            counters: Counters::default(),
        }));
        Ok(self)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How each destination is doing.
    pub(crate) fn status(&self) -> Vec<DestinationStatus> {
        let counts = self.counts().map(|(_, counts)| counts);
        let entries = self.0.iter().zip(counts);
        let status = entries.map(|(entry, counts)| DestinationStatus {
            name: entry.name.clone(),
            required: entry.options.required,
            counts,
            rests_for: entry.health.rest(),
        });
        status.collect()
    }

    /// What has become of crashes at each destination, by name.
    pub fn counts(&self) -> impl Iterator<Item = (&str, DestinationCounts)> {
        self.0.iter().map(|entry| {
            let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
            let Counters {
                taken,
                noted,
                lost,
                taken_later,
            } = &entry.counters;
            let counts = DestinationCounts {
                taken: of(taken),
                noted: of(noted),
                lost: of(lost),
                taken_later: of(taken_later),
            };
            (entry.name.as_str(), counts)
        })
    }
}

/// The names and what is behind them.
impl fmt::Display for Destinations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        for (index, entry) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{}={}", entry.name, entry.destination)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use socorro_storage::{StorageOptions, open};

    fn copy() -> Arc<dyn Destination> {
        let storage = open("memory:", StorageOptions::default()).unwrap();
        Arc::new(StorageCopy::to(storage))
    }

    #[test]
    fn a_name_has_to_be_one_and_one_of_its_own() {
        let add = |destinations: Destinations, name: &str| {
            destinations.with(name, copy(), DestinationOptions::default())
        };
        for name in ["", "..", "a/b", "a b"] {
            let error = add(Destinations::none(), name).unwrap_err();
            assert!(
                matches!(error, DestinationError::InvalidName { .. }),
                "{error}"
            );
        }
        let one = add(Destinations::none(), "one").unwrap();
        let error = add(one.clone(), "one").unwrap_err();
        assert_eq!(
            error.to_string(),
            "bad name of a destination: there are two destinations named one"
        );
        let both = add(one, "other").unwrap();
        assert_eq!(both.to_string(), "one=memory:, other=memory:");
    }

    #[test]
    fn public_content_is_the_default_and_hides_what_is_private() {
        let mut crash = ProcessedCrash::new();
        crash.set("uptime", 5);
        crash.set("user_comments", "private");
        assert_eq!(Content::default().of(&crash), br#"{"uptime": 5}"#);
        let everything: serde_json::Value =
            serde_json::from_slice(&Content::Everything.of(&crash)).unwrap();
        assert_eq!(everything, json!({"uptime": 5, "user_comments": "private"}));
    }
}
