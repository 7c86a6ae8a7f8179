//! Symbols shared by all walks of a program.

mod builder;
mod load;
mod stored;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Semaphore;

pub use builder::SymbolStoreBuilder;

use self::builder::Settings;
use self::stored::Stored;
use super::cache::SymbolCache;
use super::lookup::{LookUpSymbols, MissingSymbols, ModuleSymbols, SymbolLookup};
use super::memory::MemoryCache;
use super::name::{CodeName, ModuleName, SymbolName};
use super::source::SymbolSource;
use crate::metrics;

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
    cache: Option<SymbolCache>,
    settings: Settings,
    symbols: Arc<MemoryCache<SymbolName, Stored>>,
    identities: Arc<MemoryCache<CodeName, Option<SymbolName>>>,
    /// Bounds how many files are read at once, and so the memory and the processors that this takes.
    readers: Arc<Semaphore>,
    /// Bounds how many files are asked for and downloaded at once.
    downloads: Semaphore,
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

    /// The disk cache, if there is one.
    pub fn cache(&self) -> Option<&SymbolCache> {
        self.shared.cache.as_ref()
    }

    async fn by_name(&self, name: SymbolName, module: &ModuleName) -> Arc<SymbolLookup> {
        let (mut found, mut was_there) = self.find(&name, module).await;
        if let Some(stored) = &found
            && !stored.touch()
        {
            // Others may be told where the file is, so it is not enough that we still have it mapped.
            self.shared.symbols.forget(&name, stored);
            (found, was_there) = self.find(&name, module).await;
        }
        // That far places have nothing is remembered. What has come to this machine since is found all the same.
        if was_there
            && let Some(stored) = &found
            && matches!(*stored.lookup, SymbolLookup::Missing(_))
            && self.shared.is_here(&name, module).await
        {
            self.shared.symbols.forget(&name, stored);
            (found, was_there) = self.find(&name, module).await;
        }
        let lookup = match found {
            Some(stored) => Arc::clone(&stored.lookup),
            None => missing(MissingSymbols::Unavailable {
                reason: "the task that was loading them ended early".to_owned(),
            }),
        };
        if was_there {
            metrics::count(match &*lookup {
                SymbolLookup::Loaded(_) => &metrics::HIT,
                SymbolLookup::Corrupt { .. } | SymbolLookup::Missing(_) => &metrics::NEGATIVE_HIT,
            });
        }
        lookup
    }

    /// Also tells whether somebody had asked before.
    async fn find(&self, name: &SymbolName, module: &ModuleName) -> (Option<Arc<Stored>>, bool) {
        let mut was_there = true;
        let make = || {
            was_there = false;
            let shared = Arc::clone(&self.shared);
            let (name, module) = (name.clone(), module.clone());
            async move { shared.load(&name, &module).await }
        };
        let found = self.shared.symbols.get_or_make(name.clone(), make).await;
        (found, was_there)
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

impl fmt::Debug for SymbolStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SymbolStore")
            .field("sources", &self.shared.sources)
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::symbols::error::SymbolError;
    use crate::symbols::source::{FetchSymbols, FoundSymbols, SymbolRequest};

    /// A server that has nothing.
    #[derive(Debug)]
    struct Nothing;

    #[async_trait]
    impl FetchSymbols for Nothing {
        async fn fetch(&self, _: &SymbolRequest<'_>) -> Result<Option<FoundSymbols>, SymbolError> {
            Ok(None)
        }

        fn place(&self) -> String {
            "nowhere".to_owned()
        }
    }

    #[tokio::test]
    async fn what_comes_to_this_machine_is_found_though_servers_had_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let store = SymbolStore::new([
            SymbolSource::custom(Nothing),
            SymbolSource::directory(directory.path()).unwrap(),
        ]);
        let module = ModuleName {
            debug_file: Some("app".to_owned()),
            debug_id: "111111111111111111111111111111111".parse().ok(),
            ..ModuleName::default()
        };
        for _ in 0..2 {
            let lookup = store.lookup(&module).await;
            assert!(matches!(*lookup, SymbolLookup::Missing(_)), "{lookup:?}");
        }
        let name = module.symbols().unwrap();
        let [file, id, symbols] = name.path_parts();
        let place = directory.path().join(file).join(&id);
        std::fs::create_dir_all(&place).unwrap();
        let text = format!("MODULE Linux x86_64 {id} app\nPUBLIC 1000 0 main\n");
        std::fs::write(place.join(symbols), text).unwrap();
        for _ in 0..2 {
            let lookup = store.lookup(&module).await;
            assert!(matches!(*lookup, SymbolLookup::Loaded(_)), "{lookup:?}");
        }
    }
}
