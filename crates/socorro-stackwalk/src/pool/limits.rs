//! What a child may take.

use serde::{Deserialize, Serialize};

/// What a child may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Limits {
    /// Private memory in bytes. Mapped files do not count.
    pub(super) memory: u64,
    /// Bytes of symbol files and indexes that are kept mapped. Their memory is the page cache's, but addresses are
    /// bounded too.
    pub(super) mapped: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 1 << 30,
            mapped: 32 << 30,
        }
    }
}

impl Limits {
    /// Addresses for everything: private memory is reserved in large pieces before it is used, and a symbol file on its
    /// way in is mapped before another one is let go.
    pub(super) fn addresses(self) -> u64 {
        self.memory
            .saturating_mul(4)
            .saturating_add(self.mapped.saturating_mul(2))
    }
}
