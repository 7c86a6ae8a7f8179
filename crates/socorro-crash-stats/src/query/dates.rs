//! The window of time of a search.

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};

use super::{QueryError, filter::Comparison};

/// How long a window is when a search says only one end of it, or none.
const DEFAULT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long it may be.
const LONGEST: SignedDuration = SignedDuration::from_hours(365 * 24);

/// One end of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// When.
    pub moment: Timestamp,
    /// Whether the moment itself is in the window.
    pub inclusive: bool,
}

impl Bound {
    fn inclusive(moment: Timestamp) -> Self {
        Self {
            moment,
            inclusive: true,
        }
    }
}

/// The window of time of a search. It is empty when it begins after its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dates {
    /// The beginning: `date=>…` or `date=>=…`.
    pub from: Bound,
    /// The end: `date=<…` or `date=<=…`.
    pub to: Bound,
}

impl Dates {
    /// Whether a moment is in the window.
    #[must_use]
    pub fn contain(&self, moment: Timestamp) -> bool {
        let after =
            moment > self.from.moment || (self.from.inclusive && moment == self.from.moment);
        let before = moment < self.to.moment || (self.to.inclusive && moment == self.to.moment);
        after && before
    }

    /// The window that bounds make: the narrowest one, the last seven days where they say nothing.
    pub(super) fn between(
        bounds: impl IntoIterator<Item = (Comparison, Timestamp)>,
        now: Timestamp,
    ) -> Result<Self, QueryError> {
        let (mut from, mut to) = (None::<Bound>, None::<Bound>);
        for (comparison, moment) in bounds {
            let bound = Bound {
                moment,
                inclusive: comparison.takes_equal(),
            };
            if comparison.wants_greater() {
                from = Some(from.map_or(bound, |known| later(known, bound)));
            } else {
                to = Some(to.map_or(bound, |known| earlier(known, bound)));
            }
        }
        let to = to.unwrap_or_else(|| Bound::inclusive(now));
        let before = |end: Timestamp| end.checked_sub(DEFAULT).unwrap_or(Timestamp::MIN);
        let from = from.unwrap_or_else(|| Bound::inclusive(before(to.moment)));
        if to.moment.duration_since(from.moment) > LONGEST {
            return Err(QueryError::DateRange);
        }
        Ok(Self { from, to })
    }
}

/// The later beginning of two; of the same moment the one without it.
fn later(one: Bound, other: Bound) -> Bound {
    if (other.moment, !other.inclusive) > (one.moment, !one.inclusive) {
        other
    } else {
        one
    }
}

/// The earlier end of two; of the same moment the one without it.
fn earlier(one: Bound, other: Bound) -> Bound {
    if (other.moment, other.inclusive) < (one.moment, one.inclusive) {
        other
    } else {
        one
    }
}

/// Reads a moment: `YYYY-MM-DD`, or with a time after a `T` or a blank, and then perhaps a zone,
/// `Z` or `±HH:MM`. Without one it is UTC.
#[must_use]
pub fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    let civil: DateTime = text.parse().ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_all_their_forms() {
        let noon: Timestamp = "2024-07-01T12:00:00Z".parse().unwrap();
        for text in [
            "2024-07-01T12:00:00",
            "2024-07-01 12:00:00",
            "2024-07-01T12:00:00.000",
            "2024-07-01T12:00:00.000Z",
            "2024-07-01T14:00:00+02:00",
            "2024-07-01 14:00:00+02:00",
            "2024-07-01T12:00",
        ] {
            assert_eq!(moment(text), Some(noon), "{text}");
        }
        let midnight = "2024-07-01T00:00:00Z".parse().unwrap();
        assert_eq!(moment("2024-07-01"), Some(midnight));
        for text in ["", "yesterday", "2024-13-01", "2024-07-01T25:00:00", "7"] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn the_narrowest_bounds_count() {
        use Comparison::{AtLeast, AtMost, Greater, Less};
        let at = |text: &str| moment(text).unwrap();
        let bounds = [
            (AtLeast, at("2024-07-01")),
            (Greater, at("2024-07-01")),
            (AtLeast, at("2024-06-01")),
            (AtMost, at("2024-07-10")),
            (Less, at("2024-07-10")),
            (AtMost, at("2024-07-11")),
        ];
        for order in [bounds, {
            let mut other = bounds;
            other.reverse();
            other
        }] {
            let dates = Dates::between(order, at("2024-08-01")).unwrap();
            assert!(!dates.contain(at("2024-07-01")));
            assert!(dates.contain(at("2024-07-01T00:00:01")));
            assert!(dates.contain(at("2024-07-09T23:59:59.999")));
            assert!(!dates.contain(at("2024-07-10")));
        }
    }
}
