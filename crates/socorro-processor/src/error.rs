//! What can go wrong around the pipeline.

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
}

impl Error {
    /// Whether trying again may help.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        false
    }
}
