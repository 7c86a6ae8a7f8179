//! Symbols in a child: those that its parent hands it, kept for the next minidump.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use super::super::message::{Found, Symbols};
use super::super::parcel;
use super::parent::Parent;
use crate::symbols::{
    CodeName, LookUpSymbols, Made, MemoryCache, MissingSymbols, ModuleName, ModuleSymbols,
    SymbolLookup, SymbolName,
};

/// What an answer without files weighs.
const ENTRY_WEIGHT: u64 = 1024;

/// How many answers are kept.
const MOST_KNOWN: usize = 1 << 14;

/// How long to believe that there are no symbols: a walk remembers that by itself, and for the next one the parent may
/// know better.
const MISSING_FOR: Duration = Duration::ZERO;

/// The symbols of the parent's store.
#[derive(Debug)]
pub(super) struct ParentsSymbols {
    parent: Arc<Parent>,
    known: Arc<MemoryCache<Key, ModuleSymbols>>,
    hits: AtomicU64,
    negative_hits: AtomicU64,
}

/// By what the parent's store tells symbols apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Symbols(SymbolName),
    Code(CodeName),
}

impl Key {
    /// `None` for modules that nothing can be found for. The parent knows best why.
    fn of(module: &ModuleName) -> Option<Self> {
        match module.symbols() {
            Some(name) => Some(Self::Symbols(name)),
            None if module.debug_file.is_some() && module.debug_id.is_some() => None,
            None => module.code().map(Self::Code),
        }
    }
}

impl ParentsSymbols {
    /// Keeps up to `capacity` bytes of files mapped.
    pub(super) fn new(parent: Arc<Parent>, capacity: u64) -> Self {
        Self {
            parent,
            known: Arc::new(MemoryCache::new(capacity, MOST_KNOWN)),
            hits: AtomicU64::new(0),
            negative_hits: AtomicU64::new(0),
        }
    }

    /// How often symbols were known since this was asked last, and how often it was known that there are none.
    pub(super) fn take_known(&self) -> (u64, u64) {
        let take = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
        (take(&self.hits), take(&self.negative_hits))
    }

    fn count(&self, lookup: &SymbolLookup) {
        let count = match lookup {
            SymbolLookup::Loaded(_) => &self.hits,
            SymbolLookup::Corrupt { .. } | SymbolLookup::Missing(_) => &self.negative_hits,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl LookUpSymbols for ParentsSymbols {
    async fn look_up(&self, module: &ModuleName) -> ModuleSymbols {
        let Some(key) = Key::of(module) else {
            return asked(Arc::clone(&self.parent), module.clone()).await.value;
        };
        let mut was_there = true;
        let make = || {
            was_there = false;
            asked(Arc::clone(&self.parent), module.clone())
        };
        let found = self.known.get_or_make(key, make).await;
        let Some(found) = found else {
            return unavailable("the parent did not answer").value;
        };
        if was_there {
            self.count(&found.lookup);
        }
        ModuleSymbols::clone(&found)
    }
}

async fn asked(parent: Arc<Parent>, module: ModuleName) -> Made<ModuleSymbols> {
    match parent.ask(module).await {
        Ok((symbols, files)) => opened(symbols, files),
        Err(error) => unavailable(error.to_string()),
    }
}

fn opened(symbols: Symbols, files: Vec<OwnedFd>) -> Made<ModuleSymbols> {
    let identified = symbols
        .identified
        .and_then(|(debug_file, debug_id)| SymbolName::new(&debug_file, debug_id));
    let (lookup, weight) = match symbols.found {
        Found::Loaded { url, modified } => match parcel::open(files, url.as_deref(), modified) {
            Ok((index, size)) => (SymbolLookup::Loaded(index), size),
            Err(reason) => return unavailable(reason),
        },
        Found::Corrupt {
            place,
            line,
            reason,
        } => (
            SymbolLookup::Corrupt {
                place,
                line,
                reason,
            },
            0,
        ),
        Found::Missing(why) => (SymbolLookup::Missing(why), 0),
    };
    Made {
        keep_for: match lookup {
            SymbolLookup::Loaded(_) => None,
            SymbolLookup::Corrupt { .. } | SymbolLookup::Missing(_) => Some(MISSING_FOR),
        },
        value: ModuleSymbols {
            lookup: Arc::new(lookup),
            identified,
        },
        weight: weight + ENTRY_WEIGHT,
    }
}

fn unavailable(reason: impl Into<String>) -> Made<ModuleSymbols> {
    Made {
        value: ModuleSymbols {
            lookup: Arc::new(SymbolLookup::Missing(MissingSymbols::Unavailable {
                reason: reason.into(),
            })),
            identified: None,
        },
        weight: ENTRY_WEIGHT,
        keep_for: Some(Duration::ZERO),
    }
}

/// For minidumps that are not trusted with symbols any more.
#[derive(Debug)]
pub(super) struct NoSymbols;

#[async_trait]
impl LookUpSymbols for NoSymbols {
    async fn look_up(&self, _: &ModuleName) -> ModuleSymbols {
        unavailable("not looked for, because the minidump ended its walker").value
    }
}
