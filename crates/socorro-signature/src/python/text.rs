//! White space, lines and printable characters (`str.strip`, `str.splitlines`).

/// Whether Python's `str.isspace` and `\s` hold for the character.
///
/// Unicode's White_Space property, which Rust uses, lacks the four information separators U+001C to U+001F.
pub(crate) fn is_space(character: char) -> bool {
    character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character)
}

/// `str.strip()`.
pub(crate) fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// `str.splitlines()`: lines without their ends, no empty line after a final line end.
pub(crate) fn split_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some((at, end)) = rest
            .char_indices()
            .find(|(_, character)| is_line_end(*character))
        else {
            return Some(std::mem::take(&mut rest));
        };
        let line = &rest[..at];
        let after = at + end.len_utf8();
        rest = &rest[after..];
        if end == '\r' {
            rest = rest.strip_prefix('\n').unwrap_or(rest);
        }
        Some(line)
    })
}

fn is_line_end(character: char) -> bool {
    matches!(
        character,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// Only the printable ASCII characters of the text, U+0020 to U+007E.
pub(crate) fn printable_ascii(text: &str) -> String {
    text.chars()
        .filter(|character| matches!(character, ' '..='~'))
        .collect()
}

/// The first `count` characters (code points) of the text.
pub(crate) fn first_characters(text: &str, count: usize) -> &str {
    text.char_indices()
        .nth(count)
        .map_or(text, |(at, _)| &text[..at])
}

/// Whether the text has more than `count` characters (code points).
pub(crate) fn is_longer_than(text: &str, count: usize) -> bool {
    text.len() > count && text.chars().nth(count).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strip_takes_the_information_separators() {
        assert_eq!(strip("\u{1c} \u{3000}a b\u{1f}\u{85}"), "a b");
    }

    #[test]
    fn lines_end_where_python_ends_them() {
        let lines: Vec<_> = split_lines("a\r\nb\rc\n\nd\u{b}e\u{1c}f\u{2028}g\u{85}").collect();
        assert_eq!(lines, ["a", "b", "c", "", "d", "e", "f", "g"]);
        assert_eq!(split_lines("").count(), 0);
        assert_eq!(split_lines("\n").collect::<Vec<_>>(), [""]);
        assert_eq!(split_lines("a\u{1f}b").collect::<Vec<_>>(), ["a\u{1f}b"]);
    }

    #[test]
    fn lengths_count_characters() {
        assert!(!is_longer_than("ééé", 3));
        assert!(is_longer_than("éééa", 3));
        assert_eq!(first_characters("ééé", 2), "éé");
        assert_eq!(first_characters("é", 2), "é");
    }

    #[test]
    fn printable_ascii_drops_everything_else() {
        assert_eq!(printable_ascii("a\tb\u{e9} ~\u{7f}"), "ab ~");
    }
}
