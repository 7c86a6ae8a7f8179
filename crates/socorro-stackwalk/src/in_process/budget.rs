//! What a walk may still take, and telling it to stop.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// What a deadline beyond all time amounts to.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What a walk may still take. Shared by the walk, its symbols and its caller.
#[derive(Debug)]
pub(crate) struct Budget {
    deadline: Instant,
    max_frames: u64,
    frames: AtomicU64,
    is_spent: AtomicBool,
    cancelled: Notify,
}

impl Budget {
    /// A budget of so much time from now on, and so many frames of all threads together.
    pub(super) fn new(time: Duration, max_frames: u64) -> Self {
        let now = Instant::now();
        Self {
            deadline: now.checked_add(time).unwrap_or(now + FOR_EVER),
            max_frames,
            frames: AtomicU64::new(0),
            is_spent: AtomicBool::new(false),
            cancelled: Notify::new(),
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether the walk has to stop. Costs next to nothing.
    pub(crate) fn is_spent(&self) -> bool {
        self.is_spent.load(Ordering::Relaxed)
    }

    /// Counts a frame that was walked, and looks at the clock.
    pub(super) fn take_frame(&self) {
        let frames = self.frames.fetch_add(1, Ordering::Relaxed) + 1;
        if self.is_spent_by(frames) {
            self.is_spent.store(true, Ordering::Relaxed);
        }
    }

    /// Whether a walk of so many frames has to stop.
    pub(super) fn is_spent_by(&self, frames: u64) -> bool {
        self.is_spent() || frames >= self.max_frames || self.is_out_of_time()
    }

    pub(super) fn is_out_of_time(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Stops the walk: nobody waits for it any more.
    pub(super) fn cancel(&self) {
        self.is_spent.store(true, Ordering::Relaxed);
        self.cancelled.notify_one();
    }

    /// Waits until the deadline has passed or the walk is cancelled.
    pub(super) async fn time_is_up(&self) {
        // Passed or cancelled is the same to who waits for symbols.
        let _ = timeout_at(self.deadline, self.cancelled.notified()).await;
        self.is_spent.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_spent_one_by_one() {
        let budget = Budget::new(Duration::MAX, 2);
        budget.take_frame();
        assert!(!budget.is_spent());
        budget.take_frame();
        assert!(budget.is_spent() && !budget.is_out_of_time());
    }

    #[tokio::test(start_paused = true)]
    async fn time_is_up_at_the_deadline_or_when_cancelled() {
        let budget = Budget::new(Duration::from_secs(9), u64::MAX);
        budget.time_is_up().await;
        assert!(budget.is_spent() && budget.is_out_of_time());
        let budget = Budget::new(Duration::from_secs(9), u64::MAX);
        budget.cancel();
        budget.time_is_up().await;
        assert!(budget.is_spent() && !budget.is_out_of_time());
    }
}
