//! The metrics of this library, emitted through the facade of the crate `metrics`.
//!
//! A program that wants them installs a recorder. Without one they cost next to nothing.

use socorro_core::metric::Metric;
#[cfg(all(unix, feature = "pool"))]
use socorro_core::metric::Unit;

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
    #[cfg(all(unix, feature = "pool"))]
    WALKERS_BUSY,
    #[cfg(all(unix, feature = "pool"))]
    WALKERS_RESTARTED,
];

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
