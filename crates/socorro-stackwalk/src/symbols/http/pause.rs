//! Leaving a server alone that does not work.
//!
//! A crash has hundreds of modules. Finding out for each of them that a server cannot be reached would take longer than
//! a walk may.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Longest time for which a server is left alone, whatever it asks for.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// Whether a server is left alone.
#[derive(Debug, Default)]
pub(super) struct Pause {
    /// Why, and until when.
    current: Mutex<Option<(String, Instant)>>,
}

impl Pause {
    /// Leaves the server alone.
    pub(super) fn begin(&self, reason: &str, duration: Duration) {
        let until = Instant::now() + duration.min(LONGEST);
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((reason.to_owned(), until));
    }

    /// Why the server is left alone, and for how long; `None` if it may be asked.
    pub(super) fn current(&self) -> Option<(String, Duration)> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let (reason, until) = current.as_ref()?;
        let left = until.checked_duration_since(Instant::now())?;
        (!left.is_zero()).then(|| (reason.clone(), left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_server_is_left_alone_for_as_long_as_it_asks_within_reason() {
        let pause = Pause::default();
        assert_eq!(pause.current(), None);
        pause.begin("busy", Duration::from_secs(7));
        assert_eq!(
            pause.current(),
            Some(("busy".to_owned(), Duration::from_secs(7)))
        );
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(pause.current(), None);
        pause.begin("busy", Duration::from_secs(u64::MAX));
        tokio::time::advance(LONGEST).await;
        assert_eq!(pause.current(), None);
    }
}
