//! Why there is no index.

/// What is wrong with a symbol file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct CorruptSymbols {
    /// The first bad line, counted from 1, where it is a line that is bad.
    pub line: Option<u64>,
    /// What is wrong.
    pub reason: String,
}

impl CorruptSymbols {
    pub(super) fn new(line: Option<u64>, reason: impl Into<String>) -> Self {
        Self {
            line,
            reason: reason.into(),
        }
    }
}

/// Why an index file cannot be used. It is made anew then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// It is not an index file, one of another version, or damaged.
    #[error("not a usable index: {reason}")]
    Unusable {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The symbol file is another one than the index was made from.
    #[error("the symbol file has changed since the index was made")]
    Stale,
}
