//! socorro: crash processing for everyone.
//!
//! Crash reports (annotations and minidumps) go in; symbolicated stacks, a crash signature and a
//! clean, permission-marked *processed crash* come out. This crate is the front door: it re-exports
//! the library crates, so that embedding is one line in `Cargo.toml`.
//!
//! | Module | What it does | Feature |
//! |---|---|---|
//! | [`core`] | crash ids, raw and processed crashes, the schema | always |
//! | [`storage`] | keeps crashes: files, memory, `s3` | `storage` |
//! | [`queue`] | tells processors what to do: memory, `sqlite` | `queue` |
//! | [`stackwalk`] | minidump in, stackwalk JSON out; `http-symbols`, `object-symbols`, `debug-info`, `debuginfod`, `walker-pool` | `stackwalk` |
//! | `report` | a processed crash for people: text, a page | `report` |
//! | `collector` | takes crash reports over HTTP, loses none | `collector`, `symbol-upload` |
//! | `crash_stats` | a client of Crash Stats, and the language of its searches | `crash-stats` |
//! | [`signature`] | the text that groups a crash with its like | `signature` |
//! | [`processor`] | rules, rulesets, pipeline, worker; `ruleset-files`, `http-versions` | `processor` |
//!
//! The default features are `processor` and `sqlite`. Process a minidump:
//!
//! ```
//! use std::sync::Arc;
//! use socorro::prelude::*;
//!
//! # tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
//! let symbols = SymbolStore::empty(); // or SymbolStore::new([SymbolSource::directory("symbols")?])
//! let pipeline = Pipeline::new(Environment::system()).with_default_rulesets(
//!     Arc::new(InProcessStackwalker::new().symbols(symbols)),
//!     &Arc::new(SignatureGenerator::default()),
//! );
//!
//! let id = CrashId::mint(Date::constant(2026, 11, 23), 0);
//! let minidump = b"not much of a minidump".to_vec();
//! let dumps = Dumps::from_iter([(DumpName::main(), Dump::from(minidump))]);
//! let crash = pipeline.run("default", Crash::new(id, RawCrash::new(), dumps)).await?;
//!
//! assert_eq!(crash.processed.text("mdsw_status_string"), Some("MissingHeader"));
//! # Ok::<(), socorro::processor::Error>(())
//! # }).unwrap();
//! # Ok::<(), std::io::Error>(())
//! ```

#![forbid(unsafe_code)]

#[cfg(feature = "collector")]
pub use socorro_collector as collector;
pub use socorro_core as core;
#[cfg(feature = "crash-stats")]
pub use socorro_crash_stats as crash_stats;
#[cfg(feature = "processor")]
pub use socorro_processor as processor;
#[cfg(feature = "queue")]
pub use socorro_queue as queue;
#[cfg(feature = "report")]
pub use socorro_report as report;
#[cfg(feature = "signature")]
pub use socorro_signature as signature;
#[cfg(feature = "stackwalk")]
pub use socorro_stackwalk as stackwalk;
#[cfg(feature = "storage")]
pub use socorro_storage as storage;

/// What nearly every program that embeds socorro needs.
pub mod prelude {
    pub use socorro_core::{
        CrashId, Dump, DumpName, Dumps, Environment, ProcessedCrash, RawCrash, time::Date,
    };
    #[cfg(feature = "processor")]
    pub use socorro_processor::{
        AsyncRule, Crash, Destination, Destinations, Item, Pipeline, Rule, RuleError, RuleInfo,
        Ruleset, Worker, WorkerOptions, rules::RulesetOptions, verify::Verifier,
    };
    #[cfg(feature = "queue")]
    pub use socorro_queue::{CrashQueue, Job, Lane, QueueOptions};
    #[cfg(feature = "signature")]
    pub use socorro_signature::SignatureGenerator;
    #[cfg(feature = "stackwalk")]
    pub use socorro_stackwalk::{InProcessStackwalker, Stackwalker, SymbolSource, SymbolStore};
    #[cfg(feature = "storage")]
    pub use socorro_storage::{CrashStorage, StorageOptions};
}
