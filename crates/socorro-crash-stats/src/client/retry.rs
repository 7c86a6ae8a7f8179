//! Trying again.

use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use tokio::time::Instant;

use super::{error::Error, options::RetryOptions};

/// How often a host is tried that never answered, and bytes that are wrong: both seldom get better.
const FEW: u32 = 3;

/// The tries of one request.
#[derive(Debug)]
pub(super) struct Tries<'a> {
    options: &'a RetryOptions,
    begin: Instant,
    made: u32,
    /// Those that seldom get better.
    hopeless: u32,
}

impl<'a> Tries<'a> {
    pub(super) fn new(options: &'a RetryOptions) -> Self {
        Self {
            options,
            begin: Instant::now(),
            made: 0,
            hopeless: 0,
        }
    }

    /// How long to wait before the next try.
    ///
    /// # Errors
    ///
    /// The error itself, when there is to be no further try.
    pub(super) fn again_after(&mut self, error: Error) -> Result<(Duration, Error), Error> {
        self.made += 1;
        self.hopeless += u32::from(is_hopeless(&error));
        let is_last = self.made >= self.options.attempts || self.hopeless >= FEW;
        if !error.is_temporary() || is_last {
            return Err(error);
        }
        let wait = error.retry_after().unwrap_or_else(|| self.backoff());
        if self.begin.elapsed().saturating_add(wait) > self.options.give_up_after {
            return Err(error);
        }
        Ok((wait, error))
    }

    /// Between half and all of what is due, so that clients do not come back together.
    fn backoff(&self) -> Duration {
        let doublings = self.made.saturating_sub(1).min(20);
        let due = self.options.first_wait.saturating_mul(1 << doublings);
        due.min(self.options.longest_wait)
            .mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

fn is_hopeless(error: &Error) -> bool {
    matches!(
        error,
        Error::Unreachable { known: false, .. } | Error::WrongChecksum { .. }
    )
}

/// When to come back, as the headers of an answer say: in seconds, or as a date.
/// Source: RFC 9110, section 10.2.3.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = rfc2822::parse(text).ok()?.timestamp();
    // A date that is over means now.
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out_of_order(retry_after: Option<Duration>) -> Error {
        Error::OutOfOrder {
            host: "host".to_owned(),
            status: 503,
            reason: String::new(),
            retry_after,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waits_double_up_to_the_longest_and_end() {
        let options = RetryOptions::default();
        let mut tries = Tries::new(&options);
        let mut waits = Vec::new();
        while let Ok((wait, _)) = tries.again_after(out_of_order(None)) {
            tokio::time::advance(wait).await;
            waits.push(wait.as_secs_f64());
        }
        assert_eq!(waits.len(), 7);
        for (wait, due) in waits.iter().zip([0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0]) {
            assert!((due / 2.0..=due).contains(wait), "{waits:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_or_never_gets_better_is_not_tried_again() {
        let options = RetryOptions::default();
        let mut tries = Tries::new(&options);
        let later = out_of_order(Some(Duration::from_secs(299)));
        assert_eq!(tries.again_after(later).unwrap().0.as_secs(), 299);
        let much_later = out_of_order(Some(Duration::from_secs(301)));
        assert!(tries.again_after(much_later).is_err());
        let host = "host".to_owned();
        let reason = String::new();
        let refused = Error::TokenRefused { host, reason };
        assert!(Tries::new(&options).again_after(refused).is_err());
    }

    #[test]
    fn a_server_says_when_to_come_back_in_seconds_or_as_a_date() {
        let now: Timestamp = "1994-11-06T08:49:37Z".parse().unwrap();
        for (text, expected) in [
            ("120", Some(120)),
            ("0", Some(0)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            let found = retry_after(&headers, now).map(|wait| wait.as_secs());
            assert_eq!(found, expected, "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
