//! What a worker has done.

use std::{fmt, ops::AddAssign, time::Duration};

/// How one message ended here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Processed,
    DeadLettered,
    /// Given back for the crash's sake.
    GivenBack,
    /// Given back because something outside is out of order.
    Outage,
    Abandoned,
    Duplicate,
    LeaseLost,
    Dropped,
}

/// How many messages ended in which way, and where the time went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Processed and saved.
    pub processed: u64,
    /// Set aside with a reason.
    pub dead_lettered: u64,
    /// Given back to the queue, to be delivered again.
    pub given_back: u64,
    /// Taken over by somebody else while in work here.
    pub leases_lost: u64,
    /// Acked together with another delivery of the same crash that was in work here.
    pub duplicates: u64,
    /// Start-up checks of a collector, which mean nothing.
    pub dropped: u64,
    /// How many of those given back were in work when the worker had to stop.
    pub abandoned: u64,
    /// How often a destination did not take a processed crash, which was noted for later.
    pub noted: u64,
    /// How often a destination took a crash that was noted before.
    pub taken_later: u64,
    /// The time spent in each stage, added up over all crashes.
    pub times: StageTimes,
}

impl Summary {
    pub(super) fn count(&mut self, outcome: Outcome, times: StageTimes) {
        *match outcome {
            Outcome::Processed => &mut self.processed,
            Outcome::DeadLettered => &mut self.dead_lettered,
            Outcome::GivenBack | Outcome::Outage | Outcome::Abandoned => &mut self.given_back,
            Outcome::Duplicate => &mut self.duplicates,
            Outcome::LeaseLost => &mut self.leases_lost,
            Outcome::Dropped => &mut self.dropped,
        } += 1;
        self.abandoned += u64::from(outcome == Outcome::Abandoned);
        self.times += times;
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            processed,
            dead_lettered,
            given_back,
            ..
        } = self;
        write!(
            f,
            "{processed} processed, {dead_lettered} dead-lettered, {given_back} given back"
        )?;
        if self.duplicates > 0 {
            write!(f, ", {} delivered twice", self.duplicates)?;
        }
        if self.leases_lost > 0 {
            write!(f, ", {} taken over by another processor", self.leases_lost)?;
        }
        if self.noted > 0 {
            write!(f, ", {} noted for destinations", self.noted)?;
        }
        if self.taken_later > 0 {
            write!(f, ", {} sent to destinations late", self.taken_later)?;
        }
        Ok(())
    }
}

/// Where the time of a worker goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StageTimes {
    /// Reading raw crash, dumps and earlier result from storage.
    pub fetch: Duration,
    /// The pipeline, stackwalk included.
    pub transform: Duration,
    /// Writing the result to main storage.
    pub save: Duration,
    /// Giving the result to the other destinations.
    pub deliver: Duration,
    /// Telling the queue.
    pub ack: Duration,
}

impl AddAssign for StageTimes {
    fn add_assign(&mut self, other: Self) {
        self.fetch += other.fetch;
        self.transform += other.transform;
        self.save += other.save;
        self.deliver += other.deliver;
        self.ack += other.ack;
    }
}
