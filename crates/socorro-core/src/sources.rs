//! What led to an error.

use std::error::Error;

/// An error and what caused it, in one line, from the outermost to the innermost. A cause that the
/// line tells already is not repeated.
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
    for source in sources(error) {
        let source = source.to_string();
        if !text.contains(&source) {
            text.push_str(": ");
            text.push_str(&source);
        }
    }
    text
}

/// What in the end caused an error, if it tells that. Of network errors it says most: `connection
/// refused`, `unexpected end of file`; those around it may name a URL with a password.
#[must_use]
pub fn innermost_source<'a>(error: &'a (dyn Error + 'a)) -> Option<&'a (dyn Error + 'static)> {
    sources(error).last()
}

/// The causes, the nearest first.
fn sources<'a>(error: &'a (dyn Error + 'a)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |&source| source.source())
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Around(&'static str, #[source] io::Error);

    #[test]
    fn a_cause_is_told_once() {
        let error = Around("cannot save", io::Error::other("disk full"));
        assert_eq!(with_sources(&error), "cannot save: disk full");
        let error = Around("cannot save: disk full", io::Error::other("disk full"));
        assert_eq!(with_sources(&error), "cannot save: disk full");
    }

    #[test]
    fn the_innermost_cause_is_found() {
        let inner = Around("connection closed", io::Error::other("end of file"));
        let error = io::Error::other(Around("request failed", io::Error::other(inner)));
        let innermost = innermost_source(&error).unwrap();
        assert_eq!(innermost.to_string(), "end of file");
        assert!(innermost_source(&io::Error::from(io::ErrorKind::NotFound)).is_none());
    }
}
