//! Text from strangers, made safe to look at.

use std::fmt::{self, Write as _};

/// Shows text without U+0000, which only pads, and with U+FFFD in place of other control characters
/// and of those that turn the direction of writing: nothing in it can steer a terminal, or make a line
/// read differently from what it says.
///
/// ```
/// use socorro_core::Clean;
///
/// assert_eq!(Clean("a\u{1b}[31mb\n").to_string(), "a\u{fffd}[31mb\u{fffd}");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Clean<'a>(pub &'a str);

impl Clean<'_> {
    /// What is shown in place of a character; `None` when nothing is.
    #[must_use]
    pub fn shown(character: char) -> Option<char> {
        match character {
            '\0' => None,
            _ if is_harmless(character) => Some(character),
            _ => Some(char::REPLACEMENT_CHARACTER),
        }
    }
}

impl fmt::Display for Clean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.chars().filter_map(Self::shown);
        shown.try_for_each(|character| f.write_char(character))
    }
}

fn is_harmless(character: char) -> bool {
    let turns = matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    !character.is_control() && !turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(
            Clean("a\x1b[31mb\nc\u{9b}d\u{202e}e\x7f\u{61c}").to_string(),
            "a\u{fffd}[31mb\u{fffd}c\u{fffd}d\u{fffd}e\u{fffd}\u{fffd}"
        );
        assert_eq!(Clean("Intel\0\0").to_string(), "Intel");
        assert_eq!(Clean("operator<< für λ").to_string(), "operator<< für λ");
    }
}
