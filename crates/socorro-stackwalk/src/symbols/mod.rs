//! Breakpad symbols: where they lie, how they are kept, and what one crash found of them.
//!
//! | layer | life | task |
//! |---|---|---|
//! | [`SymbolSource`] | program | knows where the bytes of a symbol file lie |
//! | [`SymbolStore`] | program, shared by all walks | fetches and indexes each file once, keeps it within a bound, remembers misses |
//! | [`SymbolIndex`] | shared by all walks | answers look-ups in one symbol file |
//! | `CrashSymbols` | one walk | answers the walk from the store and records what *this* crash looked up |

mod cache;
mod crash;
mod directory;
mod error;
#[cfg(feature = "http")]
mod http;
mod index;
mod lookup;
mod lru;
mod name;
mod parse;
mod source;
mod store;

#[cfg(feature = "http")]
pub use self::http::{HttpOptions, HttpSource};
pub(crate) use crash::CrashSymbols;
pub use directory::DirectorySource;
pub use error::SymbolError;
#[cfg(feature = "testkit")]
pub(crate) use index::reference;
pub use index::{CorruptSymbols, IndexBuilder, IndexError, SymbolFileError, SymbolIndex};
pub(crate) use lookup::ModuleSymbols;
pub use lookup::{MissingSymbols, SymbolLookup};
pub use name::{CodeName, ModuleName, SymbolName};
pub use source::{FetchSymbols, FoundSymbols, SymbolContent, SymbolSource};
pub use store::{SymbolStore, SymbolStoreBuilder};
