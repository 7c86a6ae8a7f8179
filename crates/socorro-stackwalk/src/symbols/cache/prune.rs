//! Keeping a cache within its bounds.

use std::fs::File;
use std::io;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, SystemTime};

use tracing::{info, warn};

use super::entry::{self, Entry};
use super::space::Space;
use super::usage::Usage;
use super::{SymbolCache, evict, partial};
use crate::metrics;
use crate::symbols::error::SymbolError;

/// How often everything in the cache is counted, however little is added: the running count misses what others than us
/// put there or remove, and files grow too old.
const COUNT_EVERY: Duration = Duration::from_secs(60 * 60);

/// What was removed from a cache, and what is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Symbol files, and indexes of symbol files elsewhere, that were removed.
    pub removed: u64,
    /// Bytes that this freed.
    pub freed: u64,
    /// Symbol files, and indexes of symbol files elsewhere, that are left.
    pub files: u64,
    /// Bytes that are left.
    pub bytes: u64,
}

impl SymbolCache {
    /// Brings the cache within its bounds. Waits for another process that is doing so. Blocks for as long as it takes.
    ///
    /// # Errors
    ///
    /// When files cannot be removed or locked.
    pub fn prune(&self) -> Result<Pruned, SymbolError> {
        let path = self.layout().prune();
        let lock = File::create(&path).and_then(|lock| lock.lock().map(|()| lock));
        let _lock = lock.map_err(|source| SymbolError::Io { path, source })?;
        Ok(self.prune_locked(0))
    }

    /// Frees some space on a disk that is full: `bytes` and a tenth of the cache.
    pub(crate) fn make_room(&self, bytes: u64) -> io::Result<()> {
        let lock = File::create(self.layout().prune())?;
        lock.lock()?;
        let usage = Usage::read(&self.layout().usage()).unwrap_or_default();
        self.prune_locked(bytes.saturating_add(usage.bytes / 10));
        Ok(())
    }

    /// Counts what was added, and looks after the cache if it is time.
    pub(super) fn added(&self, bytes: u64, entries: u64) {
        if let Err(error) = Usage::add(&self.layout().usage(), bytes, entries) {
            warn!(%error, "cannot keep count of the symbol cache");
        }
        self.look_after();
    }

    /// Has a thread bring the cache within its bounds, if it is not, unless one is at it.
    pub(super) fn look_after(&self) {
        let usage = Usage::read(&self.layout().usage());
        if let Some(usage) = &usage {
            metrics::set(&metrics::CACHE_USAGE, usage.bytes);
        }
        let is_due = usage.is_none_or(|usage| {
            usage.bytes > self.options().largest || usage.age(SystemTime::now()) > COUNT_EVERY
        });
        if !is_due && self.wanting() == 0 {
            return;
        }
        if self.shared.is_pruning.swap(true, Ordering::AcqRel) {
            return;
        }
        let cache = self.clone();
        let name = "symbol cache".to_owned();
        let started = thread::Builder::new().name(name).spawn(move || {
            cache.prune_unless_another_does();
            cache.shared.is_pruning.store(false, Ordering::Release);
        });
        if let Err(error) = started {
            self.shared.is_pruning.store(false, Ordering::Release);
            warn!(%error, "cannot look after the symbol cache");
        }
    }

    fn prune_unless_another_does(&self) {
        match File::create(self.layout().prune()) {
            Ok(lock) => {
                if lock.try_lock().is_ok() {
                    self.prune_locked(0);
                }
            }
            Err(error) => warn!(%error, "cannot look after the symbol cache"),
        }
    }

    /// Bytes that have to be freed for the sake of the disk.
    fn wanting(&self) -> u64 {
        let space = Space::of(self.root());
        space.map_or(0, |space| space.wanting(self.options().keep_free))
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        let mut entries = entry::scan(self.root());
        entries.append(&mut entry::scan(&self.layout().foreign()));
        entries
    }

    /// Frees at least `wanting` bytes. To be called by the one who holds the lock.
    fn prune_locked(&self, wanting: u64) -> Pruned {
        let now = SystemTime::now();
        partial::remove_abandoned(&self.layout().partial(), now);
        let entries = self.entries();
        for file in entries.iter().flat_map(Entry::unfinished) {
            partial::remove_if_abandoned(file, now);
        }
        metrics::describe_files(&entries.iter().map(|entry| entry.bytes).collect::<Vec<_>>());
        let found = entries.len() as u64;
        let (gone, mut bytes) =
            evict::choose(entries, self.options(), wanting.max(self.wanting()), now);
        let mut pruned = Pruned::default();
        for entry in gone {
            match entry.remove() {
                Ok(freed) => {
                    pruned.removed += 1;
                    pruned.freed += freed;
                    metrics::count(&metrics::CACHE_EVICT);
                }
                Err(error) => {
                    bytes += entry.bytes;
                    let path = entry.directory.display();
                    warn!(%path, %error, "cannot remove from the symbol cache");
                }
            }
        }
        pruned.files = found - pruned.removed;
        pruned.bytes = bytes;
        self.note(&pruned, now);
        pruned
    }

    fn note(&self, pruned: &Pruned, now: SystemTime) {
        let usage = Usage::counted(pruned.bytes, pruned.files, now);
        let written: io::Result<()> = usage.write(&self.layout().usage());
        if let Err(error) = written {
            warn!(%error, "cannot keep count of the symbol cache");
        }
        metrics::set(&metrics::CACHE_USAGE, pruned.bytes);
        if pruned.removed > 0 {
            let Pruned { removed, freed, .. } = pruned;
            info!(removed, freed, "removed symbol files not used for long");
        }
    }
}
