//! What can be wrong with the values of this crate.

use std::fmt;

/// An error of `socorro-core`: a value that came from outside is not what it has to be.
///
/// Nothing here goes away by trying again; [`Error::is_temporary`] says so for callers that treat
/// the errors of all socorro crates alike.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not a crash id.
    #[error("invalid crash id {text:?}: {reason}")]
    InvalidCrashId {
        /// The text, cut to a printable length.
        text: String,
        /// What is wrong with it.
        reason: InvalidCrashIdReason,
    },
    /// The text cannot name a dump.
    #[error("invalid dump name {name:?}: {reason}")]
    InvalidDumpName {
        /// The name, cut to a printable length.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The bytes are not JSON, not even by the tolerant rules of [`crate::json::read`].
    #[error("not valid JSON: {reason} at byte {offset}")]
    InvalidJson {
        /// What is wrong.
        reason: String,
        /// Where, counted in bytes from the start (after decompression).
        offset: usize,
    },
    /// The bytes are JSON, but of another type than the document needs.
    #[error("expected a JSON {expected}, found {found}")]
    UnexpectedJsonType {
        /// The type the document needs.
        expected: &'static str,
        /// The type that is there.
        found: &'static str,
    },
    /// A document is larger than the limit set for it.
    #[error("document is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The limit in bytes, after decompression.
        limit: u64,
    },
    /// A compressed document is damaged.
    #[error("damaged gzip data: {reason}")]
    DamagedGzip {
        /// What the decompressor says.
        reason: String,
    },
    /// A row of a schema file is wrong.
    #[error("schema {table}, line {line}: {reason}")]
    InvalidSchema {
        /// Which table.
        table: String,
        /// Line number, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl Error {
    /// Whether trying again may help. Always false here.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        false
    }

    pub(crate) fn invalid_crash_id(text: &str, reason: InvalidCrashIdReason) -> Self {
        Self::InvalidCrashId {
            text: shorten(text),
            reason,
        }
    }

    pub(crate) fn invalid_dump_name(name: &str, reason: &'static str) -> Self {
        Self::InvalidDumpName {
            name: shorten(name),
            reason,
        }
    }
}

/// What is wrong with a crash id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidCrashIdReason {
    /// Not 36 bytes long.
    Length,
    /// Right length, but not lower-case hexadecimal digits and dashes in the UUID form with six
    /// decimal digits at the end.
    Form,
    /// The last six digits are no calendar date.
    Date,
}

impl fmt::Display for InvalidCrashIdReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "a crash id has exactly 36 characters, like de1bb258-cbbf-4589-a673-34f800160918",
            Self::Form => {
                "a crash id has lower-case hexadecimal digits in the form 8-4-4-4-12 and ends in six decimal digits"
            }
            Self::Date => "the last six digits must be a calendar date YYMMDD",
        })
    }
}

/// Keeps hostile or very long text from filling an error message.
fn shorten(text: &str) -> String {
    const LIMIT: usize = 80;
    match text.char_indices().nth(LIMIT) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
