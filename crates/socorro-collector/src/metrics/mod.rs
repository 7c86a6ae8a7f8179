//! The metrics of this library, emitted through the facade of the crate `metrics`.
//!
//! A program that wants them installs a recorder. Without one they cost next to nothing. No tag has a value that
//! comes from a client: clients are told apart by a closed set of families, products by the configured list.

mod table;

use std::time::Duration;

use ::metrics::{Label, SharedString};
use socorro_core::metric::Metric;

pub use table::METRICS;
pub(crate) use table::*;

/// A tag and its value.
pub(crate) type Tag = (&'static str, SharedString);

/// A row of the table, as something to emit.
#[derive(Debug)]
pub(crate) struct Emitted(pub(crate) Metric);

impl Emitted {
    /// Counts that something happened.
    pub(crate) fn count(&self, tags: &[Tag]) {
        self.add(1, tags);
    }

    /// Counts that something happened so often.
    pub(crate) fn add(&self, times: u64, tags: &[Tag]) {
        ::metrics::counter!(self.0.name, self.labels(tags)).increment(times);
    }

    /// Tells how long something took.
    pub(crate) fn time(&self, duration: Duration, tags: &[Tag]) {
        self.record(duration.as_secs_f64() * 1000.0, tags);
    }

    /// Tells how large something was.
    pub(crate) fn size(&self, bytes: u64, tags: &[Tag]) {
        self.record(to_float(bytes), tags);
    }

    /// Tells how much something was.
    pub(crate) fn record(&self, value: f64, tags: &[Tag]) {
        ::metrics::histogram!(self.0.name, self.labels(tags)).record(value);
    }

    /// Tells how much there is.
    pub(crate) fn set(&self, value: u64, tags: &[Tag]) {
        ::metrics::gauge!(self.0.name, self.labels(tags)).set(to_float(value));
    }

    fn labels(&self, tags: &[Tag]) -> Vec<Label> {
        debug_assert!(
            tags.iter().map(|(name, _)| name).eq(self.0.tags),
            "{} has the tags {:?}",
            self.0.name,
            self.0.tags
        );
        let labels = tags
            .iter()
            .map(|(name, value)| Label::new(*name, value.clone()));
        labels.collect()
    }
}

/// Exact up to 2^53.
#[expect(
    clippy::cast_precision_loss,
    reason = "nobody looks at the last digit of petabytes"
)]
pub(crate) fn to_float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_name_is_once_in_the_table_and_belongs_to_the_collector() {
        let mut names = HashSet::new();
        for metric in METRICS {
            assert!(names.insert(metric.name), "{}", metric.name);
            assert!(
                metric.name.starts_with("socorro.collector."),
                "{}",
                metric.name
            );
            assert!(!metric.meaning.is_empty(), "{}", metric.name);
        }
    }
}
