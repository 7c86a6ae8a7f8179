//! How many requests are answered in a minute.

use std::collections::HashMap;

use socorro_core::time::Timestamp;

const WINDOW: i64 = 60;

/// Counts requests by who asks, in windows of a minute that begin with the minute of the clock.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    window: i64,
    counts: HashMap<String, u32>,
}

impl Limiter {
    /// Counts a request.
    ///
    /// # Errors
    ///
    /// When it is one too many: after how many seconds there is room again.
    pub(super) fn count(&mut self, who: String, limit: u32, now: Timestamp) -> Result<(), i64> {
        let window = now.as_second().div_euclid(WINDOW);
        if window != self.window {
            self.window = window;
            self.counts.clear();
        }
        let count = self.counts.entry(who).or_default();
        if *count >= limit {
            return Err(WINDOW - now.as_second().rem_euclid(WINDOW));
        }
        *count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_again_in_the_next_minute() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut limiter = Limiter::default();
        let mut ask = |who: &str, time: &str| limiter.count(who.to_owned(), 2, at(time));
        assert_eq!(ask("a", "2026-11-23T10:00:10Z"), Ok(()));
        assert_eq!(ask("a", "2026-11-23T10:00:20Z"), Ok(()));
        assert_eq!(ask("a", "2026-11-23T10:00:50Z"), Err(10));
        assert_eq!(ask("b", "2026-11-23T10:00:50Z"), Ok(()));
        assert_eq!(ask("a", "2026-11-23T10:01:00Z"), Ok(()));
    }
}
