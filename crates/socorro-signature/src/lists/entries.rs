//! The format of list files.

use std::str::Utf8Error;

use crate::error::{ListSource, SignatureError};
use crate::python::text::strip;

/// One entry of a list file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListEntry<'a> {
    /// Line, counted from 1, comments and empty lines included.
    pub(super) line: usize,
    /// The line without white space at its ends.
    pub(super) text: &'a str,
}

/// The entries of a list file: its lines without empty ones and those that start with `#`.
///
/// A `#` further on in a line is part of the entry. A byte-order mark is part of the first line, as upstream.
///
/// Source: Socorro `socorro/signature/siglists_utils.py`.
pub(super) fn read_entries<'a>(
    source: &ListSource,
    bytes: &'a [u8],
) -> Result<Vec<ListEntry<'a>>, SignatureError> {
    let mut entries = Vec::new();
    for (line, text) in read_lines(bytes) {
        let text = text.map_err(|_| SignatureError::NotUtf8 {
            list: source.clone(),
            line,
        })?;
        if !text.is_empty() && !text.starts_with('#') {
            entries.push(ListEntry { line, text });
        }
    }
    Ok(entries)
}

/// All lines of a list file, counted from 1, without white space at their ends.
pub(super) fn read_lines(bytes: &[u8]) -> impl Iterator<Item = (usize, Result<&str, Utf8Error>)> {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    lines.map(|(index, line)| (index + 1, std::str::from_utf8(line).map(strip)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::ListName;

    fn source() -> ListSource {
        ListSource {
            name: ListName::Prefix,
            path: None,
        }
    }

    #[test]
    fn comments_and_empty_lines_are_no_entries() {
        let entries = read_entries(&source(), b"# c\r\n\n\x1ca # b\r\n #x\nlast").unwrap();
        let found: Vec<_> = entries
            .iter()
            .map(|entry| (entry.line, entry.text))
            .collect();
        assert_eq!(found, [(3, "a # b"), (5, "last")]);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_found_by_line() {
        let error = read_entries(&source(), b"a\n\xff\n").unwrap_err();
        assert!(matches!(error, SignatureError::NotUtf8 { line: 2, .. }));
    }
}
