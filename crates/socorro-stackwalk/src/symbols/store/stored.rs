//! What a store keeps in memory about a symbol file.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::symbols::cache::LastUse;
use crate::symbols::index::SymbolIndex;
use crate::symbols::lookup::SymbolLookup;
use crate::symbols::memory::Made;

/// What an entry weighs apart from its symbols: names, reasons, bookkeeping.
pub(super) const ENTRY_WEIGHT: u64 = 1024;

/// Of a mapped file, one page in so many is taken to be in memory because of us.
const TOUCHED: u64 = 16;

/// What a store keeps in memory about a symbol file.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) lookup: Arc<SymbolLookup>,
    /// Tells the disk cache that the file is in use, if it is there.
    last_use: Option<LastUse>,
}

impl Stored {
    /// Notes a use. `false` if the file was removed from the disk cache, where others look for it.
    pub(super) fn touch(&self) -> bool {
        self.last_use.as_ref().is_none_or(LastUse::touch)
    }
}

/// Symbols that were found. They do not age.
pub(super) fn loaded(symbols: SymbolIndex) -> Made<Stored> {
    let mapped = [symbols.text_path(), symbols.index_path()];
    let mapped: u64 = mapped.into_iter().flatten().map(size).sum();
    let weight = symbols.private_bytes() + mapped / TOUCHED + ENTRY_WEIGHT;
    let last_use = symbols.index_path().map(LastUse::of);
    let stored = Stored {
        last_use,
        lookup: Arc::new(SymbolLookup::Loaded(symbols)),
    };
    // An old file in use is not the first to go.
    stored.touch();
    Made {
        value: stored,
        weight,
        keep_for: None,
    }
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// Symbols that are not to be had, to be looked for again after `keep_for`.
pub(super) fn without_symbols(lookup: SymbolLookup, keep_for: Duration) -> Made<Stored> {
    Made {
        value: Stored {
            lookup: Arc::new(lookup),
            last_use: None,
        },
        weight: ENTRY_WEIGHT,
        keep_for: Some(keep_for),
    }
}
