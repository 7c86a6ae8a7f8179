//! Why a destination did not take a crash.

use std::time::Duration;

use socorro_storage::Source;

/// Why a destination did not take a crash, or cannot be one. The message is fit for logs: it holds
/// neither secrets nor values of the crash.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DestinationError {
    /// It cannot be reached, does not answer, or is too busy.
    #[error("{destination} is not available: {reason}")]
    Unavailable {
        /// Which destination, without secrets.
        destination: String,
        /// What is known about the cause.
        reason: String,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
        /// The cause itself, where there is one.
        source: Option<Source>,
    },
    /// It answers, and does not want this crash.
    #[error("{destination} refuses the crash: {reason}")]
    Refused {
        /// Which destination, without secrets.
        destination: String,
        /// What it says.
        reason: String,
    },
    /// The code of the destination panicked. What it said may be private and is in the debug log.
    #[error("{destination} panicked")]
    Panicked {
        /// Which destination.
        destination: String,
    },
    /// The storage behind it says so.
    #[error(transparent)]
    Storage(#[from] socorro_storage::Error),
    /// Nothing can be made of the address.
    #[error("bad URL of a destination, {url}: {reason}")]
    BadUrl {
        /// The URL without secrets.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A header cannot be one.
    #[error("bad {what} of a header for {destination}")]
    BadHeader {
        /// Which destination, without secrets.
        destination: String,
        /// `name` or `value`.
        what: &'static str,
    },
    /// The name cannot be one.
    #[error("bad name of a destination: {reason}")]
    InvalidName {
        /// What is wrong with it.
        reason: String,
    },
}

impl DestinationError {
    /// An outage, for destinations of your own.
    #[must_use]
    pub fn unavailable(destination: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Unavailable {
            destination: destination.into(),
            reason: reason.into(),
            retry_after: None,
            source: None,
        }
    }

    /// Whether the same crash may be taken in a moment.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Storage(error) => error.is_temporary(),
            _ => false,
        }
    }

    /// How long the destination asks to be left alone, where it says so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => *retry_after,
            Self::Storage(error) => error.retry_after(),
            _ => None,
        }
    }
}
