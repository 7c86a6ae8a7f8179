//! Symbols shared by all walks of a program.

use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Semaphore;
use tracing::{debug, warn};

use super::cache::{Cache, Made};
use super::error::SymbolError;
use super::lookup::{LookUpSymbols, MissingSymbols, ModuleSymbols, SymbolLookup};
use super::name::{CodeName, ModuleName, SymbolName};
use super::parse::{self, ParseFailure};
use super::source::{FoundSymbols, SymbolContent, SymbolSource};
use crate::metrics;

/// What a cached value weighs apart from its symbols: names, reasons, bookkeeping.
const ENTRY_WEIGHT: u64 = 1024;

/// Share of the cache for answers about code ids, which are small.
const IDENTITIES_CAPACITY: u64 = 8 << 20;

/// Symbols shared by all walks of a program: fetched once, parsed once, kept within a bound.
///
/// Cloning gives another handle to the same store. What one crash looked up is no business of the next: the store counts
/// lookups ([`METRICS`](crate::METRICS)), and keeps nothing about who asked for what.
///
/// ```
/// use socorro_stackwalk::{SymbolSource, SymbolStore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = SymbolStore::builder()
///     .source(SymbolSource::directory(std::env::temp_dir())?)
///     .capacity(512 << 20)
///     .build();
/// assert_eq!(store.weight(), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SymbolStore {
    shared: Arc<Shared>,
}

struct Shared {
    sources: Vec<SymbolSource>,
    settings: Settings,
    symbols: Arc<Cache<SymbolName, SymbolLookup>>,
    identities: Arc<Cache<CodeName, Option<SymbolName>>>,
    /// Bounds how many files are parsed at once, and so the memory and the processors that this takes.
    parsers: Arc<Semaphore>,
}

#[derive(Clone, Copy, Debug)]
struct Settings {
    capacity: u64,
    largest_file: u64,
    not_found_for: Duration,
    failed_for: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            capacity: 2 << 30,
            largest_file: 4 << 30,
            not_found_for: Duration::from_secs(5 * 60),
            failed_for: Duration::from_secs(10),
        }
    }
}

impl SymbolStore {
    /// A store to be told its sources and bounds.
    pub fn builder() -> SymbolStoreBuilder {
        SymbolStoreBuilder::default()
    }

    /// A store without sources: all walks go without symbols.
    pub fn empty() -> Self {
        Self::builder().build()
    }

    /// A store over `sources`, asked in this order, with default bounds.
    pub fn new(sources: impl IntoIterator<Item = SymbolSource>) -> Self {
        Self::builder().sources(sources).build()
    }

    /// Bytes that the symbols in memory take, as estimated.
    pub fn weight(&self) -> u64 {
        self.shared.symbols.weight()
    }

    /// Finds the symbols of a module. Must be called within a tokio runtime.
    pub async fn lookup(&self, module: &ModuleName) -> Arc<SymbolLookup> {
        self.look_up(module).await.lookup
    }

    async fn by_name(&self, name: SymbolName, module: &ModuleName) -> Arc<SymbolLookup> {
        let wanted = name.clone();
        let mut was_there = true;
        let make = || {
            was_there = false;
            let (shared, module) = (Arc::clone(&self.shared), module.clone());
            async move { shared.load(&wanted, &module).await }
        };
        let found = self.shared.symbols.get_or_make(name, make).await;
        let found = found.unwrap_or_else(|| {
            missing(MissingSymbols::Unavailable {
                reason: "the task that was loading them ended early".to_owned(),
            })
        });
        if was_there {
            metrics::count(match &*found {
                SymbolLookup::Loaded(_) => &metrics::HIT,
                SymbolLookup::Corrupt { .. } | SymbolLookup::Missing(_) => &metrics::NEGATIVE_HIT,
            });
        }
        found
    }

    async fn identify(&self, code: CodeName) -> Option<SymbolName> {
        let shared = Arc::clone(&self.shared);
        let wanted = code.clone();
        let identified = self
            .shared
            .identities
            .get_or_make(code, || async move { shared.ask(&wanted).await })
            .await;
        identified?.as_ref().clone()
    }
}

fn missing(why: MissingSymbols) -> Arc<SymbolLookup> {
    Arc::new(SymbolLookup::Missing(why))
}

#[async_trait]
impl LookUpSymbols for SymbolStore {
    async fn look_up(&self, module: &ModuleName) -> ModuleSymbols {
        let found = |lookup, identified| ModuleSymbols { lookup, identified };
        if let Some(name) = module.symbols() {
            return found(self.by_name(name, module).await, None);
        }
        // A debug file with an unfit name is not something that a code id could help with.
        if module.debug_file.is_some() && module.debug_id.is_some() {
            return found(missing(MissingSymbols::UnfitName), None);
        }
        let identified = match module.code() {
            Some(code) => self.identify(code).await,
            None => None,
        };
        match identified {
            Some(name) => found(self.by_name(name.clone(), module).await, Some(name)),
            None => found(missing(MissingSymbols::NoDebugId), None),
        }
    }
}

