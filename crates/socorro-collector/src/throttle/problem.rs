//! What can be wrong with a file of rules.

use socorro_core::suggestion::did_you_mean;

/// What is wrong with a file of rules. Places are dotted paths from the beginning of the file, or
/// from the rule that they name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// It cannot be read.
    #[error("cannot read {file}: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
    /// It is larger, or has more rules, than a file may have.
    #[error("it has more than {limit} {of}")]
    TooLarge {
        /// The limit.
        limit: usize,
        /// What is counted.
        of: &'static str,
    },
    /// It is not TOML.
    #[error("line {line}, column {column}: {reason}")]
    Syntax {
        /// Line number, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What is wrong there.
        reason: String,
    },
    /// A key or a word has no meaning.
    #[error("{place}: unknown {what} {name:?}{}", did_you_mean(suggestion.as_deref()))]
    Unknown {
        /// Where it stands.
        place: String,
        /// What it should be: a key, an operator, an outcome.
        what: &'static str,
        /// What stands there.
        name: String,
        /// The nearest one there is.
        suggestion: Option<String>,
    },
    /// A value is not what it has to be, or is missing.
    #[error("{place}: {reason}")]
    Wrong {
        /// Where it stands.
        place: String,
        /// What it has to be.
        reason: String,
    },
}
