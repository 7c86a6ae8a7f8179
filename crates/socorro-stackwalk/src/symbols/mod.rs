//! Breakpad symbols: where they lie, how they are kept, and what one crash found of them.
//!
//! | layer | life | task |
//! |---|---|---|
//! | [`SymbolSource`] | program | knows where the bytes of a symbol file lie |
//! | [`SymbolStore`] | program, shared by all walks | fetches and parses each file once, keeps it within a bound, remembers misses |
//! | `CrashSymbols` | one walk | answers the walk from the store and records what *this* crash looked up |

mod cache;
mod crash;
mod directory;
mod error;
#[cfg(feature = "http")]
mod http;
mod lru;
mod name;
mod parse;
mod source;
mod store;

#[cfg(feature = "http")]
pub use self::http::{HttpOptions, HttpSource};
pub(crate) use crash::{CrashSymbols, ModuleSymbols};
pub use directory::DirectorySource;
pub use error::SymbolError;
pub use name::{CodeName, ModuleName, SymbolName};
pub use source::{FetchSymbols, FoundSymbols, SymbolContent, SymbolSource};
pub use store::{SymbolLookup, SymbolStore, SymbolStoreBuilder};
