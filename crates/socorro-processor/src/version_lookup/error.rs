//! Why a version could not be looked up.

use std::time::Duration;

/// Why a version could not be looked up. Never because it is not known: that is an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// The service could not be asked or is too busy to answer.
    #[error("version service {service} is unavailable: {reason}")]
    Unavailable {
        /// The service, without secrets.
        service: String,
        /// What happened, last of all attempts.
        reason: String,
        /// How long the service wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// The service answered something that cannot be understood.
    #[error("version service {service} gave a bad answer: {reason}")]
    BadAnswer {
        /// The service, without secrets.
        service: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The address of the service is none.
    #[error("bad URL {url:?} of a version service: {reason}")]
    BadUrl {
        /// The URL, without secrets.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A version table cannot be read.
    #[error("cannot read version table {place}: {reason}")]
    BadTable {
        /// The file, or `(given)`.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl LookupError {
    /// Whether trying again later may help.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// How long to wait before trying again, if the other side said so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
