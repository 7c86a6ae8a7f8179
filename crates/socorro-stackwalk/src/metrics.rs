//! The metrics of this library, emitted through the facade of the crate `metrics`.
//!
//! A program that wants them installs a recorder. Without one they cost next to nothing.

use socorro_core::metric::{Metric, Unit};

/// A lookup was answered from memory with symbols.
pub(crate) const HIT: Metric = Metric::counter(
    "socorro.processor.symbols.hit",
    &[],
    "symbols that were in memory when a walk asked for them",
);
/// A lookup was answered from memory with the news that there are no symbols.
pub(crate) const NEGATIVE_HIT: Metric = Metric::counter(
    "socorro.processor.symbols.negative_hit",
    &[],
    "symbols that were known not to be had when a walk asked for them",
);
/// No source has them.
pub(crate) const MISS: Metric = Metric::counter(
    "socorro.processor.symbols.miss",
    &[],
    "symbols that all sources were asked for and none has",
);
/// A source had them.
pub(crate) const FETCH: Metric = Metric::counter(
    "socorro.processor.symbols.fetch",
    &[],
    "symbol files that were found, read and parsed",
);
/// A source failed, or the file is damaged.
pub(crate) const ERROR: Metric = Metric::counter(
    "socorro.processor.symbols.error",
    &[],
    "symbols that could not be had because a source failed or the file is damaged",
);

/// Something was removed from the disk cache.
pub(crate) const CACHE_EVICT: Metric = Metric::counter(
    "socorro.processor.cache_manager.evict",
    &[],
    "symbol files removed from the disk cache because of its bounds",
)
.of_upstream();
/// How full the disk cache is.
pub(crate) const CACHE_USAGE: Metric = Metric::gauge(
    "socorro.processor.cache_manager.usage",
    Unit::Bytes,
    &[],
    "size of the disk cache of symbols",
)
.of_upstream();
/// How many files are in the disk cache.
pub(crate) const CACHE_FILES: Metric = Metric::gauge(
    "socorro.processor.cache_manager.files.count",
    Unit::Count,
    &[],
    "symbol files in the disk cache, counted once an hour and when some are removed; so are the following",
)
.of_upstream();
/// How many of them are large.
pub(crate) const CACHE_LARGE_FILES: Metric = Metric::gauge(
    "socorro.processor.cache_manager.files.gt_500",
    Unit::Count,
    &[],
    "symbol files in the disk cache of more than 500 MB, with their indexes",
)
.of_upstream();
/// How large they are.
pub(crate) const CACHE_SIZE_AVERAGE: Metric = size(
    "socorro.processor.cache_manager.file_sizes.avg",
    "average size of symbol files in the disk cache, with their indexes",
);
/// How large they are.
pub(crate) const CACHE_SIZE_MEDIAN: Metric = size(
    "socorro.processor.cache_manager.file_sizes.median",
    "size that half of the symbol files in the disk cache are below",
);
/// How large they are.
pub(crate) const CACHE_SIZE_95: Metric = size(
    "socorro.processor.cache_manager.file_sizes.ninety_five",
    "size that 95 of 100 symbol files in the disk cache are below",
);
/// How large they are.
pub(crate) const CACHE_SIZE_MOST: Metric = size(
    "socorro.processor.cache_manager.file_sizes.max",
    "size of the largest symbol file in the disk cache",
);

const fn size(name: &'static str, meaning: &'static str) -> Metric {
    Metric::gauge(name, Unit::Bytes, &[], meaning).of_upstream()
}

/// Children that walk right now.
#[cfg(all(unix, feature = "pool"))]
pub(crate) const WALKERS_BUSY: Metric = Metric::gauge(
    "socorro.processor.walkers.busy",
    Unit::Count,
    &[],
    "child processes that walk a minidump at the moment",
);
/// A child is replaced by a fresh one.
#[cfg(all(unix, feature = "pool"))]
pub(crate) const WALKERS_RESTARTED: Metric = Metric::counter(
    "socorro.processor.walkers.restarted",
    &["reason"],
    "walking child processes that ended; reason `retired`, `died`, `killed`, `cancelled` or `died_idle`",
);

/// All metrics that this library emits.
pub const METRICS: &[Metric] = &[
    HIT,
    NEGATIVE_HIT,
    MISS,
    FETCH,
    ERROR,
    CACHE_EVICT,
    CACHE_USAGE,
    CACHE_FILES,
    CACHE_LARGE_FILES,
    CACHE_SIZE_AVERAGE,
    CACHE_SIZE_MEDIAN,
    CACHE_SIZE_95,
    CACHE_SIZE_MOST,
    #[cfg(all(unix, feature = "pool"))]
    WALKERS_BUSY,
    #[cfg(all(unix, feature = "pool"))]
    WALKERS_RESTARTED,
];

/// A file is large from here on, in bytes.
const LARGE: u64 = 500_000_000;

pub(crate) fn count(metric: &Metric) {
    metrics::counter!(metric.name).increment(1);
}

#[cfg(all(unix, feature = "pool"))]
pub(crate) fn count_many(metric: &Metric, times: u64) {
    metrics::counter!(metric.name).increment(times);
}

#[cfg(all(unix, feature = "pool"))]
pub(crate) fn count_tagged(metric: &Metric, tag: &'static str, value: &'static str) {
    metrics::counter!(metric.name, tag => value).increment(1);
}

#[cfg(all(unix, feature = "pool"))]
pub(crate) fn raise(metric: &Metric, by: f64) {
    metrics::gauge!(metric.name).increment(by);
}

#[expect(
    clippy::cast_precision_loss,
    reason = "gauges are floating point; sizes of disks are far below 2^53"
)]
pub(crate) fn set(metric: &Metric, value: u64) {
    metrics::gauge!(metric.name).set(value as f64);
}

/// Tells how many files the disk cache has, and how large they are, in bytes.
pub(crate) fn describe_files(sizes: &[u64]) {
    let mut sizes = sizes.to_vec();
    sizes.sort_unstable();
    let count = sizes.len();
    let at = |hundredths: usize| {
        let place = (count * hundredths / 100).min(count.saturating_sub(1));
        sizes.get(place).copied().unwrap_or_default()
    };
    set(&CACHE_FILES, count as u64);
    let large = sizes.iter().filter(|size| **size > LARGE).count();
    set(&CACHE_LARGE_FILES, large as u64);
    let sum: u64 = sizes.iter().sum();
    set(&CACHE_SIZE_AVERAGE, sum / (count as u64).max(1));
    set(&CACHE_SIZE_MEDIAN, at(50));
    set(&CACHE_SIZE_95, at(95));
    set(&CACHE_SIZE_MOST, at(100));
}
