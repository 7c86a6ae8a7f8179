//! The metrics of this library, emitted through the facade of the crate `metrics`.
//!
//! A program that wants them installs a recorder. Without one they cost next to nothing.

mod table;

use std::time::Duration;

use ::metrics::{Gauge, Histogram, Key, Label, Level, Metadata, SharedString, with_recorder};
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
        ::metrics::counter!(self.0.name, self.labels(tags)).increment(1);
    }

    /// Tells how long something took.
    pub(crate) fn time(&self, duration: Duration, tags: &[Tag]) {
        self.histogram(tags).record(duration.as_secs_f64() * 1000.0);
    }

    /// Tells how large something was.
    pub(crate) fn size(&self, bytes: u64, tags: &[Tag]) {
        self.histogram(tags).record(to_float(bytes));
    }

    /// Tells how many there are.
    pub(crate) fn set(&self, count: usize, tags: &[Tag]) {
        self.gauge(tags).set(to_float(count as u64));
    }

    /// Tells how many bytes there are.
    pub(crate) fn set_bytes(&self, bytes: u64) {
        self.gauge(&[]).set(to_float(bytes));
    }

    /// Tells how long something took, where part of the name was chosen by an operator.
    pub(crate) fn time_of(&self, chosen: &str, duration: Duration) {
        let (before, rest) = self.0.name.split_once('{').unwrap_or((self.0.name, ""));
        let after = rest.split_once('}').map_or("", |(_, after)| after);
        let name = format!("{before}{chosen}{after}");
        ::metrics::histogram!(name).record(duration.as_secs_f64() * 1000.0);
    }

    /// The metric with these tags, to be kept where it is needed often; for [`time`].
    pub(crate) fn key(&self, tags: &[Tag]) -> Key {
        Key::from_parts(self.0.name, self.labels(tags))
    }

    fn histogram(&self, tags: &[Tag]) -> Histogram {
        ::metrics::histogram!(self.0.name, self.labels(tags))
    }

    fn gauge(&self, tags: &[Tag]) -> Gauge {
        ::metrics::gauge!(self.0.name, self.labels(tags))
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

/// Tells how long something took.
pub(crate) fn time(key: &Key, duration: Duration) {
    static METADATA: Metadata<'static> =
        Metadata::new(module_path!(), Level::INFO, Some(module_path!()));
    let histogram = with_recorder(|recorder| recorder.register_histogram(key, &METADATA));
    histogram.record(duration.as_secs_f64() * 1000.0);
}

/// Exact up to 2^53.
#[expect(
    clippy::cast_precision_loss,
    reason = "nobody looks at the last digit of petabytes"
)]
fn to_float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_name_is_once_in_the_table_and_belongs_to_the_processor() {
        let mut names = HashSet::new();
        for metric in METRICS {
            assert!(names.insert(metric.name), "{}", metric.name);
            assert!(
                metric.name.starts_with("socorro.processor."),
                "{}",
                metric.name
            );
            assert!(!metric.meaning.is_empty(), "{}", metric.name);
        }
    }
}
