//! What a worker is doing now, for whoever looks after it.

use std::time::Duration;

use socorro_core::CrashId;
use socorro_queue::Lane;

use super::summary::Summary;

/// What a worker is doing now: a snapshot by [`Worker::status`](super::Worker::status).
///
/// Nothing in here is private: no values of annotations, no texts of errors.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Whether it receives.
    pub phase: Phase,
    /// How long ago that began.
    pub phase_age: Duration,
    /// How long ago the worker was made.
    pub uptime: Duration,
    /// How many crashes can be in work at once.
    pub workers: usize,
    /// The crashes in work, oldest first.
    pub in_work: Vec<CrashInWork>,
    /// Bytes of their dumps.
    pub bytes_in_work: u64,
    /// What it has done so far.
    pub done: Summary,
    /// The crashes that were processed last, newest first.
    pub recent: Vec<ProcessedLately>,
    /// For how long the queue has been asked without an answer; `None` when it is not being asked.
    pub asking_for: Option<Duration>,
    /// How long ago the queue last answered, if ever.
    pub last_receive: Option<Duration>,
    /// For how long the queue has failed to answer; `None` when its last answer was good.
    pub queue_failing: Option<Duration>,
    /// The last troubles, newest first.
    pub troubles: Vec<Trouble>,
    /// The destinations besides the main storage.
    pub destinations: Vec<DestinationStatus>,
}

impl Status {
    /// The crashes in work that go on for longer than is allowed: something is stuck.
    pub fn stuck(&self) -> impl Iterator<Item = &CrashInWork> {
        self.in_work.iter().filter(|crash| crash.stuck)
    }
}

/// Whether a worker receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Nobody has told it to work yet.
    Waiting,
    /// It takes messages off the queue.
    Receiving,
    /// The storage is out of order: it receives nothing until that is over.
    Outage,
    /// It finishes what is in work, and receives nothing any more.
    Draining,
    /// It has ended.
    Stopped,
}

impl Phase {
    /// The name in logs and status documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Receiving => "receiving",
            Self::Outage => "outage",
            Self::Draining => "draining",
            Self::Stopped => "stopped",
        }
    }
}

/// How far the work on a crash has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Reading raw crash and dumps.
    Fetch,
    /// Running the rules, the stackwalk among them.
    Transform,
    /// Writing the result to the main storage.
    Save,
    /// Giving the result to the destinations.
    Deliver,
    /// Telling the queue.
    Ack,
}

impl Stage {
    /// The name in logs and status documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Transform => "transform",
            Self::Save => "save",
            Self::Deliver => "deliver",
            Self::Ack => "ack",
        }
    }
}

/// A crash that was processed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProcessedLately {
    /// Which crash.
    pub crash_id: CrashId,
    /// How long ago its result was saved.
    pub age: Duration,
    /// Its signature, which is public.
    pub signature: String,
}

/// A crash in work.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CrashInWork {
    /// Which crash.
    pub crash_id: CrashId,
    /// The ruleset that the message asks for.
    pub ruleset: String,
    /// The lane of the message.
    pub lane: Lane,
    /// How often the message was delivered.
    pub attempt: u32,
    /// How far the work has come.
    pub stage: Stage,
    /// How long ago this stage began.
    pub stage_age: Duration,
    /// How long ago the work began.
    pub age: Duration,
    /// Whether this stage goes on for longer than it may.
    pub stuck: bool,
}

/// Something that went wrong lately.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trouble {
    /// How long ago.
    pub age: Duration,
    /// Where: `receive`, `crash`, `dead_letter`, `ack`, `nack`, `lease`, or `destination NAME`.
    pub place: String,
    /// What kind of trouble, in one word or two; the log has the text.
    pub kind: String,
    /// The crash that was in work.
    pub crash_id: Option<CrashId>,
}

/// A destination besides the main storage.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DestinationStatus {
    /// Its name.
    pub name: String,
    /// Whether crashes are given back when it can neither take nor be noted to get them.
    pub required: bool,
    /// What has become of crashes there.
    pub counts: crate::destinations::DestinationCounts,
    /// How long it is left alone yet after an outage.
    pub rests_for: Option<Duration>,
}
