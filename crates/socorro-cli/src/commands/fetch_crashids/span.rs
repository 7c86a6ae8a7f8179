//! Spans of time by their names.

use std::str::FromStr;

use socorro_core::{
    Environment,
    time::{Date, Timestamp},
};
use socorro_crash_stats::client::Search;

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

/// When crashes were submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    Day(Date),
    Today,
    Yesterday,
    /// The last seven days, and what comes until tomorrow.
    ThisWeek,
    /// The last thirty days, and what comes until tomorrow.
    ThisMonth,
    /// Twelve hours that end in an hour, since clocks differ.
    Now,
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "today" => Self::Today,
            "yesterday" => Self::Yesterday,
            "thisweek" => Self::ThisWeek,
            "thismonth" => Self::ThisMonth,
            "now" => Self::Now,
            _ => Self::Day(text.parse().map_err(|_| {
                "a date is written YYYY-MM-DD, today, yesterday, thisweek, thismonth or now"
                    .to_owned()
            })?),
        })
    }
}

impl Span {
    /// Searches that span.
    pub(super) fn of(self, search: Search) -> Search {
        let (from, until) = self.bounds(Environment::system().now());
        let search = search.between(from, until);
        if self == Self::Now {
            search.sort("-date")
        } else {
            search
        }
    }

    fn bounds(self, now: Timestamp) -> (Timestamp, Timestamp) {
        let now = now.as_second();
        let midnight = now - now.rem_euclid(DAY);
        let (from, until) = match self {
            Self::Day(day) => {
                let start = seconds_of(day);
                (start, start + DAY)
            }
            Self::Today => (midnight, midnight + DAY),
            Self::Yesterday => (midnight - DAY, midnight),
            Self::ThisWeek => (midnight - 7 * DAY, midnight + DAY),
            Self::ThisMonth => (midnight - 30 * DAY, midnight + DAY),
            Self::Now => (now - 11 * HOUR, now + HOUR),
        };
        (moment(from), moment(until))
    }
}

/// When a day begins, in seconds after the epoch.
fn seconds_of(day: Date) -> i64 {
    let epoch = Date::constant(1970, 1, 1);
    let days = epoch.until(day).map_or(0, |span| span.get_days());
    i64::from(days) * DAY
}

fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_begin_and_end_as_they_do_in_socorros_tools() {
        let now = "2026-11-26T22:30:15.5Z".parse().unwrap();
        for (text, from, until) in [
            ("2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
            ("today", "2026-11-26T00:00:00Z", "2026-11-27T00:00:00Z"),
            ("yesterday", "2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z"),
            ("thisweek", "2026-11-19T00:00:00Z", "2026-11-27T00:00:00Z"),
            ("thismonth", "2026-10-27T00:00:00Z", "2026-11-27T00:00:00Z"),
            ("now", "2026-11-26T11:30:15Z", "2026-11-26T23:30:15Z"),
        ] {
            let (start, end) = text.parse::<Span>().unwrap().bounds(now);
            assert_eq!(
                (&*start.to_string(), &*end.to_string()),
                (from, until),
                "{text}"
            );
        }
        for text in ["", "tomorrow", "2026-13-01", "26-1-1"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
