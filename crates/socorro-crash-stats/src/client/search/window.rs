//! Spans of time, as filters on `date` have them.

use std::time::Duration;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// What is searched when nobody says from when.
const USUAL: u32 = 7;
const MICROSECOND: Duration = Duration::from_micros(1);

/// A span of time: from its first moment up to, and without, its last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first moment.
    pub from: Timestamp,
    /// The moment after the last one.
    pub until: Timestamp,
}

impl Window {
    /// The days before `now` that are searched when nobody says anything.
    pub(super) fn usual(now: Timestamp) -> Self {
        Self {
            from: before(now, USUAL),
            until: now,
        }
    }

    /// The window of several filters on `date`, such as `>=2026-11-01` and `<2026-11-08T12:00:00Z`;
    /// of several bounds the narrower one counts. Without a lower one it begins a week before the
    /// upper one, without an upper one it ends now.
    ///
    /// Nothing when a filter is no such bound.
    #[must_use]
    pub fn of_bounds<'a>(
        bounds: impl IntoIterator<Item = &'a str>,
        now: Timestamp,
    ) -> Option<Self> {
        let (mut from, mut until) = (None::<Timestamp>, None::<Timestamp>);
        for bound in bounds {
            let later = |moment: Timestamp| moment.saturating_add(MICROSECOND).ok();
            let is_lower = bound.starts_with('>');
            let moment = if let Some(text) = bound.strip_prefix(">=") {
                moment(text)?
            } else if let Some(text) = bound.strip_prefix("<=") {
                later(moment(text)?)?
            } else if let Some(text) = bound.strip_prefix('<') {
                moment(text)?
            } else {
                later(moment(bound.strip_prefix('>')?)?)?
            };
            if is_lower {
                from = Some(from.map_or(moment, |from| from.max(moment)));
            } else {
                until = Some(until.map_or(moment, |until| until.min(moment)));
            }
        }
        let until = until.unwrap_or(now);
        let from = from.unwrap_or_else(|| before(until, USUAL));
        Some(Self { from, until })
    }

    /// The two halves, parted at a whole second; nothing when a half would be shorter than that.
    pub(super) fn halves(self) -> Option<(Self, Self)> {
        let Self { from, until } = self;
        let seconds = until.as_second().checked_sub(from.as_second())?;
        let middle = Timestamp::from_second(from.as_second() + seconds / 2).ok()?;
        if seconds < 2 || middle <= from || middle >= until {
            return None;
        }
        let first = Self {
            from,
            until: middle,
        };
        let second = Self {
            from: middle,
            until,
        };
        Some((first, second))
    }

    /// As filters on `date`.
    pub(super) fn filters(self) -> [String; 2] {
        [
            format!(">={}", written(self.from)),
            format!("<{}", written(self.until)),
        ]
    }
}

fn before(moment: Timestamp, days: u32) -> Timestamp {
    moment.saturating_sub(DAY * days).unwrap_or(Timestamp::MIN)
}

/// Reads a moment: a date, or a date and a time with or without a zone; without one it is UTC.
fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(moment) = text.parse() {
        return Some(moment);
    }
    let civil: DateTime = text.parse().ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

/// A whole day is written as its date, which servers can answer from a cache.
fn written(moment: Timestamp) -> String {
    let civil = TimeZone::UTC.to_datetime(moment);
    if civil == civil.date().to_datetime(jiff::civil::Time::midnight()) {
        civil.date().to_string()
    } else if moment.subsec_nanosecond() == 0 {
        moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    } else {
        moment.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        moment(text).unwrap()
    }

    #[test]
    fn bounds_are_read_as_the_server_reads_them() {
        let now = at("2026-11-26T12:00:00Z");
        for (bounds, from, until) in [
            (&[][..], "2026-11-19T12:00:00Z", "2026-11-26T12:00:00Z"),
            (&[">=2026-11-01"], "2026-11-01", "2026-11-26T12:00:00Z"),
            (&["<2026-11-10"], "2026-11-03", "2026-11-10"),
            (
                &[
                    ">=2026-11-01 10:00:00",
                    ">=2026-11-02T10:00:00+02:00",
                    "<2026-11-09",
                ],
                "2026-11-02T08:00:00Z",
                "2026-11-09",
            ),
            (
                &[">2026-11-01T00:00:00.5Z", "<=2026-11-02"],
                "2026-11-01T00:00:00.500001Z",
                "2026-11-02T00:00:00.000001Z",
            ),
        ] {
            let window = Window::of_bounds(bounds.iter().copied(), now);
            let (from, until) = (at(from), at(until));
            assert_eq!(window, Some(Window { from, until }), "{bounds:?}");
        }
        for bound in ["2026-11-01", "!>=2026-11-01", "__null__", ">=soon", ""] {
            assert_eq!(Window::of_bounds([bound], now), None, "{bound}");
        }
    }

    #[test]
    fn days_are_written_short() {
        let window = Window {
            from: at("2026-11-01"),
            until: at("2026-11-01T00:00:01Z"),
        };
        assert_eq!(
            window.filters(),
            [">=2026-11-01", "<2026-11-01T00:00:01Z"].map(str::to_owned)
        );
        let fraction = written(at("2026-11-01T00:00:01.25Z"));
        assert_eq!(fraction, "2026-11-01T00:00:01.250000Z");
    }

    proptest! {
        /// Halves meet, lose nothing, and end at a second.
        #[test]
        fn halves_make_up_the_whole(start in 0_i64..4_000_000_000, length in 0_i64..100_000_000) {
            let from = Timestamp::from_second(start).unwrap();
            let until = Timestamp::from_second(start + length).unwrap();
            let mut window = Window { from, until };
            let mut steps = 0;
            while let Some((first, second)) = window.halves() {
                prop_assert_eq!(first.until, second.from);
                prop_assert_eq!((first.from, second.until), (from, window.until));
                window = first;
                steps += 1;
            }
            prop_assert!(window.until.as_second() - start <= 1);
            prop_assert!(steps < 64);
        }
    }
}
