//! How much is in a queue.

use std::time::Duration;

use crate::lane::Lane;

/// How much is in each lane of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct QueueDepth {
    /// The lane [`Lane::Standard`].
    pub standard: LaneDepth,
    /// The lane [`Lane::Priority`].
    pub priority: LaneDepth,
    /// The lane [`Lane::Reprocessing`].
    pub reprocessing: LaneDepth,
}

impl QueueDepth {
    /// One lane.
    #[must_use]
    pub fn lane(&self, lane: Lane) -> &LaneDepth {
        match lane {
            Lane::Standard => &self.standard,
            Lane::Priority => &self.priority,
            Lane::Reprocessing => &self.reprocessing,
        }
    }

    /// One lane, to be filled in by a backend.
    pub fn lane_mut(&mut self, lane: Lane) -> &mut LaneDepth {
        match lane {
            Lane::Standard => &mut self.standard,
            Lane::Priority => &mut self.priority,
            Lane::Reprocessing => &mut self.reprocessing,
        }
    }

    /// All lanes together.
    #[must_use]
    pub fn total(&self) -> LaneDepth {
        let mut total = LaneDepth::default();
        for lane in Lane::ALL {
            let depth = self.lane(lane);
            total.waiting += depth.waiting;
            total.delayed += depth.delayed;
            total.leased += depth.leased;
            total.dead += depth.dead;
            total.oldest_age = total.oldest_age.max(depth.oldest_age);
        }
        total
    }
}

/// How much is in one lane, in messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct LaneDepth {
    /// Would be delivered now.
    pub waiting: u64,
    /// Given back with a delay that is not over.
    pub delayed: u64,
    /// On loan to somebody.
    pub leased: u64,
    /// Set aside as dead letters.
    pub dead: u64,
    /// How long ago the oldest message that is not dead was published; `None` when there is none.
    pub oldest_age: Option<Duration>,
}

impl LaneDepth {
    /// Messages that still have to be worked on: waiting, delayed and leased. When this is zero,
    /// the queue is drained.
    #[must_use]
    pub fn outstanding(&self) -> u64 {
        self.waiting + self.delayed + self.leased
    }
}
