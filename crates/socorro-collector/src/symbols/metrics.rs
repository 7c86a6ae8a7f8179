//! What is counted about uploads.

use socorro_core::metric::Metric;

/// Uploads that were answered.
pub(super) const UPLOADS: Metric = Metric::counter(
    "socorro.collector.symbols.upload",
    &["status"],
    "uploads of symbols, by the HTTP status of the answer",
);
/// Files in uploads.
pub(super) const FILES: Metric = Metric::counter(
    "socorro.collector.symbols.file",
    &["result"],
    "files in uploads of symbols: `stored`, `replaced`, `unchanged`, `skipped`, `refused` or `conflict`",
);
/// Crashes that will get their symbols.
pub(super) const CRASHES: Metric = Metric::counter(
    "socorro.collector.symbols.reprocessed",
    &[],
    "crashes published again because symbols arrived that they had lacked",
);

/// All metrics of uploads.
pub const METRICS: &[Metric] = &[UPLOADS, FILES, CRASHES];

pub(super) fn count(metric: &Metric, tag: Option<String>, count: u64) {
    let name = metric.name;
    match (metric.tags.first(), tag) {
        (Some(tag), Some(value)) => metrics::counter!(name, *tag => value).increment(count),
        _ => metrics::counter!(name).increment(count),
    }
}
