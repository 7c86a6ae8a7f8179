//! Symbol files on disk, kept within bounds.
//!
//! Any number of processes may share the directory: files appear under their names only when they are complete and were
//! found to be good, by renaming; locks keep work from being done twice. Locks are the system's, so that nobody has to
//! clear up after a process that died.

mod claim;
mod entry;
mod evict;
mod last_use;
mod layout;
mod options;
mod partial;
mod prune;
mod space;
mod status;
mod usage;

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub(super) use claim::Claim;
pub(super) use last_use::LastUse;
pub use options::CacheOptions;
pub(super) use partial::Partial;
pub use prune::Pruned;
pub use status::{CacheStatus, Verified};

use self::layout::Layout;
use super::error::SymbolError;
use super::index::SymbolIndex;
use super::name::SymbolName;

/// Symbol files on disk, kept within bounds of size and age.
///
/// Files lie as `NAME/ID/NAME.sym`, each with its index beside it. A directory that was filled by Mozilla's
/// `minidump-stackwalk --symbols-cache` can be used as it is. Anything that lies otherwise is left alone.
///
/// ```
/// use socorro_stackwalk::{CacheOptions, SymbolCache, SymbolStore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// let options = CacheOptions { largest: 5_000_000_000, ..CacheOptions::default() };
/// let cache = SymbolCache::open(directory.path().join("symbols"), options)?;
/// assert_eq!(cache.status().files, 0);
/// let store = SymbolStore::builder().cache(cache).build();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SymbolCache {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    layout: Layout,
    options: CacheOptions,
    /// Whether a thread of this process is looking after the cache.
    is_pruning: AtomicBool,
}

impl SymbolCache {
    /// Uses the directory `root`, which is made if missing. If it is over its bounds, this is put right at once, by a
    /// thread that nobody waits for.
    ///
    /// # Errors
    ///
    /// When the directory cannot be made or written to.
    pub fn open(root: impl AsRef<Path>, options: CacheOptions) -> Result<Self, SymbolError> {
        let layout = Layout::new(root.as_ref());
        let cache = Self {
            shared: Arc::new(Shared {
                layout,
                options,
                is_pruning: AtomicBool::new(false),
            }),
        };
        let partial = cache.layout().partial();
        let probe = fs::create_dir_all(&partial).and_then(|()| cache.create_partial().map(drop));
        probe.map_err(|source| SymbolError::Io {
            path: partial,
            source,
        })?;
        cache.look_after();
        Ok(cache)
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        self.layout().root()
    }

    /// The bounds.
    pub fn options(&self) -> &CacheOptions {
        &self.shared.options
    }

    /// Where a symbol file is, or would be.
    pub fn path_of(&self, name: &SymbolName) -> PathBuf {
        self.layout().text(name)
    }

    fn layout(&self) -> &Layout {
        &self.shared.layout
    }

    /// Finds a symbol file.
    pub(super) fn find(&self, name: &SymbolName) -> io::Result<Option<PathBuf>> {
        let path = self.path_of(name);
        match fs::metadata(&path) {
            Ok(metadata) => Ok(metadata.is_file().then_some(path)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Waits until no other process fetches the symbol file.
    pub(super) async fn claim(&self, name: &SymbolName) -> Claim {
        Claim::wait(&self.layout().claim(name)).await
    }

    /// Where the index of a symbol file that lies elsewhere is, or would be. Its directory is there afterwards.
    pub(super) fn foreign_index(&self, name: &SymbolName, text: &Path) -> io::Result<PathBuf> {
        // The same file may be named in several ways, relative ones among them.
        let text = fs::canonicalize(text)?;
        let index = self.layout().foreign_index(name, &text);
        if let Some(directory) = index.parent() {
            fs::create_dir_all(directory)?;
        }
        Ok(index)
    }

    /// Begins to write a file.
    pub(super) fn create_partial(&self) -> io::Result<(File, Partial)> {
        Partial::create(self.layout().new_partial())
    }

    /// A name for a file that somebody else is going to write.
    pub(super) fn promise_partial(&self) -> Partial {
        Partial::promised(self.layout().new_partial())
    }

    /// Gives a good symbol file and its index their names. Gives back where the file is; without its index beside it, it is
    /// good all the same.
    pub(super) fn publish(
        &self,
        name: &SymbolName,
        text: &Partial,
        index: &Partial,
    ) -> io::Result<PathBuf> {
        let target = self.path_of(name);
        let mut bytes = fs::metadata(text.path())?.len();
        text.publish(&target)?;
        if let Ok(metadata) = fs::metadata(index.path())
            && index.publish(&SymbolIndex::path_for(&target)).is_ok()
        {
            bytes += metadata.len();
        }
        self.added(bytes, 1);
        Ok(target)
    }

    /// Counts an index that was made for a symbol file here or elsewhere.
    pub(super) fn indexed(&self, index: &Path) {
        let bytes = fs::metadata(index).map_or(0, |metadata| metadata.len());
        let is_foreign = index.starts_with(self.layout().foreign());
        self.added(bytes, u64::from(is_foreign));
    }

    /// Removes a symbol file that turned out to be damaged, and its index.
    pub(super) fn remove(&self, name: &SymbolName) -> io::Result<()> {
        remove_with_index(&self.path_of(name))
    }
}

fn remove_with_index(text: &Path) -> io::Result<()> {
    for path in [&SymbolIndex::path_for(text), text] {
        match fs::remove_file(path) {
            Err(error) if !is_absent(&error) => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
