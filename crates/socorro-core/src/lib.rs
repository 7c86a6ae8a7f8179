//! The vocabulary of socorro: what a crash *is*, with no I/O and no runtime.
//!
//! | Type | What it is |
//! |---|---|
//! | [`CrashId`] | the one name of a crash; parses or does not exist |
//! | [`RawCrash`] | the annotations a crash reporter sent |
//! | [`Dumps`], [`Dump`], [`DumpName`] | the minidumps and other files beside them |
//! | [`ProcessedCrash`] | what the pipeline makes of both |
//! | [`schema::Schema`] | every field: types, permission, where it comes from |
//! | [`telemetry`] | the small public report made of a processed crash |
//! | [`json`] | the tolerant reader and the written forms |
//! | [`metric`] | how the libraries describe the metrics that they emit |
//! | [`time`], [`Environment`] | the clock and the host name, injectable |
//! | [`suggestion`] | what a mistyped name was probably meant to be |
//! | [`Clean`] | text from strangers, made safe to look at |
//!
//! A third-party storage or queue backend needs this crate and the one with its trait.
//!
//! ```
//! use socorro_core::{CrashId, RawCrash, time::Date};
//!
//! let id = CrashId::mint(Date::constant(2026, 11, 23), 0);
//! let mut crash = RawCrash::new();
//! crash.set("uuid", id.as_str());
//! crash.set("ProductName", "Firefox");
//!
//! let stored = crash.to_json();
//! assert_eq!(RawCrash::from_json(&stored)?.crash_id()?, id);
//! # Ok::<(), socorro_core::Error>(())
//! ```

#![forbid(unsafe_code)]

mod clean;
mod crash_id;
mod document;
mod dump;
mod environment;
mod error;
pub mod json;
pub mod metric;
mod processed_crash;
mod raw_crash;
pub mod schema;
mod sources;
pub mod suggestion;
pub mod telemetry;
pub mod time;

pub use clean::Clean;
pub use crash_id::CrashId;
pub use dump::{Dump, DumpName, Dumps};
pub use environment::Environment;
pub use error::{Error, InvalidCrashIdReason};
pub use processed_crash::ProcessedCrash;
pub use raw_crash::RawCrash;
pub use sources::{innermost_source, with_sources};
