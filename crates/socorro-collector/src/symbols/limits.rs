//! Bounds of uploads.

use std::time::Duration;

const MIB: u64 = 1 << 20;

/// Bounds of uploads of symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a body as sent. Default: 2 GiB.
    pub body: u64,
    /// Bytes of one symbol file. Default: 4 GiB, as much as a walk reads.
    pub file: u64,
    /// Bytes of everything in one upload after decompression. Default: 8 GiB.
    pub unpacked: u64,
    /// Files in a zip, those included that are no symbols; parts of a form. Default: 10,000.
    pub entries: usize,
    /// How many uploads are taken at the same time; others are asked to try later. Default: 4.
    pub concurrent: usize,
    /// How long a client may be silent. Default: 30 s.
    pub idle: Duration,
    /// How long an upload may take to arrive. Default: 30 min.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 2048 * MIB,
            file: 4096 * MIB,
            unpacked: 8192 * MIB,
            entries: 10_000,
            concurrent: 4,
            idle: Duration::from_secs(30),
            time: Duration::from_secs(30 * 60),
        }
    }
}
