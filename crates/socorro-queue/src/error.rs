//! What can go wrong with a queue.

use std::{error::Error as StdError, sync::Arc, time::Duration};

use crate::{dead_letter::DeadLetterId, delivery::Receipt};

/// The error of a backend below one of ours.
pub type Source = Arc<dyn StdError + Send + Sync>;

/// An error of a queue.
///
/// Callers choose what to do by the variant, or by [`Error::is_temporary`] and
/// [`Error::retry_after`]; never by the text. `queue` is always the queue as its `Display` shows
/// it, free of secrets.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The queue cannot be used now; nothing was changed by the call, as far as can be known.
    #[error("queue {queue} is not available: {reason}")]
    Unavailable {
        /// The queue.
        queue: String,
        /// What is in the way.
        reason: String,
        /// When the backend wants to be asked again.
        retry_after: Option<Duration>,
        /// The error of the backend.
        #[source]
        source: Option<Source>,
    },
    /// The queue is there and refuses us; somebody has to change a permission.
    #[error("queue {queue} denies access: {reason}")]
    Denied {
        /// The queue.
        queue: String,
        /// What was refused, and the way out.
        reason: String,
        /// The error of the backend.
        #[source]
        source: Option<Source>,
    },
    /// What the URL points at is not a queue of ours, or of a version this program cannot use.
    #[error("{queue} is not a queue this program can use: {reason}")]
    WrongFormat {
        /// The queue.
        queue: String,
        /// What is there instead, and the way out.
        reason: String,
        /// The error of the backend.
        #[source]
        source: Option<Source>,
    },
    /// The queue is damaged.
    #[error("queue {queue} is damaged: {reason}")]
    Corrupt {
        /// The queue.
        queue: String,
        /// What was found, and the way out.
        reason: String,
        /// The error of the backend.
        #[source]
        source: Option<Source>,
    },
    /// The place where the queue would be made does not exist.
    #[error("no queue {queue}: {reason}")]
    NotCreated {
        /// The queue.
        queue: String,
        /// What is missing, and the way out.
        reason: String,
    },
    /// Something at the service that the queue needs is not there.
    #[error(
        "queue {queue} has no {missing}: make it with `socorro queue create --queue {queue}`, or correct its name"
    )]
    Missing {
        /// The queue.
        queue: String,
        /// What is missing, by kind and name.
        missing: String,
    },
    /// The message is no longer leased to the holder of this receipt: the lease ran out and
    /// somebody else has the message, or it is done with.
    #[error("the lease {receipt} of queue {queue} is lost")]
    LeaseLost {
        /// The queue.
        queue: String,
        /// The receipt.
        receipt: Receipt,
    },
    /// There is no such dead letter.
    #[error("queue {queue} has no dead letter {id}; list them to see which it has")]
    NoSuchDeadLetter {
        /// The queue.
        queue: String,
        /// The id asked for.
        id: DeadLetterId,
    },
    /// A message body is too large to publish.
    #[error("a message body of {size} bytes is over the limit of {limit}")]
    BodyTooLarge {
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The backend has no way to do this.
    #[error("queue {queue} cannot {action}")]
    Unsupported {
        /// The queue.
        queue: String,
        /// What it cannot, as in "it cannot …".
        action: &'static str,
    },
    /// The URL of a queue cannot be read.
    #[error("invalid queue URL {url:?}: {reason}")]
    InvalidUrl {
        /// The URL without user, password and the values of its query.
        url: String,
        /// What is wrong, and the way out.
        reason: String,
    },
    /// An option has a value it cannot have.
    #[error("invalid queue option {name}: {reason}")]
    InvalidOption {
        /// The option.
        name: &'static str,
        /// What is wrong, and what it may be.
        reason: String,
    },
    /// The scheme of the URL belongs to no queue we know.
    #[error("unknown queue scheme {scheme:?}; known are {known}")]
    UnknownScheme {
        /// The scheme.
        scheme: String,
        /// The schemes we know, with their form.
        known: String,
    },
    /// The scheme is known, but this program was built without it.
    #[error(
        "queues of the form {scheme}: were left out of this program; build it with the feature {feature:?}"
    )]
    CompiledOut {
        /// The scheme.
        scheme: &'static str,
        /// The cargo feature of `socorro-queue`.
        feature: &'static str,
    },
    /// The text names no lane.
    #[error("unknown lane {name:?}; lanes are standard, priority and reprocessing")]
    UnknownLane {
        /// The text, cut to a printable length.
        name: String,
    },
    /// The text cannot name a ruleset.
    #[error(
        "invalid ruleset name {name:?}: a name has 1 to 64 ASCII letters, digits, '_', '-' and '.'"
    )]
    InvalidRulesetName {
        /// The text, cut to a printable length.
        name: String,
    },
}

impl Error {
    /// Whether the same call may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// How long the backend wants to be left alone, if it said so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    pub(crate) fn invalid_ruleset_name(name: &str) -> Self {
        Self::InvalidRulesetName {
            name: shorten(name),
        }
    }
}

/// Keeps hostile or very long text from filling an error message.
pub(crate) fn shorten(text: &str) -> String {
    const LIMIT: usize = 80;
    match text.char_indices().nth(LIMIT) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
