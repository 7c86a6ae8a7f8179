//! The metrics of this program: its own, and those of the libraries in it.

use socorro_core::metric::{Metric, Unit};

/// Messages in the queue.
pub(super) const QUEUE_DEPTH: Metric = Metric::gauge(
    "socorro.processor.queue.depth",
    Unit::Count,
    &["lane", "state"],
    "messages in the queue: waiting, delayed, leased, dead; where the queue can tell",
);
/// The oldest message.
pub(super) const QUEUE_OLDEST: Metric = Metric::gauge(
    "socorro.processor.queue.oldest_age",
    Unit::Seconds,
    &["lane"],
    "age of the oldest message that is not dead; 0 when there is none",
);
/// Notes for a destination.
pub(super) const OUTBOX: Metric = Metric::gauge(
    "socorro.processor.destination.outbox",
    Unit::Count,
    &["name"],
    "crashes that are noted for a destination, by its name; counted up to 10000",
);
/// Memory of the process.
pub(super) const RSS: Metric = Metric::gauge(
    "socorro.processor.memory.rss",
    Unit::Bytes,
    &[],
    "memory of the process that is in RAM",
);

const METRICS: [Metric; 4] = [QUEUE_DEPTH, QUEUE_OLDEST, OUTBOX, RSS];

/// All metrics that processor and collector emit, by name.
pub(super) fn all() -> Vec<Metric> {
    let libraries = socorro_processor::METRICS
        .iter()
        .chain(socorro_stackwalk::METRICS)
        .chain(socorro_collector::METRICS)
        .chain(socorro_collector::symbols::METRICS);
    let mut all: Vec<Metric> = libraries.chain(&METRICS).copied().collect();
    all.sort_by_key(|metric| metric.name);
    all
}

/// The metric of that name.
pub(super) fn find(name: &str) -> Option<Metric> {
    all().into_iter().find(|metric| metric.matches(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use socorro_core::metric::Kind;

    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");
    const BEGIN: &str = " makes it again -->\n";
    const END: &str = "<!-- end of metrics -->";

    fn prometheus_name(metric: &Metric) -> String {
        let name = metric.name.replace('.', "_");
        let suffix = match (metric.kind, metric.unit) {
            (Kind::Counter, _) => "_total",
            (_, Unit::Milliseconds) => "_milliseconds",
            (_, Unit::Seconds) => "_seconds",
            (_, Unit::Bytes) if !name.ends_with("_bytes") => "_bytes",
            _ => "",
        };
        name + suffix
    }

    fn table() -> String {
        let mut table = String::from(
            "\n| Name | DogStatsD | Tags | Meaning | For Prometheus |\n|---|---|---|---|---|\n",
        );
        for metric in all() {
            let kind = match metric.kind {
                Kind::Counter => "`c`",
                Kind::Gauge => "`g`",
                Kind::Timing => "`ms`",
                Kind::Histogram => "`h`",
            };
            let name = match metric.upstream {
                true => format!("**`{}`**", metric.name),
                false => format!("`{}`", metric.name),
            };
            let tags: Vec<_> = metric.tags.iter().map(|tag| format!("`{tag}`")).collect();
            let (tags, meaning) = (tags.join(", "), metric.meaning);
            let prometheus = prometheus_name(&metric);
            table += &format!("| {name} | {kind} | {tags} | {meaning} | `{prometheus}` |\n");
        }
        table + "\n"
    }

    #[test]
    fn the_page_about_operations_has_the_table() {
        let page = std::fs::read_to_string(PAGE).unwrap();
        let (before, rest) = page.split_once(BEGIN).unwrap();
        let (shown, after) = rest.split_once(END).unwrap();
        let table = table();
        if std::env::var_os("SOCORRO_UPDATE_PAGES").is_some() {
            std::fs::write(PAGE, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
        } else {
            assert!(shown == table, "the table in {PAGE} is of old");
        }
    }

    #[test]
    fn a_name_means_one_thing() {
        let all = all();
        for pair in all.windows(2) {
            assert_ne!(pair[0].name, pair[1].name);
        }
        for metric in all {
            assert_eq!(find(metric.name).map(|found| found.name), Some(metric.name));
        }
    }
}
