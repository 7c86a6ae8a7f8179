//! Bounds of a symbol cache.

use std::time::Duration;

/// Bounds of a [`SymbolCache`](crate::SymbolCache).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheOptions {
    /// Largest size of all files together, in bytes. Once it is reached, those not used for the longest are removed until
    /// a tenth of it is free. Default: 40 GB.
    pub largest: u64,
    /// Files not used for so long are removed. Default: 30 days.
    pub oldest: Duration,
    /// Space to leave free on the disk, in bytes, whatever the largest size says. Default: `None`, 2 GB or a twentieth of
    /// the disk, whichever is less.
    pub keep_free: Option<u64>,
}

impl Default for CacheOptions {
    fn default() -> Self {
        Self {
            largest: 40_000_000_000,
            oldest: Duration::from_secs(30 * 24 * 60 * 60),
            keep_free: None,
        }
    }
}

impl CacheOptions {
    /// The size down to which a cache that is too large is brought: a tenth of room for what comes next.
    pub(super) fn low_water(&self) -> u64 {
        self.largest - self.largest / 10
    }
}
