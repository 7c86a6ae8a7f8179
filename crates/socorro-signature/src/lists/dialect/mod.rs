//! Translation of list entries, which are Python expressions, into the dialect of the `regex` crate.
//!
//! Existing lists are written for Python's `re`. Most of its syntax means the same in both dialects; this
//! translator reads an entry by Python's rules and writes out what it means, so that nothing that merely looks
//! alike (`\<`, `[a&&b]`, `{`) slips through. What needs backtracking (look-around, back-references, atomic groups)
//! is refused, because matching must take linear time whatever a crash report holds.
//!
//! Source of the rules: Python 3.11, `Lib/re/_parser.py` and the documentation of the `re` module.

mod class;
mod escape;
mod flags;
mod group;
mod parser;
mod repeat;

pub(crate) use self::flags::Flags;
pub(crate) use self::parser::translate;

/// Why an entry cannot be translated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DialectError {
    /// Python would not take it either.
    Bad(String),
    /// Python takes it, this product does not.
    Unsupported(String),
}

impl DialectError {
    fn bad(reason: impl Into<String>) -> Self {
        Self::Bad(reason.into())
    }

    fn unsupported(reason: impl Into<String>) -> Self {
        Self::Unsupported(reason.into())
    }
}

/// What an entry means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Translation {
    /// The expression in the dialect of the `regex` crate, without captures.
    pub(crate) expression: String,
    /// The plain text that the expression matches, if it matches only that.
    pub(crate) literal: Option<String>,
    /// Flags that hold for the whole list, from `(?i)` and the like at the start.
    pub(crate) global_flags: Flags,
    /// Names of groups.
    pub(crate) group_names: Vec<String>,
}
