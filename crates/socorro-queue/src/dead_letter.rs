//! Messages that were set aside, and why.

use std::{convert::Infallible, fmt, str::FromStr};

use bytes::Bytes;
use socorro_core::time::Timestamp;

use crate::{lane::Lane, message::BadMessage};

/// Longest error text kept with a dead letter, in bytes.
const MAX_ERROR_LENGTH: usize = 4096;

/// Why a message was set aside.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeadLetterReason {
    /// The body is not text.
    NotUtf8,
    /// The body names no crash.
    BadCrashId,
    /// No ruleset has the name the message gives.
    UnknownRuleset,
    /// The raw crash did not appear in storage, however often it was looked for.
    RawCrashNotFound,
    /// The raw crash is in storage and cannot be read.
    CorruptRawCrash,
    /// It failed too often for any other reason.
    TooManyAttempts,
    /// A reason of somebody else, or of a later version of this crate.
    Other(String),
}

impl DeadLetterReason {
    /// The reason as stored and shown, for example `bad_crash_id`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::NotUtf8 => "not_utf8",
            Self::BadCrashId => "bad_crash_id",
            Self::UnknownRuleset => "unknown_ruleset",
            Self::RawCrashNotFound => "raw_crash_not_found",
            Self::CorruptRawCrash => "corrupt_raw_crash",
            Self::TooManyAttempts => "too_many_attempts",
            Self::Other(text) => text,
        }
    }
}

impl fmt::Display for DeadLetterReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for DeadLetterReason {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let known = [
            Self::NotUtf8,
            Self::BadCrashId,
            Self::UnknownRuleset,
            Self::RawCrashNotFound,
            Self::CorruptRawCrash,
            Self::TooManyAttempts,
        ];
        Ok(known
            .into_iter()
            .find(|reason| reason.as_str() == text)
            .unwrap_or_else(|| Self::Other(text.to_owned())))
    }
}

/// What a worker says when it gives up on a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetterCause {
    /// The kind of trouble.
    pub reason: DeadLetterReason,
    /// The last error in full, for the person who will look at it; at most 4096 bytes.
    pub last_error: String,
}

impl DeadLetterCause {
    /// Gives up for `reason`; `last_error` is cut at 4096 bytes.
    pub fn new(reason: DeadLetterReason, last_error: impl Into<String>) -> Self {
        let mut last_error = last_error.into();
        last_error.truncate(last_error.floor_char_boundary(MAX_ERROR_LENGTH));
        Self { reason, last_error }
    }
}

impl From<&BadMessage> for DeadLetterCause {
    fn from(bad: &BadMessage) -> Self {
        let mut text = bad.to_string();
        if let BadMessage::BadCrashId(source) = bad {
            text = format!("{text}: {source}");
        }
        Self::new(bad.reason(), text)
    }
}

/// Names one dead letter of one queue.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeadLetterId(String);

impl DeadLetterId {
    /// An id with the backend's own text, as [`DeadLetterId::as_str`] gave it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The backend's own text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeadLetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A message that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its name here.
    pub id: DeadLetterId,
    /// The lane it was in.
    pub lane: Lane,
    /// The message body as it was published.
    pub body: Bytes,
    /// Why it was set aside, and the last error.
    pub cause: DeadLetterCause,
    /// How often it had been delivered.
    pub attempts: u32,
    /// How many of the deliveries before the last one failed by the fault of the crash.
    pub failures: u32,
    /// When it was published.
    pub published_at: Timestamp,
    /// When it was delivered for the first time.
    pub first_received_at: Timestamp,
    /// When it was set aside.
    pub dead_lettered_at: Timestamp,
    /// The host that gave up on it.
    pub host: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_read_back() {
        for text in ["not_utf8", "too_many_attempts", "a reason of tomorrow"] {
            let reason: DeadLetterReason = text.parse().unwrap();
            assert_eq!(reason.as_str(), text);
        }
        assert_eq!("not_utf8".parse(), Ok(DeadLetterReason::NotUtf8));
    }

    #[test]
    fn a_long_error_is_cut_between_characters() {
        let cause = DeadLetterCause::new(DeadLetterReason::TooManyAttempts, "ä€".repeat(5000));
        assert!((4090..=4096).contains(&cause.last_error.len()));
    }
}