impl Shared {
    /// Asks each source in turn. A file that was found ends the search, even if it is corrupt.
    async fn load(&self, name: &SymbolName, module: &ModuleName) -> Made<SymbolLookup> {
        let mut failure = None;
        for source in &self.sources {
            match source.get().fetch(name, module).await {
                Ok(Some(found)) => return self.parse(name, found).await,
                Ok(None) => {}
                Err(error) => {
                    warn!(debug_file = name.debug_file(), %error, "symbol source failed");
                    failure = Some(error);
                }
            }
        }
        metrics::count(match failure {
            Some(_) => &metrics::ERROR,
            None => &metrics::MISS,
        });
        let keep_for = self.keep_miss_for(failure.as_ref());
        let why = match failure {
            Some(error) => MissingSymbols::Unavailable {
                reason: error.to_string(),
            },
            None => MissingSymbols::NotFound {
                places: self.sources.iter().map(|s| s.get().place()).collect(),
                near_miss: None,
            },
        };
        Made {
            value: SymbolLookup::Missing(why),
            weight: ENTRY_WEIGHT,
            keep_for: Some(keep_for),
        }
    }

    async fn parse(&self, name: &SymbolName, found: FoundSymbols) -> Made<SymbolLookup> {
        let place = match (&found.content, &found.url) {
            (SymbolContent::File(path), _) => path.display().to_string(),
            (SymbolContent::Bytes(_), url) => url.clone().unwrap_or_default(),
        };
        let permit = Arc::clone(&self.parsers).acquire_owned().await;
        let limit = self.settings.largest_file;
        let parsed = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            parse::parse(&found, limit)
        });
        let failed = |value| {
            metrics::count(&metrics::ERROR);
            Made {
                value,
                weight: ENTRY_WEIGHT,
                keep_for: Some(self.settings.failed_for),
            }
        };
        match parsed.await {
            Ok(Ok(symbols)) => {
                metrics::count(&metrics::FETCH);
                Made {
                    weight: symbols.private_bytes() + ENTRY_WEIGHT,
                    value: SymbolLookup::Loaded(symbols),
                    keep_for: None,
                }
            }
            Ok(Err(ParseFailure::Corrupt(corrupt))) => {
                warn!(debug_file = name.debug_file(), %corrupt, "corrupt symbol file");
                failed(SymbolLookup::Corrupt {
                    place,
                    line: corrupt.line,
                    reason: corrupt.reason,
                })
            }
            Ok(Err(ParseFailure::Unreadable(reason))) => {
                warn!(
                    debug_file = name.debug_file(),
                    reason, "unreadable symbol file"
                );
                failed(SymbolLookup::Missing(MissingSymbols::Unavailable {
                    reason,
                }))
            }
            Err(error) => failed(SymbolLookup::Missing(MissingSymbols::Unavailable {
                reason: error.to_string(),
            })),
        }
    }

    async fn ask(&self, code: &CodeName) -> Made<Option<SymbolName>> {
        let mut failure = None;
        for source in &self.sources {
            match source.get().identify(code).await {
                Ok(Some(name)) => {
                    return Made {
                        value: Some(name),
                        weight: ENTRY_WEIGHT,
                        keep_for: None,
                    };
                }
                Ok(None) => {}
                Err(error) => {
                    debug!(code_file = code.file(), %error, "symbol source failed");
                    failure = Some(error);
                }
            }
        }
        let keep_for = self.keep_miss_for(failure.as_ref());
        Made {
            value: None,
            weight: ENTRY_WEIGHT,
            keep_for: Some(keep_for),
        }
    }

    /// A source that does not have a file is asked again after minutes, one that failed after seconds, one that lies
    /// on this machine at once.
    fn keep_miss_for(&self, failure: Option<&SymbolError>) -> Duration {
        match failure {
            Some(error) => error.retry_after().unwrap_or_default().clamp(
                self.settings.failed_for,
                self.settings.not_found_for.max(self.settings.failed_for),
            ),
            None if self.sources.iter().all(|source| source.get().is_local()) => Duration::ZERO,
            None => self.settings.not_found_for,
        }
    }
}

impl fmt::Debug for SymbolStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SymbolStore")
            .field("sources", &self.shared.sources)
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}

/// Sources and bounds of a [`SymbolStore`].
#[derive(Debug, Default)]
pub struct SymbolStoreBuilder {
    sources: Vec<SymbolSource>,
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

    /// Bounds the memory for parsed symbols, in bytes. Default: 2 GiB.
    ///
    /// Symbols in use by a walk stay in memory until it ends, even if the store has let go of them.
    #[must_use]
    pub fn capacity(mut self, bytes: u64) -> Self {
        self.settings.capacity = bytes;
        self
    }

    /// Bounds the size of one symbol file, in bytes. Default: 4 GiB.
    #[must_use]
    pub fn largest_file(mut self, bytes: u64) -> Self {
        self.settings.largest_file = bytes;
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
        let parsers = thread::available_parallelism().map_or(1, usize::from);
        SymbolStore {
            shared: Arc::new(Shared {
                sources: self.sources,
                settings: self.settings,
                symbols: Arc::new(Cache::new(self.settings.capacity)),
                identities: Arc::new(Cache::new(IDENTITIES_CAPACITY)),
                parsers: Arc::new(Semaphore::new(parsers)),
            }),
        }
    }
}
