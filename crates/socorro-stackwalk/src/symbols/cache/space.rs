//! Space on the disk.

use std::path::Path;

/// Space to leave free by default, in bytes.
const SPARE: u64 = 2_000_000_000;

/// A disk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Space {
    /// Bytes that are left for us.
    pub(super) free: u64,
    /// Bytes in all.
    pub(super) total: u64,
}

impl Space {
    /// The disk that `path` is on; `None` if the system does not tell.
    #[cfg(unix)]
    pub(super) fn of(path: &Path) -> Option<Self> {
        let disk = rustix::fs::statvfs(path).ok()?;
        Some(Self {
            free: disk.f_bavail.checked_mul(disk.f_frsize)?,
            total: disk.f_blocks.checked_mul(disk.f_frsize)?,
        })
    }

    /// The disk that `path` is on; `None` if the system does not tell.
    #[cfg(not(unix))]
    pub(super) fn of(_: &Path) -> Option<Self> {
        None
    }

    /// Bytes that have to be freed so that `keep_free`, or the default, is free.
    pub(super) fn wanting(self, keep_free: Option<u64>) -> u64 {
        let keep_free = keep_free.unwrap_or(SPARE.min(self.total / 20));
        keep_free.saturating_sub(self.free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_twentieth_of_a_small_disk_and_two_gigabytes_of_a_large_one_stay_free() {
        let small = Space {
            free: 10,
            total: 1_000,
        };
        assert_eq!(small.wanting(None), 40);
        assert_eq!(small.wanting(Some(5)), 0);
        let large = Space {
            free: 500_000_000,
            total: 1_000_000_000_000,
        };
        assert_eq!(large.wanting(None), 1_500_000_000);
    }
}
