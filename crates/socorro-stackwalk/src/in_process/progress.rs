//! How far a walk is, and stopping it.

use std::fmt::{self, Write as _};

use minidump_processor::{PendingProcessorStatSubscriptions, PendingProcessorStats};

use crate::fence;

/// Attempts at the lock, which the walk holds for some nanoseconds per frame.
const ATTEMPTS: usize = 10_000;

/// How far a walk is.
#[derive(Debug)]
pub(crate) struct Progress {
    pub(super) stats: PendingProcessorStats,
}

impl Progress {
    pub(super) fn new() -> Self {
        let mut subscriptions = PendingProcessorStatSubscriptions::default();
        subscriptions.frame_count = true;
        Self {
            stats: PendingProcessorStats::new(subscriptions),
        }
    }

    /// The number of frames so far. Must not be asked of a walk that was stopped.
    pub(crate) fn frames(&self) -> u64 {
        self.stats.get_frame_count()
    }

    /// Lets the walk panic, behind its fence, at its next frame.
    ///
    /// A walk that needs no symbols never comes back to us: one task follows all stacks to their ends, and a damaged
    /// minidump can have millions of frames. But with every frame it takes the lock of its statistics, and insists that
    /// nobody panicked with it. So somebody does: the statistics are printed, for which they are locked, to a writer
    /// that panics.
    pub(super) fn stop(&self) {
        for _ in 0..ATTEMPTS {
            if fence::catch(|| write!(Trap, "{:?}", self.stats)).is_err() {
                return;
            }
            std::thread::yield_now();
        }
    }
}

/// A writer that panics once it is given what only the lock's holder can see.
struct Trap;

impl fmt::Write for Trap {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        assert!(!text.contains("num_frames_processed"), "stopped");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_walk_panics_at_its_next_frame() {
        let progress = Progress::new();
        assert_eq!(progress.frames(), 0);
        progress.stop();
        // The walk takes the lock in the same way.
        assert!(fence::catch(|| progress.frames()).is_err());
    }
}
