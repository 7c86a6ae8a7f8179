//! Where things lie in a cache directory.
//!
//! | path | what |
//! |---|---|
//! | `NAME/ID/NAME.sym` | a symbol file, where Mozilla's stackwalker keeps it, too |
//! | `NAME/ID/NAME.sym.index` | its index |
//! | `.indexes/NAME/ID/HASH.index` | the index of a symbol file in a directory of somebody else's |
//! | `.partial/…` | files being written, and locks of those who fetch one |
//! | `.usage` | size of everything, see [`usage`](super::usage) |
//! | `.prune` | lock of the one who removes files |

use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::symbols::directory::path_in;
use crate::symbols::name::SymbolName;

/// The paths in a cache directory.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn text(&self, name: &SymbolName) -> PathBuf {
        path_in(&self.root, name)
    }

    /// Indexes of symbol files that lie elsewhere.
    pub(super) fn foreign(&self) -> PathBuf {
        self.root.join(".indexes")
    }

    /// The index of the symbol file `text`, which lies elsewhere.
    pub(super) fn foreign_index(&self, name: &SymbolName, text: &Path) -> PathBuf {
        let [debug_file, debug_id, _] = name.path_parts();
        let mut path = self.foreign();
        path.extend([
            debug_file,
            debug_id,
            hash(text.as_os_str().as_encoded_bytes()),
        ]);
        path
    }

    pub(super) fn partial(&self) -> PathBuf {
        self.root.join(".partial")
    }

    /// A name for a file to be written that nobody else uses.
    pub(super) fn new_partial(&self) -> PathBuf {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        self.partial().join(format!("{}-{number}", process::id()))
    }

    /// The lock of the one who fetches `name`.
    pub(super) fn claim(&self, name: &SymbolName) -> PathBuf {
        let [debug_file, debug_id, _] = name.path_parts();
        let hash = hash(debug_file.as_bytes());
        self.partial().join(format!("{debug_id}-{hash}.lock"))
    }

    pub(super) fn usage(&self) -> PathBuf {
        self.root.join(".usage")
    }

    pub(super) fn prune(&self) -> PathBuf {
        self.root.join(".prune")
    }
}

/// A hash that stays the same between releases and machines: FNV-1a, 64 bits.
fn hash(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_specification() {
        assert_eq!(hash(b""), "cbf29ce484222325");
        assert_eq!(hash(b"foobar"), "85944171f73967e8");
    }
}
