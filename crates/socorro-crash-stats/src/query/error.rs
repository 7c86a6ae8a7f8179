//! What is wrong with a query, in the words of Crash Stats.

use thiserror::Error;

/// What is wrong with a query. The texts are those with which Crash Stats answers 400.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum QueryError {
    /// A value is not of the type of its field or parameter.
    #[error("Bad value for parameter {parameter}: not a valid {kind}")]
    BadValue {
        /// The parameter.
        parameter: String,
        /// What its values have to be.
        kind: &'static str,
    },
    /// A date without a comparison.
    #[error("{0} must have a prefix operator")]
    DateWithoutOperator(String),
    /// More than a year.
    #[error("Date range is bigger than 365 days")]
    DateRange,
    /// A field that Super Search does not have.
    #[error("Unknown field '{0}'")]
    UnknownField(String),
    /// A number beyond its limit.
    #[error("{parameter} cannot be greater than {limit}")]
    TooGreat {
        /// The parameter, or the sum of several.
        parameter: &'static str,
        /// The limit, with separators for thousands.
        limit: &'static str,
    },
    /// A number below zero.
    #[error("{0} cannot be negative")]
    Negative(&'static str),
    /// Something that is no URL of a search, when one was expected.
    #[error("not the URL of a search: {0}")]
    NotASearch(String),
}

impl QueryError {
    /// A value that is not of the right type.
    pub(super) fn bad_value(parameter: &str, kind: &'static str) -> Self {
        Self::BadValue {
            parameter: parameter.to_owned(),
            kind,
        }
    }
}
