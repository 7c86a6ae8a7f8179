//! What a queue consists of at its service, and what became of it.

use std::fmt;

/// A part of a queue that was made or deleted, or did not have to be.
///
/// ```
/// use socorro_queue::{PartKind, QueuePart};
///
/// let part = QueuePart::new(PartKind::Topic, "projects/test/topics/standard-queue", true);
/// assert_eq!(part.to_string(), "topic projects/test/topics/standard-queue");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueuePart {
    /// What it is.
    pub kind: PartKind,
    /// Its full name at the service, or its path.
    pub name: String,
    /// Whether the call changed anything: made what was not there, or deleted what was.
    pub changed: bool,
}

impl QueuePart {
    /// A part; for backends.
    pub fn new(kind: PartKind, name: impl Into<String>, changed: bool) -> Self {
        Self {
            kind,
            name: name.into(),
            changed,
        }
    }
}

impl fmt::Display for QueuePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// What a part of a queue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PartKind {
    /// A file of this machine.
    File,
    /// A queue of SQS.
    Queue,
    /// A topic of Pub/Sub.
    Topic,
    /// A subscription of Pub/Sub.
    Subscription,
}

impl PartKind {
    /// `file`, `queue`, `topic` or `subscription`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Queue => "queue",
            Self::Topic => "topic",
            Self::Subscription => "subscription",
        }
    }
}

impl fmt::Display for PartKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
