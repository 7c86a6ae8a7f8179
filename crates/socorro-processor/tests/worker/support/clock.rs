//! The clock of tests.

use socorro_core::time::{Clock, Timestamp};
use tokio::time::Instant;

/// Goes with tokio's time, which tests pause; so leases end when sleeping tasks wake.
#[derive(Debug)]
pub(crate) struct TokioClock {
    start: Instant,
}

impl TokioClock {
    /// A clock that begins on 2 January 2026.
    pub(crate) fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        let beginning: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        beginning + self.start.elapsed()
    }
}
