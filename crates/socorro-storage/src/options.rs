//! Settings of a storage.

use std::time::Duration;

/// Settings of a storage. The address may override some of them; see [`open`](crate::open).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageOptions {
    /// Whether a raw crash that is not at its key of today is looked for at the key used until
    /// 2022. Costs a request, and only for crashes that are not there. Default: yes.
    pub legacy_keys: bool,
    /// Whether a local directory that does not exist is created. Default: yes. Without, a mistyped
    /// address is an error.
    pub create: bool,
    /// Whether a write to a local directory returns only when the disk holds it (`fsync` of file
    /// and directory). Buckets always do. Default: yes.
    pub durable: bool,
    /// The largest raw crash in bytes, as JSON. Default: 64 MiB; the collector takes uploads of
    /// 20 MiB with their dumps.
    pub max_raw_crash_size: u64,
    /// The largest processed crash in bytes, as JSON. Default: 256 MiB.
    pub max_processed_crash_size: u64,
    /// The largest single dump in bytes. Default: 2 GB.
    pub max_dump_size: u64,
    /// How often a request to a bucket is repeated before the storage counts as unavailable.
    /// Default: 5. A server that asks to be left alone (`Retry-After`) is waited for, up to 10 s and
    /// unless this is 0; when it asks for longer, the request fails at once, and its error says for
    /// how long ([`Error::retry_after`](crate::Error::retry_after)).
    pub max_retries: usize,
    /// How long a request to a bucket is repeated at most. Default: 60 s.
    pub retry_timeout: Duration,
    /// How long one attempt of a request to a bucket may take, its body included. An interrupted
    /// download continues where it stopped. Default: 2 min.
    pub request_timeout: Duration,
}

impl Default for StorageOptions {
    fn default() -> Self {
        Self {
            legacy_keys: true,
            create: true,
            durable: true,
            max_raw_crash_size: 64 << 20,
            max_processed_crash_size: 256 << 20,
            max_dump_size: 2_000_000_000,
            max_retries: 5,
            retry_timeout: Duration::from_secs(60),
            request_timeout: Duration::from_secs(120),
        }
    }
}
