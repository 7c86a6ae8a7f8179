//! Remembers that storage or queue are down, so that not every report has to find out.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::metrics;

/// So many failures in a row mean that the backend is down.
const FAILURES: u32 = 5;
/// How long nobody asks a backend that is down; doubled each time that it still is.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A circuit breaker: *closed* while the backend works, *open* while it is known to be down. Once a
/// pause is over, one call is let through; how that goes decides.
#[derive(Debug)]
pub(crate) struct Breaker {
    /// What stands behind it, for logs and metrics.
    name: &'static str,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    failures: u32,
    pause: Duration,
    /// Set while it is open: when the next call may be made.
    open_until: Option<Instant>,
    /// Whether that call is under way.
    probing: bool,
}

impl Breaker {
    pub(crate) fn new(name: &'static str) -> Self {
        let state = State {
            failures: 0,
            pause: FIRST_PAUSE,
            open_until: None,
            probing: false,
        };
        Self {
            name,
            state: Mutex::new(state),
        }
    }

    /// Whether the backend is known to be down.
    #[cfg(test)]
    fn is_open(&self) -> bool {
        self.state().open_until.is_some()
    }

    /// Leave to make a call, `None` while the backend is to be left alone.
    pub(crate) fn permit(&self) -> Option<Permit<'_>> {
        let mut state = self.state();
        let probe = match state.open_until {
            None => false,
            Some(until) if !state.probing && Instant::now() >= until => true,
            Some(_) => return None,
        };
        state.probing |= probe;
        Some(Permit {
            breaker: self,
            probe,
        })
    }

    /// When it is worth the while to ask for a permit: `None` for now.
    pub(crate) fn opens_at(&self) -> Option<Instant> {
        let state = self.state();
        let now = Instant::now();
        match state.open_until? {
            until if until > now => Some(until),
            _ if state.probing => Some(now + FIRST_PAUSE),
            _ => None,
        }
    }

    fn report(&self, open: bool) {
        metrics::BREAKER_OPEN.set(open.into(), &[("backend", self.name.into())]);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leave to make one call. Dropped without a word, it says nothing about the backend.
#[derive(Debug)]
#[must_use]
pub(crate) struct Permit<'a> {
    breaker: &'a Breaker,
    probe: bool,
}

impl Permit<'_> {
    /// The backend works. Says whether it was down before.
    pub(crate) fn succeeded(self) -> bool {
        let mut state = self.breaker.state();
        state.failures = 0;
        state.pause = FIRST_PAUSE;
        let was_open = state.open_until.take().is_some();
        if was_open {
            self.breaker.report(false);
            tracing::info!("{} works again", self.breaker.name);
        }
        was_open
    }

    /// The backend failed, as one of several times.
    pub(crate) fn failed(self) {
        let mut state = self.breaker.state();
        state.failures = state.failures.saturating_add(1);
        if self.probe || state.failures >= FAILURES {
            self.open(state, Duration::ZERO);
        }
    }

    /// The backend is down, or wants to be left alone for at least so long.
    pub(crate) fn gave_up(self, leave_alone: Duration) {
        let state = self.breaker.state();
        self.open(state, leave_alone);
    }

    fn open(&self, mut state: MutexGuard<'_, State>, leave_alone: Duration) {
        let was_open = state.open_until.is_some();
        if self.probe {
            state.pause = (state.pause * 2).min(LONGEST_PAUSE);
        } else if was_open {
            // Another call that began before; how long to wait is decided already.
            return;
        }
        state.open_until = Some(Instant::now() + state.pause.max(leave_alone));
        if !was_open {
            self.breaker.report(true);
            tracing::warn!("{} is down: reports go to the spool", self.breaker.name);
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.probe {
            self.breaker.state().probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(breaker: &Breaker, times: u32) {
        for _ in 0..times {
            breaker.permit().unwrap().failed();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_opens_after_failures_in_a_row_only() {
        let breaker = Breaker::new("test");
        fail(&breaker, FAILURES - 1);
        assert!(!breaker.permit().unwrap().succeeded());
        fail(&breaker, FAILURES - 1);
        assert!(!breaker.is_open());
        fail(&breaker, 1);
        assert!(breaker.is_open() && breaker.permit().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn after_the_pause_one_call_decides_and_pauses_grow_to_the_longest() {
        let breaker = Breaker::new("test");
        breaker.permit().unwrap().gave_up(Duration::ZERO);
        let mut pause = FIRST_PAUSE;
        for _ in 0..10 {
            assert_eq!(breaker.opens_at(), Some(Instant::now() + pause));
            tokio::time::advance(pause).await;
            let probe = breaker.permit().unwrap();
            assert!(breaker.permit().is_none(), "one at a time");
            probe.failed();
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        tokio::time::advance(pause).await;
        assert!(breaker.permit().unwrap().succeeded());
        assert!(!breaker.is_open() && breaker.permit().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_backend_that_wants_to_be_left_alone_is() {
        let breaker = Breaker::new("test");
        let hour = Duration::from_secs(3600);
        breaker.permit().unwrap().gave_up(hour);
        assert_eq!(breaker.opens_at(), Some(Instant::now() + hour));
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_never_ends_lets_another_one_try() {
        let breaker = Breaker::new("test");
        breaker.permit().unwrap().gave_up(Duration::ZERO);
        tokio::time::advance(FIRST_PAUSE).await;
        drop(breaker.permit().unwrap());
        assert!(breaker.permit().is_some());
    }
}
