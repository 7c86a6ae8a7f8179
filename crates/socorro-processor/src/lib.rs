//! The crash processing pipeline: rules, rulesets, and the worker that drives them from a queue.
//!
//! A [`Crash`] goes through a [`Ruleset`], an ordered list of [`Rule`]s, inside a [`Pipeline`],
//! which does the bookkeeping and keeps a failing rule from harming the others. The built-in rules
//! are in [`rules`]; [`RulesetOptions::default_ruleset`](rules::RulesetOptions::default_ruleset) is
//! their table of contents. What they need from outside are a stackwalker, a generator of
//! signatures, and somebody who knows versions ([`version_lookup`]).
//!
//! ```
//! use std::sync::Arc;
//! use socorro_core::{CrashId, Dumps, Environment, RawCrash, time::Date};
//! use socorro_processor::{Crash, Pipeline};
//! use socorro_signature::SignatureGenerator;
//! use socorro_stackwalk::InProcessStackwalker;
//!
//! # tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
//! let pipeline = Pipeline::new(Environment::system()).with_default_rulesets(
//!     Arc::new(InProcessStackwalker::new()),
//!     &Arc::new(SignatureGenerator::default()),
//! );
//!
//! let id = CrashId::mint(Date::constant(2026, 11, 23), 0);
//! let mut raw = RawCrash::new();
//! raw.set("ProductName", "Firefox");
//! let crash = pipeline.run("default", Crash::new(id, raw, Dumps::new())).await?;
//!
//! assert_eq!(crash.processed.text("product"), Some("Firefox"));
//! assert_eq!(crash.processed.signature(), Some("EMPTY: no frame data available"));
//! # Ok::<(), socorro_processor::Error>(())
//! # }).unwrap();
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! | Feature | What it adds |
//! |---|---|
//! | `cases` | `case`: crashes written down as JSON, to try rules on |
//! | `http-versions` | [`version_lookup`] over HTTP(S) |
//! | `ruleset-files` | `ruleset_file`: rulesets from a TOML file, without Rust |
//! | `testkit` | `testing`: helpers for tests of rules |

#![forbid(unsafe_code)]

#[cfg(feature = "cases")]
pub mod case;
mod crash;
pub mod destinations;
mod error;
#[cfg(any(feature = "http-versions", feature = "webhook"))]
mod http;
mod metrics;
mod pipeline;
mod rule;
pub mod rules;
mod ruleset;
#[cfg(feature = "ruleset-files")]
pub mod ruleset_file;
#[cfg(any(test, feature = "testkit"))]
pub mod testing;
pub mod values;
pub mod verify;
pub mod version_lookup;
mod worker;

pub use crash::Crash;
pub use destinations::{Destination, Destinations};
pub use error::Error;
pub use metrics::METRICS;
pub use pipeline::{GIVEN_FIELDS, Pipeline};
pub use rule::{AsyncRule, Item, Rule, RuleError, RuleInfo};
pub use ruleset::Ruleset;
use socorro_core::suggestion;
pub use suggestion::nearest;
pub use worker::{
    CrashInWork, DestinationStatus, Failure, Phase, ProcessedLately, Stage, StageTimes, Status,
    Summary, Trouble, Worker, WorkerOptions,
};
