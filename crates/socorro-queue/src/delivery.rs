//! A message on loan, and the receipt that stands for the loan.

use std::fmt;

use bytes::Bytes;
use socorro_core::time::Timestamp;

use crate::{
    lane::Lane,
    message::{BadMessage, Job, Message},
};

/// Stands for one lease of one message: what [`ack`](crate::CrashQueue::ack) and its like want.
///
/// Each delivery has its own; that of an earlier delivery of the same message is worth nothing.
/// The text means something to the backend alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Receipt(String);

impl Receipt {
    /// A receipt with the backend's own text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The backend's own text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Why a message is given back: whose fault it is that its work was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The crash's: the work failed because of what it is about. The queue counts it.
    Crash,
    /// Nobody's: an outage, or the receiver stops. It is not counted, however often it happens.
    Nobody,
}

/// A message, leased to whoever received it.
///
/// A body that cannot be read is delivered as well, so that it can be dead-lettered with its
/// reason.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// What the message asks for, or why it cannot be read.
    pub message: Result<Message, BadMessage>,
    /// The lane it came from.
    pub lane: Lane,
    /// What to ack, nack or extend with.
    pub receipt: Receipt,
    /// How often the message has been delivered, this time included: 1 or more.
    pub attempt: u32,
    /// How many of the earlier deliveries failed by the fault of the crash: were given back with
    /// [`Blame::Crash`].
    pub failures: u32,
    /// How many of the earlier deliveries ended without a word, by the end of their lease: perhaps
    /// the crash killed whoever worked on it. Some services cannot tell this from messages that
    /// were sent to a receiver and returned unseen, and count those as well.
    pub lapses: u32,
    /// When it was first published.
    pub published_at: Timestamp,
    /// The message body as it was published.
    pub raw_body: Bytes,
}

impl Delivery {
    /// A delivery of `raw_body`, which is read here, with nothing counted but `attempt`; for
    /// backends.
    #[must_use]
    pub fn new(
        lane: Lane,
        receipt: Receipt,
        attempt: u32,
        published_at: Timestamp,
        raw_body: Bytes,
    ) -> Self {
        Self {
            message: Message::parse(&raw_body),
            lane,
            receipt,
            attempt,
            failures: 0,
            lapses: 0,
            published_at,
            raw_body,
        }
    }

    /// The same with what became of the earlier deliveries; for backends.
    #[must_use]
    pub fn after(mut self, failures: u32, lapses: u32) -> Self {
        self.failures = failures;
        self.lapses = lapses;
        self
    }

    /// The job, unless the message is a test or cannot be read.
    #[must_use]
    pub fn job(&self) -> Option<&Job> {
        match &self.message {
            Ok(Message::Process(job)) => Some(job),
            Ok(Message::Test) | Err(_) => None,
        }
    }
}
