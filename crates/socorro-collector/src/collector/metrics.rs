//! The metrics of the way of a report through storage, queue and spool.

use std::time::Duration;

use ::metrics::{Label, SharedString};
use socorro_core::metric::{Metric, Unit};

/// A tag and its value.
pub(crate) type Tag = (&'static str, SharedString);

/// A row of the table, as something to emit.
#[derive(Debug)]
pub(crate) struct Emitted(pub(crate) Metric);

/// Names the rows and collects them, so that there is no row that is not in the table.
macro_rules! table {
    ($($name:ident = $metric:expr;)*) => {
        $(pub(crate) const $name: Emitted = Emitted($metric);)*

        /// The metrics of storing, publishing and spooling.
        pub const DELIVERY_METRICS: &[Metric] = &[$($name.0),*];
    };
}

table! {
    RETRY_COUNT = Metric::counter("socorro.collector.crashmover.retry_count", &["count"],
        "reports that were stored after so many failures, when there were some").of_upstream();
    CRASH_HANDLING = Metric::timing("socorro.collector.crashmover.crash_handling.time", &[],
        "storing and publishing a report, or spooling it").of_upstream();
    CRASH_SAVE = Metric::timing("socorro.collector.crashmover.crash_save.time", &[],
        "storing a report").of_upstream();
    CRASH_PUBLISH = Metric::timing("socorro.collector.crashmover.crash_publish.time", &[],
        "publishing an id").of_upstream();
    SAVE_CRASH = Metric::counter("socorro.collector.crashmover.save_crash.count", &[],
        "reports that were stored and published at once").of_upstream();
    SAVE_CRASH_DROPPED = Metric::counter("socorro.collector.crashmover.save_crash_dropped.count", &[],
        "reports that could neither be stored nor spooled; the client was told so").of_upstream();
    PUBLISH_CRASH_DROPPED = Metric::counter("socorro.collector.crashmover.publish_crash_dropped.count", &[],
        "ids of stored reports that were not published, and are not in the spool").of_upstream();
    SPOOLED = Metric::counter("socorro.collector.spool.kept", &["what"],
        "what was put in the spool: a `report`, or only the `id` of one that is stored");
    SPOOL_REFUSED = Metric::counter("socorro.collector.spool.refused", &["reason"],
        "reports that the spool could not take: `full`, or the `disk` failed");
    SPOOL_REPLAYED = Metric::counter("socorro.collector.spool.replayed", &["result"],
        "entries that were tried to be delivered: `delivered`, `failed`, `quarantined`");
    SPOOL_ENTRIES = Metric::gauge("socorro.collector.spool.entries", Unit::Count, &[],
        "entries that wait in the spool");
    SPOOL_BYTES = Metric::gauge("socorro.collector.spool.bytes", Unit::Bytes, &[],
        "bytes of all entries that wait in the spool");
    SPOOL_OLDEST = Metric::gauge("socorro.collector.spool.oldest_age", Unit::Seconds, &[],
        "how long the oldest entry has been in the spool");
    SPOOL_QUARANTINED = Metric::gauge("socorro.collector.spool.quarantined", Unit::Count, &[],
        "entries that were set aside, for somebody to look at");
    BREAKER_OPEN = Metric::gauge("socorro.collector.breaker.open", Unit::Count, &["backend"],
        "1 while `storage` or `queue` is known to be down");
    DEDUPED = Metric::counter("socorro.collector.dedupe.hits", &[],
        "reports that got the id of one with the same minidump");
}

impl Emitted {
    /// Counts that something happened.
    pub(crate) fn count(&self, tags: &[Tag]) {
        ::metrics::counter!(self.0.name, labels(tags)).increment(1);
    }

    /// Tells how long something took.
    pub(crate) fn time(&self, duration: Duration) {
        ::metrics::histogram!(self.0.name).record(duration.as_secs_f64() * 1000.0);
    }

    /// Tells how much there is.
    #[expect(
        clippy::cast_precision_loss,
        reason = "nobody looks at the last digit of petabytes"
    )]
    pub(crate) fn set(&self, count: u64, tags: &[Tag]) {
        ::metrics::gauge!(self.0.name, labels(tags)).set(count as f64);
    }
}

fn labels(tags: &[Tag]) -> Vec<Label> {
    let labels = tags
        .iter()
        .map(|(name, value)| Label::new(*name, value.clone()));
    labels.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_name_is_once_in_the_table_and_belongs_to_the_collector() {
        let mut names = HashSet::new();
        for metric in DELIVERY_METRICS {
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
