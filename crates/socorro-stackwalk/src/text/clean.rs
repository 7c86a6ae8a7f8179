//! Text from strangers, made safe for a terminal.

use std::fmt::{self, Write as _};

/// Shows text without U+0000, which only pads, and with U+FFFD in place of other control characters and of those that
/// turn the direction of writing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clean<'a>(pub(super) &'a str);

impl fmt::Display for Clean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.chars().filter(|c| *c != '\0');
        shown.try_for_each(|c| {
            f.write_char(if is_harmless(c) {
                c
            } else {
                char::REPLACEMENT_CHARACTER
            })
        })
    }
}

fn is_harmless(c: char) -> bool {
    let turns =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !c.is_control() && !turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(
            Clean("a\x1b[31mb\nc\u{9b}d\u{202e}e\x7f").to_string(),
            "a\u{fffd}[31mb\u{fffd}c\u{fffd}d\u{fffd}e\u{fffd}"
        );
        assert_eq!(Clean("Intel\0\0").to_string(), "Intel");
        assert_eq!(Clean("operator<< für λ").to_string(), "operator<< für λ");
    }
}
