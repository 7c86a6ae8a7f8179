//! Parts of a name between an opening and a closing delimiter.

use std::borrow::Cow;
use std::ops::Range;

/// Byte ranges of the outermost parts between `open` and `close`, delimiters included.
///
/// A closer without an opener is an ordinary character; an opener without a closer reaches to the end of the text.
/// Both delimiters must be ASCII.
pub(crate) fn enclosed_slices(
    text: &str,
    open: u8,
    close: u8,
) -> impl Iterator<Item = Range<usize>> {
    debug_assert!(open.is_ascii() && close.is_ascii());
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + bytes[at..].iter().position(|byte| *byte == open)?;
        let mut nesting = 0_usize;
        for (offset, byte) in bytes[start..].iter().enumerate() {
            if *byte == open {
                nesting += 1;
            } else if *byte == close {
                nesting -= 1;
                if nesting == 0 {
                    at = start + offset + 1;
                    return Some(start..at);
                }
            }
        }
        at = bytes.len();
        Some(start..at)
    })
}

/// What becomes of an enclosed part.
pub(crate) enum Enclosed<'a> {
    /// It stays as it is.
    Keep,
    /// The text takes its place.
    Replace(Cow<'a, str>),
}

/// Replaces enclosed parts by what `decide` makes of the text before it (since the part before) and the part itself.
pub(crate) fn replace_enclosed<'a>(
    text: &'a str,
    open: u8,
    close: u8,
    decide: impl Fn(&'a str, &'a str) -> Enclosed<'a>,
) -> Cow<'a, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut previous_end = 0;
    for slice in enclosed_slices(text, open, close) {
        let before = &text[previous_end..slice.start];
        previous_end = slice.end;
        if let Enclosed::Replace(replacement) = decide(before, &text[slice.clone()]) {
            out.push_str(&text[copied..slice.start]);
            out.push_str(&replacement);
            copied = slice.end;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slices(text: &str) -> Vec<&str> {
        enclosed_slices(text, b'(', b')')
            .map(|range| &text[range])
            .collect()
    }

    #[test]
    fn outermost_parts_are_found() {
        assert_eq!(slices("é(b(c)) d (e)"), ["(b(c))", "(e)"]);
        assert_eq!(slices(")a(b"), ["(b"]);
        assert_eq!(slices("none)"), Vec::<&str>::new());
    }

    #[test]
    fn replacing_shows_the_text_between_parts() {
        let replaced = replace_enclosed("a(1)b(2)(3)c", b'(', b')', |before, inside| {
            match (before, inside) {
                ("a", _) => Enclosed::Keep,
                ("", "(3)") => Enclosed::Replace("!".into()),
                _ => Enclosed::Replace("".into()),
            }
        });
        assert_eq!(replaced, "a(1)b!c");
    }
}
