//! What can go wrong with a question to Crash Stats.

use std::{io, path::PathBuf, time::Duration};

/// Why a question has no answer.
///
/// Messages repeat what the server said only as far as it is short and printable, and never the
/// token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The host cannot be asked.
    #[error("{host:?} is no Crash Stats host: {reason}")]
    InvalidHost {
        /// As it was given, without a password.
        host: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The text is no token.
    #[error("the API token cannot be used: {reason}")]
    InvalidToken {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// No connection.
    #[error("cannot reach {host}: {reason}")]
    Unreachable {
        /// Host and port.
        host: String,
        /// Why.
        reason: String,
        /// Whether this host has answered before.
        known: bool,
    },
    /// The server did not answer in time, or stopped in the middle of its answer.
    #[error("{host} did not answer in time")]
    TimedOut {
        /// Host and port.
        host: String,
    },
    /// The connection ended before the answer did.
    #[error("the answer of {host} ended early: {reason}")]
    Interrupted {
        /// Host and port.
        host: String,
        /// How it ended.
        reason: String,
    },
    /// More was asked than the server allows (429).
    #[error("{host} refuses so many requests")]
    TooManyRequests {
        /// Host and port.
        host: String,
        /// When to come back, if it says so.
        retry_after: Option<Duration>,
    },
    /// The server is out of order (500, 502, 503, 504).
    #[error("{host} is out of order: {status} {reason}")]
    OutOfOrder {
        /// Host and port.
        host: String,
        /// The HTTP status.
        status: u16,
        /// What it said.
        reason: String,
        /// When to come back, if it says so.
        retry_after: Option<Duration>,
    },
    /// The server has no such thing (404).
    #[error("{host} has no {what}")]
    NotFound {
        /// Host and port.
        host: String,
        /// What was asked for.
        what: String,
    },
    /// The token is none of this server, or is none any more (403). Every further request with it
    /// will fail, too.
    #[error("{host} does not accept the API token: {reason}")]
    TokenRefused {
        /// Host and port.
        host: String,
        /// What it said.
        reason: String,
    },
    /// Whoever asks may not have this (401, 403).
    #[error("{host} does not give out {what}: {reason}")]
    Denied {
        /// Host and port.
        host: String,
        /// What was asked for.
        what: String,
        /// What it said.
        reason: String,
    },
    /// The server does not take the question as it is (400).
    #[error("{host} does not take the request for {what}: {reason}")]
    BadRequest {
        /// Host and port.
        host: String,
        /// What was asked for.
        what: String,
        /// What it said.
        reason: String,
    },
    /// Another status than those that are known.
    #[error("{host} answers the request for {what} with {status} {reason}")]
    Refused {
        /// Host and port.
        host: String,
        /// What was asked for.
        what: String,
        /// The HTTP status.
        status: u16,
        /// What it said.
        reason: String,
    },
    /// The server sends the client to another host, which the token is not for, or in circles.
    #[error("{host} redirects to {to}, and that is not followed")]
    Redirected {
        /// Host and port.
        host: String,
        /// Where to, without a query.
        to: String,
    },
    /// An answer for browsers: that of a proxy, a login, or another site.
    #[error(
        "{host} answers the request for {what} with a web page ({status}): it is no Crash Stats server, or something stands in between"
    )]
    WebPage {
        /// Host and port.
        host: String,
        /// What was asked for.
        what: String,
        /// The HTTP status.
        status: u16,
    },
    /// An answer that is not what it has to be.
    #[error("{host} answers the request for {what} with something else: {reason}")]
    Malformed {
        /// Host and port.
        host: String,
        /// What was asked for.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An answer over the limit.
    #[error("{what} has more than {limit} bytes")]
    TooLarge {
        /// What was asked for.
        what: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The bytes of a dump are not those that the collector received.
    #[error("{what} is damaged: its SHA-256 is {found}, and the raw crash says {expected}")]
    WrongChecksum {
        /// What was asked for.
        what: String,
        /// What the raw crash says.
        expected: String,
        /// What came.
        found: String,
    },
    /// A file on this machine cannot be written or read.
    #[error("cannot use the file {}: {source}", path.display())]
    LocalFile {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Error {
    /// Whether the same question may be answered later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::TimedOut { .. }
                | Self::Interrupted { .. }
                | Self::TooManyRequests { .. }
                | Self::OutOfOrder { .. }
                | Self::WrongChecksum { .. }
        )
    }

    /// Whether every other question would fail, too: host or token are wrong.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::InvalidHost { .. }
            | Self::InvalidToken { .. }
            | Self::TokenRefused { .. }
            | Self::Redirected { .. } => true,
            Self::Unreachable { known, .. } => !known,
            _ => false,
        }
    }

    /// After how long, if the server said so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooManyRequests { retry_after, .. } | Self::OutOfOrder { retry_after, .. } => {
                *retry_after
            }
            _ => None,
        }
    }
}
