//! Escapes.

use super::DialectError;

/// What an escape outside of a class stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Escape {
    /// One character.
    Literal(char),
    /// A class of characters.
    Class(Category),
    /// `\A`.
    TextStart,
    /// `\Z`.
    TextEnd,
    /// `\b`.
    WordBoundary,
    /// `\B`.
    NoWordBoundary,
}

/// A predefined class of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Category {
    kind: char,
    negated: bool,
}

/// The category of an escape letter.
pub(super) fn category(letter: char) -> Option<Category> {
    let kind = letter.to_ascii_lowercase();
    matches!(kind, 'd' | 's' | 'w').then_some(Category {
        kind,
        negated: letter.is_ascii_uppercase(),
    })
}

impl Category {
    /// Writes the category as members of a class.
    ///
    /// Unicode white space lacks the information separators that Python counts in; a word in Rust has marks and
    /// joiners too.
    pub(super) fn write_members(self, ascii: bool, out: &mut String) {
        let members = match (self.kind, ascii) {
            ('d', false) => r"\p{Nd}",
            ('d', true) => "0-9",
            ('s', false) => {
                r"\x{9}-\x{d}\x{1c}-\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
            }
            ('s', true) => r"\x{9}-\x{d}\x{20}",
            (_, false) => r"\p{L}\p{N}_",
            (_, true) => "0-9A-Za-z_",
        };
        if self.negated {
            out.push_str("[^");
            out.push_str(members);
            out.push(']');
        } else {
            out.push_str(members);
        }
    }
}

/// Reads what follows a backslash outside of a class. `captures` is how many groups were opened so far.
pub(super) fn read_escape(text: &str, captures: u32) -> Result<(Escape, &str), DialectError> {
    let (letter, rest) = split_first(text).ok_or_else(ends_early)?;
    if let Some(category) = category(letter) {
        return Ok((Escape::Class(category), rest));
    }
    let escape = match letter {
        'A' => Escape::TextStart,
        'Z' => Escape::TextEnd,
        'b' => Escape::WordBoundary,
        'B' => Escape::NoWordBoundary,
        '1'..='9' => return read_number(text, captures),
        _ => {
            let (character, rest) = read_character_escape(text)?;
            return Ok((Escape::Literal(character), rest));
        }
    };
    Ok((escape, rest))
}

/// Reads what follows a backslash within a class and stands for one character.
pub(super) fn read_class_escape(text: &str) -> Result<(char, &str), DialectError> {
    match text.chars().next().ok_or_else(ends_early)? {
        'b' => Ok(('\u{8}', &text[1..])),
        '0'..='7' => read_octal(text),
        _ => read_character_escape(text),
    }
}

/// An escape that stands for one character both within and outside of classes.
fn read_character_escape(text: &str) -> Result<(char, &str), DialectError> {
    let (letter, rest) = split_first(text).ok_or_else(ends_early)?;
    let character = match letter {
        'a' => '\u{7}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        'x' => return read_hexadecimal(rest, 2),
        'u' => return read_hexadecimal(rest, 4),
        'U' => return read_hexadecimal(rest, 8),
        'N' => {
            return Err(DialectError::unsupported(
                r"characters by name (\N{…}); write the character itself or \u and its number",
            ));
        }
        '0' => return read_octal(text),
        letter if letter.is_ascii_alphanumeric() => {
            return Err(DialectError::bad(format!("unknown escape \\{letter}")));
        }
        literal => literal,
    };
    Ok((character, rest))
}

/// Three octal digits are a character, anything shorter is a back-reference.
fn read_number(text: &str, captures: u32) -> Result<(Escape, &str), DialectError> {
    let is_octal = |byte: &u8| matches!(byte, b'0'..=b'7');
    if text
        .as_bytes()
        .get(..3)
        .is_some_and(|digits| digits.iter().all(is_octal))
    {
        let (character, rest) = read_octal(text)?;
        return Ok((Escape::Literal(character), rest));
    }
    let length = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let number: u32 = text[..length].parse().unwrap_or(u32::MAX);
    Err(if number <= captures {
        DialectError::unsupported("back-references, which need a backtracking engine")
    } else {
        DialectError::bad(format!("there is no group {number}"))
    })
}

/// One to three octal digits.
fn read_octal(text: &str) -> Result<(char, &str), DialectError> {
    let length = text
        .bytes()
        .take(3)
        .take_while(|byte| matches!(byte, b'0'..=b'7'))
        .count();
    let code = u32::from_str_radix(&text[..length], 8).unwrap_or(u32::MAX);
    match char::from_u32(code) {
        Some(character) if code <= 0o377 => Ok((character, &text[length..])),
        _ => Err(DialectError::bad(format!(
            "octal escape \\{} is out of range",
            &text[..length]
        ))),
    }
}

fn read_hexadecimal(text: &str, length: usize) -> Result<(char, &str), DialectError> {
    let digits = text
        .get(..length)
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .ok_or_else(|| DialectError::bad(format!("expected {length} hexadecimal digits")))?;
    let character = u32::from_str_radix(digits, 16)
        .ok()
        .and_then(char::from_u32)
        .ok_or_else(|| DialectError::bad(format!("{digits} is not the number of a character")))?;
    Ok((character, &text[length..]))
}

fn split_first(text: &str) -> Option<(char, &str)> {
    let mut characters = text.chars();
    let first = characters.next()?;
    Some((first, characters.as_str()))
}

fn ends_early() -> DialectError {
    DialectError::bad("the expression ends with a backslash")
}
