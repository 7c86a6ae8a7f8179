//! Minidump in, symbolicated stackwalk JSON out.
//!
//! The document equals that of the reference program, Mozilla's `minidump-stackwalk` 0.27.0; it is the field
//! `json_dump` of a processed crash.
//!
//! ```
//! use serde_json::Map;
//! use socorro_stackwalk::{InProcessStackwalker, SymbolSource, SymbolStore};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! // Symbols lie as NAME/ID/NAME.sym under a directory; with the feature `http`, servers are given by URL.
//! let symbols = SymbolStore::new([SymbolSource::directory(directory.path())?]);
//! let walker = InProcessStackwalker::new().symbols(symbols);
//!
//! let annotations = Map::new();
//! match walker.stackwalk(b"not a minidump".to_vec(), &annotations).await {
//!     Ok(stackwalk) => println!("{}", stackwalk.to_text()),
//!     Err(error) => assert_eq!(error.name(), "MissingHeader"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Layers
//!
//! * [`Stackwalker`]: what a processor knows.
//! * [`InProcessStackwalker`]: walks on a thread of its own, behind a panic fence, with a deadline that leaves a partial
//!   result, after minidumps that would harm their reader were disarmed.
//! * `WalkerPool` (feature `pool`): walks in child processes, so that a minidump that ends its walker harms nobody else.
//! * [`SymbolStore`]: symbols shared by all walks, fetched and parsed once, within a memory bound, from
//!   [`SymbolSource`]s: directories, symbol servers, buckets, or [one's own](FetchSymbols).
//! * [`SymbolCache`]: the same on disk, within bounds, shared by all processes of a machine.
//! * [`Walked`], [`Stackwalk`], [`TextReport`]: the result as it is written, for programs, and for people.
//! * [`StackwalkView`], [`SymbolicationView`]: stored results, by name.
//!
//! # Features
//!
//! * `disasm` (default): disassembles the crashing instruction of amd64 dumps, for the fields `instruction`,
//!   `memory_accesses`, `possible_bit_flips` and others.
//! * `http`: symbol servers.
//! * `object-store`: symbols in buckets and other object stores.
//! * `debug-info`: symbols made from debug information in directories.
//! * `debuginfod`: the same from debuginfod servers.
//! * `pool`: walks in child processes (Unix).
//! * `testkit`: comparison of stackwalk documents and of symbols; walkers in child processes that fail when told to.

mod annotations;
mod dump;
mod error;
mod fence;
mod in_process;
mod json;
mod map;
mod metrics;
mod modules;
#[cfg(all(unix, feature = "pool"))]
pub mod pool;
mod report;
mod symbolication;
mod symbols;
#[cfg(feature = "testkit")]
pub mod testkit;
mod text;
mod walked;
mod walker;

pub use error::WalkError;
pub use in_process::InProcessStackwalker;
pub use metrics::METRICS;
pub use modules::modules;
#[cfg(all(unix, feature = "pool"))]
pub use pool::WalkerPool;
pub use report::{Frame, ModuleReport, Stackwalk, StackwalkView, SymbolStatus, Thread};
pub use symbolication::{CauseView, Reason as UnnamedReason, SymbolicationView};
#[cfg(feature = "debuginfod")]
pub use symbols::DebuginfodSource;
#[cfg(feature = "debug-info")]
pub use symbols::LocalDebugInfo;
#[cfg(feature = "object-store")]
pub use symbols::ObjectSource;
pub use symbols::{
    AddressSymbols, CacheOptions, CacheStatus, CodeName, CorruptSymbols, DirectorySource, Download,
    Downloaded, FetchSymbols, FoundSymbols, IndexBuilder, IndexError, InlinedFunction,
    MissingSymbols, ModuleName, Pruned, SymbolCache, SymbolContent, SymbolError, SymbolFile,
    SymbolFileError, SymbolIndex, SymbolLookup, SymbolName, SymbolRecords, SymbolRequest,
    SymbolSource, SymbolStore, SymbolStoreBuilder, Verified,
};
#[cfg(feature = "http")]
pub use symbols::{HttpOptions, HttpSource};
pub use text::TextReport;
pub use walked::{Partial, Walked};
pub use walker::{DumpSource, Stackwalker, WalkOutcome, WalkOutput, WalkRequest};
