//! Times as the database holds them.

use std::time::Duration;

use socorro_core::time::Timestamp;

/// Milliseconds since 1970-01-01 UTC, rounded down.
pub(super) fn to_millis(moment: Timestamp) -> i64 {
    moment.as_millisecond()
}

/// The moment, or the end of time that is nearest.
pub(super) fn from_millis(millis: i64) -> Timestamp {
    let nearest = if millis < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::from_millisecond(millis).unwrap_or(nearest)
}

/// `now` and `by` later, or the end of time.
pub(super) fn later(now: Timestamp, by: Duration) -> Timestamp {
    now.saturating_add(by).unwrap_or(Timestamp::MAX)
}
