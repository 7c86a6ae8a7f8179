//! Sources and bounds of a store.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::{Shared, SymbolStore};
use crate::symbols::cache::SymbolCache;
use crate::symbols::memory::MemoryCache;
use crate::symbols::source::SymbolSource;

/// Share of the memory for answers about code ids, which are small.
const IDENTITIES_CAPACITY: u64 = 8 << 20;

/// How many answers about code ids are kept.
const IDENTITIES: usize = 8192;

#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) capacity: u64,
    pub(super) most_files: usize,
    pub(super) largest_file: u64,
    pub(super) downloads: usize,
    pub(super) not_found_for: Duration,
    pub(super) failed_for: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            capacity: 2 << 30,
            most_files: 4096,
            largest_file: 4 << 30,
            downloads: 32,
            not_found_for: Duration::from_secs(5 * 60),
            failed_for: Duration::from_secs(10),
        }
    }
}

/// Sources and bounds of a [`SymbolStore`].
#[derive(Debug, Default)]
pub struct SymbolStoreBuilder {
    sources: Vec<SymbolSource>,
    cache: Option<SymbolCache>,
    settings: Settings,
}

impl SymbolStoreBuilder {
    /// Adds a source, asked after those added before.
    #[must_use]
    pub fn source(mut self, source: SymbolSource) -> Self {
        self.sources.push(source);
        self
    }

    /// Adds sources, asked in their order after those added before.
    #[must_use]
    pub fn sources(mut self, sources: impl IntoIterator<Item = SymbolSource>) -> Self {
        self.sources.extend(sources);
        self
    }

    /// Keeps downloaded files, and the indexes of all files, in a directory. Default: in memory.
    ///
    /// The cache is looked at before the first source that is not [local](crate::FetchSymbols::is_local). What it has
    /// is taken to be what any of these would give.
    #[must_use]
    pub fn cache(mut self, cache: SymbolCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Bounds the memory for symbols, in bytes; also the size of a download that cannot be kept on disk. Default: 2 GiB.
    ///
    /// Symbols in use by a walk stay in memory until it ends, even if the store has let go of them. Of files that are
    /// mapped into memory a share counts, for those pages that are likely to be in use.
    #[must_use]
    pub fn capacity(mut self, bytes: u64) -> Self {
        self.settings.capacity = bytes;
        self
    }

    /// Bounds the number of symbol files that are kept open, or known not to be had. Default: 4096; each may take two
    /// mappings, of which Linux allows 65530 to a process.
    #[must_use]
    pub fn most_files(mut self, number: usize) -> Self {
        self.settings.most_files = number;
        self
    }

    /// Bounds the size of one symbol file, in bytes. Default: 4 GiB.
    #[must_use]
    pub fn largest_file(mut self, bytes: u64) -> Self {
        self.settings.largest_file = bytes;
        self
    }

    /// Bounds how many files are asked for and downloaded at once. Default: 32.
    #[must_use]
    pub fn downloads(mut self, number: usize) -> Self {
        self.settings.downloads = number.max(1);
        self
    }

    /// How long to remember that remote sources do not have a file. Default: 5 minutes.
    #[must_use]
    pub fn not_found_for(mut self, duration: Duration) -> Self {
        self.settings.not_found_for = duration;
        self
    }

    /// How long to leave a file alone after a source failed, or the file turned out corrupt. Default: 10 seconds.
    #[must_use]
    pub fn failed_for(mut self, duration: Duration) -> Self {
        self.settings.failed_for = duration;
        self
    }

    /// The store.
    pub fn build(self) -> SymbolStore {
        let Settings {
            capacity,
            most_files,
            downloads,
            ..
        } = self.settings;
        let readers = thread::available_parallelism().map_or(1, usize::from);
        SymbolStore {
            shared: Arc::new(Shared {
                sources: self.sources,
                cache: self.cache,
                settings: self.settings,
                symbols: Arc::new(MemoryCache::new(capacity, most_files)),
                identities: Arc::new(MemoryCache::new(IDENTITIES_CAPACITY, IDENTITIES)),
                readers: Arc::new(Semaphore::new(readers)),
                downloads: Semaphore::new(downloads.min(Semaphore::MAX_PERMITS)),
            }),
        }
    }
}
