//! Breakpad symbols: where they lie, how they are kept, and what one crash found of them.
//!
//! | layer | life | task |
//! |---|---|---|
//! | [`SymbolSource`] | program | knows where the bytes of a symbol file lie |
//! | [`SymbolStore`] | program, shared by all walks | fetches and indexes each file once, keeps it within a bound, remembers misses |
//! | [`SymbolIndex`] | shared by all walks | answers look-ups in one symbol file |
//! | `CrashSymbols` | one walk | answers the walk from the store and records what *this* crash looked up |

mod address;
mod cache;
mod crash;
mod directory;
mod download;
mod error;
mod file;
#[cfg(feature = "http")]
mod http;
mod index;
mod lookup;
mod lru;
mod memory;
mod name;
#[cfg(feature = "object-store")]
mod object;
mod source;
mod store;

#[cfg(feature = "http")]
pub use self::http::{HttpOptions, HttpSource};
pub use address::{AddressSymbols, InlinedFunction};
pub use cache::{CacheOptions, CacheStatus, Pruned, SymbolCache, Verified};
pub(crate) use crash::{CrashSymbols, LookedUpSymbols};
pub use directory::DirectorySource;
pub use download::{Download, Downloaded};
pub use error::SymbolError;
pub use file::{SymbolFile, SymbolRecords};
pub use index::{CorruptSymbols, IndexBuilder, IndexError, SymbolFileError, SymbolIndex};
pub(crate) use lookup::{LookUpSymbols, ModuleSymbols};
pub use lookup::{MissingSymbols, SymbolLookup};
#[cfg(all(unix, feature = "pool"))]
pub(crate) use memory::{Made, MemoryCache};
pub use name::{CodeName, ModuleName, SymbolName};
#[cfg(feature = "object-store")]
pub use object::ObjectSource;
pub use source::{FetchSymbols, FoundSymbols, SymbolContent, SymbolRequest, SymbolSource};
pub use store::{SymbolStore, SymbolStoreBuilder};
