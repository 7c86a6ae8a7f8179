//! What a library says about the metrics that it emits.

/// A metric: a row of the table that each library which emits metrics has.
///
/// Names, tags and types that Mozilla's Socorro has too are the same here, so that dashboards made for it
/// go on working. No tag has a crash id or anything else of a report as its value.
///
/// ```
/// use socorro_core::metric::Metric;
///
/// const DONE: Metric = Metric::counter("socorro.example.done", &["outcome"], "Things done");
/// assert!(DONE.matches("socorro.example.done"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metric {
    /// The name. A part in braces, `{destination}`, stands for a name that an operator chose.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// What it counts or measures in.
    pub unit: Unit,
    /// The names of its tags.
    pub tags: &'static [&'static str],
    /// One line on what it means.
    pub meaning: &'static str,
    /// Whether Mozilla's Socorro has it as well.
    pub upstream: bool,
}

/// What the values of a metric are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// How often something happened.
    Counter,
    /// How much there is of something now.
    Gauge,
    /// How long something took, each time.
    Timing,
    /// How much something was, each time.
    Histogram,
}

/// What a metric counts or measures in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Things.
    Count,
    /// Thousandths of a second.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
}

impl Metric {
    const fn new(
        name: &'static str,
        kind: Kind,
        unit: Unit,
        tags: &'static [&'static str],
        meaning: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            unit,
            tags,
            meaning,
            upstream: false,
        }
    }

    /// Counts how often something happened.
    #[must_use]
    pub const fn counter(
        name: &'static str,
        tags: &'static [&'static str],
        meaning: &'static str,
    ) -> Self {
        Self::new(name, Kind::Counter, Unit::Count, tags, meaning)
    }

    /// Tells how long things took, in milliseconds.
    #[must_use]
    pub const fn timing(
        name: &'static str,
        tags: &'static [&'static str],
        meaning: &'static str,
    ) -> Self {
        Self::new(name, Kind::Timing, Unit::Milliseconds, tags, meaning)
    }

    /// Tells how much there is of something.
    #[must_use]
    pub const fn gauge(
        name: &'static str,
        unit: Unit,
        tags: &'static [&'static str],
        meaning: &'static str,
    ) -> Self {
        Self::new(name, Kind::Gauge, unit, tags, meaning)
    }

    /// Tells how much something was, each time.
    #[must_use]
    pub const fn histogram(
        name: &'static str,
        unit: Unit,
        tags: &'static [&'static str],
        meaning: &'static str,
    ) -> Self {
        Self::new(name, Kind::Histogram, unit, tags, meaning)
    }

    /// The same, known to dashboards for Mozilla's Socorro.
    #[must_use]
    pub const fn of_upstream(mut self) -> Self {
        self.upstream = true;
        self
    }

    /// Whether `name` is the name of this metric.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let Some((before, rest)) = self.name.split_once('{') else {
            return self.name == name;
        };
        let after = rest.split_once('}').map_or("", |(_, after)| after);
        name.strip_prefix(before)
            .and_then(|name| name.strip_suffix(after))
            .is_some_and(|chosen| !chosen.is_empty() && !chosen.contains('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_in_braces_stands_for_one_name() {
        let metric = Metric::timing("a.{destination}.save", &[], "");
        assert!(metric.matches("a.telemetry.save"));
        for other in ["a..save", "a.b.c.save", "a.save", "a.telemetry.load"] {
            assert!(!metric.matches(other), "{other}");
        }
    }
}
