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
//! * [`InProcessStackwalker`]: walks on a thread of its own, behind a panic fence, with a deadline, after minidumps that
//!   would harm their reader were disarmed.
//! * [`SymbolStore`]: symbols shared by all walks, fetched and parsed once, within a memory bound, from
//!   [`SymbolSource`]s: directories, symbol servers, or [one's own](FetchSymbols).
//! * [`Stackwalk`], [`TextReport`]: the result for programs and for people.
//!
//! # Features
//!
//! * `disasm` (default): disassembles the crashing instruction of amd64 dumps, for the fields `instruction`,
//!   `memory_accesses`, `possible_bit_flips` and others.
//! * `http`: symbol servers.
//! * `testkit`: comparison of stackwalk documents and of symbols.

mod annotations;
mod dump;
mod error;
mod fence;
mod in_process;
mod json;
mod map;
mod metrics;
mod report;
mod symbols;
#[cfg(feature = "testkit")]
pub mod testkit;
mod text;
mod walker;

pub use error::WalkError;
pub use in_process::InProcessStackwalker;
pub use metrics::METRICS;
pub use report::{Frame, ModuleReport, Stackwalk, SymbolStatus, Thread};
pub use symbols::{
    CodeName, CorruptSymbols, DirectorySource, FetchSymbols, FoundSymbols, IndexBuilder,
    IndexError, MissingSymbols, ModuleName, SymbolContent, SymbolError, SymbolFileError,
    SymbolIndex, SymbolLookup, SymbolName, SymbolSource, SymbolStore, SymbolStoreBuilder,
};
#[cfg(feature = "http")]
pub use symbols::{HttpOptions, HttpSource};
pub use text::TextReport;
pub use walker::{DumpSource, Stackwalker, WalkOutcome, WalkOutput, WalkRequest};
