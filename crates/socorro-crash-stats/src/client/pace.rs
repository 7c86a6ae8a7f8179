//! How fast requests follow each other.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

const MINUTE: Duration = Duration::from_secs(60);
/// After a pause, so many of the requests of a minute may go out at once: even when more follow at
/// full speed, no minute has more than the servers allow.
const BURST_SHARE: u32 = 10;
/// How much slower than asked for it may become.
const SLOWEST: u32 = 16;
/// After so many good answers in a row, requests follow each other twice as fast again.
const TRUST: u32 = 50;

/// A token bucket that all users of a client share, and that slows down when the server complains.
#[derive(Debug)]
pub(super) struct Pace {
    /// The time between two requests at full speed.
    interval: Duration,
    burst: u32,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// When the next request would go out if there were no bursts.
    next: Instant,
    /// Nothing goes out before.
    held_until: Instant,
    slowdown: u32,
    slowed_at: Option<Instant>,
    good: u32,
}

impl Pace {
    pub(super) fn new(requests_per_minute: u32) -> Self {
        let rate = requests_per_minute.max(1);
        let now = Instant::now();
        Self {
            interval: MINUTE / rate,
            burst: rate / BURST_SHARE,
            state: Mutex::new(State {
                next: now,
                held_until: now,
                slowdown: 1,
                slowed_at: None,
                good: 0,
            }),
        }
    }

    /// Waits until it is one's turn.
    pub(super) async fn turn(&self) {
        let mut at = self.take();
        loop {
            sleep_until(at).await;
            // The server may have complained meanwhile.
            let held_until = self.state().held_until;
            if held_until <= at {
                return;
            }
            at = held_until;
        }
    }

    fn take(&self) -> Instant {
        let mut state = self.state();
        let now = Instant::now();
        let interval = self.interval * state.slowdown;
        let due = state.next.max(now);
        state.next = due + interval;
        let early = due.checked_sub(interval * self.burst).unwrap_or(now);
        early.max(state.held_until)
    }

    /// The server wants less: nothing goes out for so long, and then half as much. `asked_at` is
    /// when the request was sent that it complains about; one complaint is enough for all requests
    /// that were under way.
    pub(super) fn complaint(&self, asked_at: Instant, wait: Duration) {
        let mut state = self.state();
        let now = Instant::now();
        state.held_until = state.held_until.max(now + wait);
        state.next = state.next.max(state.held_until);
        state.good = 0;
        if state.slowed_at.is_none_or(|slowed_at| asked_at > slowed_at) {
            state.slowdown = (state.slowdown * 2).min(SLOWEST);
            state.slowed_at = Some(now);
        }
    }

    /// The server has answered.
    pub(super) fn answered(&self) {
        let mut state = self.state();
        if state.slowdown == 1 {
            return;
        }
        state.good += 1;
        if state.good == TRUST {
            state.good = 0;
            state.slowdown /= 2;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn time_for(pace: &Pace, turns: u32) -> Duration {
        let begin = Instant::now();
        for _ in 0..turns {
            pace.turn().await;
        }
        begin.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn no_minute_has_more_requests_than_the_servers_allow() {
        for (rate, allowed) in [(90, 100), (900, 1000)] {
            let pace = Pace::new(rate);
            let time = time_for(&pace, allowed + 1).await;
            assert!(time >= MINUTE, "{rate}: {allowed} in {time:?}");
            let more = time_for(&pace, rate).await;
            assert!(more <= MINUTE + MINUTE / 10, "{rate}: {more:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_complaint_holds_everybody_and_slows_down_once_until_all_is_well() {
        let pace = Pace::new(60);
        time_for(&pace, 60).await;
        let sent = Instant::now();
        tokio::time::advance(Duration::from_millis(1)).await;
        pace.complaint(sent, Duration::from_secs(7));
        pace.complaint(sent, Duration::from_secs(3));
        let held = time_for(&pace, 1).await;
        assert!(held >= Duration::from_secs(6), "{held:?}");
        time_for(&pace, 20).await;
        let slow = time_for(&pace, 10).await.as_secs_f64();
        assert!((19.0..21.0).contains(&slow), "{slow}");
        for _ in 0..TRUST {
            pace.answered();
        }
        time_for(&pace, 20).await;
        let again = time_for(&pace, 10).await.as_secs_f64();
        assert!((9.0..11.0).contains(&again), "{again}");
    }
}
