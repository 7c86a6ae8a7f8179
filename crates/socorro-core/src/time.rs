//! The clock, and dates as crash data writes them.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use jiff::tz::TimeZone;
pub use jiff::{Timestamp, civil::Date};

/// Tells the time. Everything that writes a time into results asks one of these.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The current time.
    fn now(&self) -> Timestamp;
}

/// The clock of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A machine whose clock is outside of years -9999..=9999 gets the epoch.
        Timestamp::try_from(SystemTime::now()).unwrap_or_default()
    }
}

/// A clock that stands still until it is moved; for tests and for reproducible results.
///
/// ```
/// use std::time::Duration;
/// use socorro_core::time::{Clock, ManualClock};
///
/// let clock = ManualClock::at("2026-01-02T03:04:05Z".parse()?);
/// clock.advance(Duration::from_secs(5));
/// assert_eq!(clock.now().to_string(), "2026-01-02T03:04:10Z");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves the clock forward; it stops at the end of representable time.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.saturating_add(by).unwrap_or(Timestamp::MAX);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The UTC day of a moment.
#[must_use]
pub fn date(moment: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(moment).date()
}

/// `YYYY-MM-DDTHH:MM:SS+00:00`: how date fields of a processed crash are written.
///
/// ```
/// use socorro_core::time::isoformat;
///
/// assert_eq!(isoformat("2026-01-02T03:04:05.9Z".parse()?), "2026-01-02T03:04:05+00:00");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn isoformat(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// `YYYY-MM-DD HH:MM:SS[.ffffff]+00:00`: how notes write a time. The fraction is left out when it
/// is zero.
#[must_use]
pub fn note_format(moment: Timestamp) -> String {
    let micros = moment.subsec_microsecond();
    if micros == 0 {
        moment.strftime("%Y-%m-%d %H:%M:%S+00:00").to_string()
    } else {
        moment.strftime("%Y-%m-%d %H:%M:%S.%6f+00:00").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fraction_is_left_out_when_it_is_zero() {
        let text = |moment: &str| note_format(moment.parse().unwrap());
        assert_eq!(text("2026-01-02T03:04:05Z"), "2026-01-02 03:04:05+00:00");
        assert_eq!(
            text("2026-01-02T03:04:05.25Z"),
            "2026-01-02 03:04:05.250000+00:00"
        );
    }
}
