//! Looking at a cache as a whole.

use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::SymbolCache;
use super::entry;
use super::space::Space;
use crate::symbols::index::SymbolIndex;

/// What a cache holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheStatus {
    /// Symbol files.
    pub files: u64,
    /// Size of symbol files and their indexes, in bytes.
    pub bytes: u64,
    /// Indexes of symbol files that lie elsewhere.
    pub foreign_indexes: u64,
    /// Their size, in bytes.
    pub foreign_bytes: u64,
    /// When the file not used for the longest was used, to the hour.
    pub least_recent_use: Option<SystemTime>,
    /// Bytes that are free on the disk, if the system tells.
    pub disk_free: Option<u64>,
}

/// What a verification found in one file.
#[derive(Debug)]
#[non_exhaustive]
pub struct Verified {
    /// The symbol file.
    pub path: PathBuf,
    /// What is wrong with it; `None` if nothing is.
    pub damage: Option<String>,
}

impl SymbolCache {
    /// Counts what the cache holds. Blocks for as long as it takes.
    pub fn status(&self) -> CacheStatus {
        let own = entry::scan(self.root());
        let foreign = entry::scan(&self.layout().foreign());
        let bytes = |entries: &[entry::Entry]| entries.iter().map(|entry| entry.bytes).sum();
        CacheStatus {
            files: own.len() as u64,
            bytes: bytes(&own),
            foreign_indexes: foreign.len() as u64,
            foreign_bytes: bytes(&foreign),
            least_recent_use: own.iter().chain(&foreign).map(|entry| entry.used).min(),
            disk_free: Space::of(self.root()).map(|space| space.free),
        }
    }

    /// Reads every symbol file in the cache, larger ones than `largest` bytes excepted, and tells what is wrong with it.
    /// Advancing the iterator blocks for as long as a file takes.
    pub fn verify(&self, largest: u64) -> impl Iterator<Item = Verified> + use<> {
        let entries = entry::scan(self.root()).into_iter();
        let files = entries.flat_map(|entry| entry.files);
        let texts = files.filter(|path| path.extension().is_some_and(|kind| kind == "sym"));
        texts.map(move |path| {
            let accessed = fs::metadata(&path).and_then(|metadata| metadata.accessed());
            // Not by way of its index, which would be good while the file is not.
            let damage = SymbolIndex::build(&path, largest).err();
            // To look after a file is not to use it.
            if let Ok(accessed) = accessed {
                let times = FileTimes::new().set_accessed(accessed);
                let _ = File::open(&path).and_then(|file| file.set_times(times));
            }
            Verified {
                path,
                damage: damage.map(|damage| damage.to_string()),
            }
        })
    }

    /// Removes a symbol file, and its index, by the path that a [verification](Self::verify) gave. The next who wants it
    /// downloads it anew.
    ///
    /// # Errors
    ///
    /// When it cannot be removed.
    pub fn discard(&self, path: &Path) -> io::Result<()> {
        if path.starts_with(self.root()) {
            super::remove_with_index(path)?;
        }
        Ok(())
    }
}
