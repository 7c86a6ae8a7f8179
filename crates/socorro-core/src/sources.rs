//! An error with all that led to it.

use std::error::Error;

/// An error and what caused it, in one line, from the outermost to the innermost.
///
/// ```
/// use socorro_core::with_sources;
///
/// let error = std::io::Error::other("disk on fire");
/// assert_eq!(with_sources(&error), "disk on fire");
/// ```
#[must_use]
pub fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}
