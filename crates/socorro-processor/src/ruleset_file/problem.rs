//! What can be wrong with a ruleset file.

use crate::suggestion::did_you_mean;

/// What is wrong with a ruleset file. Keys are dotted paths from its beginning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// It is larger, or has more rulesets, than a file may have.
    #[error("it has more than {limit} {of}")]
    TooLarge {
        /// The limit.
        limit: u64,
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
    /// A key has no meaning.
    #[error("unknown key {key:?}{}", did_you_mean(suggestion.as_deref()))]
    UnknownKey {
        /// The key.
        key: String,
        /// The nearest key there is.
        suggestion: Option<String>,
    },
    /// The value of a key is not what it has to be.
    #[error("{key}: {reason}")]
    WrongValue {
        /// The key.
        key: String,
        /// What it has to be, or what is wrong with it.
        reason: String,
    },
    /// There is no such ruleset to begin with.
    #[error("{key}: there is no ruleset {name:?}{}", did_you_mean(suggestion.as_deref()))]
    UnknownBase {
        /// The key.
        key: String,
        /// The name that is not known.
        name: String,
        /// The nearest name there is.
        suggestion: Option<String>,
    },
    /// Rulesets begin with each other.
    #[error("rulesets begin with each other: {}", names.join(" -> "))]
    Circle {
        /// The rulesets; the last one is the first one again.
        names: Vec<String>,
    },
    /// There is no such rule, or not in the ruleset.
    #[error("{key}: there is no rule {name:?}{place}{}", did_you_mean(suggestion.as_deref()))]
    UnknownRule {
        /// The key.
        key: String,
        /// The name that is not known.
        name: String,
        /// Where it was looked for: empty, or ` in the ruleset`.
        place: &'static str,
        /// The nearest name there is.
        suggestion: Option<String>,
    },
    /// A rule takes no options.
    #[error("{key}: the rule has no options")]
    NoOptions {
        /// The key.
        key: String,
    },
    /// Rules stand above others whose results they read, or are there twice.
    #[error("the order of ruleset {ruleset:?} is wrong: {}", violations.join("; "))]
    WrongOrder {
        /// The ruleset.
        ruleset: String,
        /// Everything that is wrong.
        violations: Vec<String>,
    },
}
