//! What can go wrong around the pipeline.

#[cfg(feature = "ruleset-files")]
use crate::ruleset_file::Problem;
use crate::suggestion::did_you_mean;

/// An error of the processor itself; what goes wrong with one crash is a note in its result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No ruleset has that name.
    #[error("unknown ruleset {name:?}; known are: {}", known.join(", "))]
    UnknownRuleset {
        /// The name that was asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// A ruleset has no rule of that name.
    #[error("ruleset {ruleset:?} has no rule {name:?}{}", did_you_mean(suggestion.as_deref()))]
    UnknownRule {
        /// The ruleset.
        ruleset: String,
        /// The name that was asked for.
        name: String,
        /// The nearest name there is.
        suggestion: Option<String>,
    },
    /// A rule needs something that is not to be had at the moment, like a process to walk in.
    #[error("rule {rule} has to be tried again: {reason}")]
    Unavailable {
        /// The name of the rule.
        rule: String,
        /// What it needs, and what is in the way.
        reason: String,
    },
    /// JSON is not a crash to try rules on.
    #[cfg(feature = "cases")]
    #[error("not a case: {member}: {reason}")]
    InvalidCase {
        /// Where: names of members joined by dots.
        member: String,
        /// What is wrong there.
        reason: String,
    },
    /// A ruleset file cannot be used.
    #[cfg(feature = "ruleset-files")]
    #[error("cannot use ruleset file {file}: {problem}")]
    RulesetFile {
        /// The file, or `(given)`.
        file: String,
        /// What is wrong with it, and where.
        problem: Problem,
    },
}

impl Error {
    /// Whether trying again may help.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}
