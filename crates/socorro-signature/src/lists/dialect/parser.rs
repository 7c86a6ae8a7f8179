//! Reading an expression and writing it anew.

use super::escape::{Escape, read_escape};
use super::flags::Flags;
use super::group::Group;
use super::{DialectError, PlainText, Translation, class, group, repeat};

/// Longest entry, in bytes. Real ones have less than a hundred.
const MAXIMUM_LENGTH: usize = 4096;

/// Translates one entry. `inherited` are flags that an earlier entry set for the whole list.
pub(crate) fn translate(entry: &str, inherited: Flags) -> Result<Translation, DialectError> {
    if entry.len() > MAXIMUM_LENGTH {
        return Err(DialectError::unsupported(format!(
            "entries of more than {MAXIMUM_LENGTH} bytes"
        )));
    }
    let mut parser = Parser::new(entry, inherited);
    while let Some(character) = parser.take() {
        parser.item(character)?;
    }
    parser.finish()
}

/// What the last item was, for what may follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LastItem {
    /// Nothing, or a place between characters: cannot be repeated.
    NotRepeatable,
    /// Something that can be repeated.
    Atom,
    /// Something that already is.
    Repeated,
}

pub(super) struct Parser<'a> {
    rest: &'a str,
    pub(super) out: String,
    /// Plain text so far, as long as there is nothing else.
    plain: Option<PlainText>,
    looks_ahead: bool,
    pub(super) flags: Flags,
    pub(super) global_flags: Flags,
    pub(super) last: LastItem,
    /// Where the last item starts in `out`.
    pub(super) last_start: usize,
    pub(super) open_groups: Vec<Group>,
    pub(super) capture_count: u32,
    pub(super) group_names: Vec<String>,
}

impl<'a> Parser<'a> {
    fn new(entry: &'a str, flags: Flags) -> Self {
        Self {
            rest: entry,
            out: String::new(),
            plain: Some(PlainText::Prefix(String::new())),
            looks_ahead: false,
            flags,
            global_flags: Flags::default(),
            last: LastItem::NotRepeatable,
            last_start: 0,
            open_groups: Vec::new(),
            capture_count: 0,
            group_names: Vec::new(),
        }
    }

    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    pub(super) fn set_rest(&mut self, rest: &'a str) {
        self.rest = rest;
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub(super) fn take(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let character = characters.next()?;
        self.rest = characters.as_str();
        Some(character)
    }

    pub(super) fn take_if(&mut self, expected: char) -> bool {
        let found = self.rest.strip_prefix(expected);
        if let Some(rest) = found {
            self.rest = rest;
        }
        found.is_some()
    }

    /// Nothing was read yet but flags.
    pub(super) fn at_start(&self) -> bool {
        self.out.is_empty() && self.open_groups.is_empty() && self.last == LastItem::NotRepeatable
    }

    fn item(&mut self, character: char) -> Result<(), DialectError> {
        match character {
            ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' if self.flags.verbose => {}
            '#' if self.flags.verbose => {
                self.rest = self.rest.split_once('\n').map_or("", |(_, after)| after);
            }
            '\\' => self.escaped()?,
            '[' => {
                let class = class::read_class(self)?;
                self.atom(&class);
            }
            '.' => self.atom(if self.flags.dot_all { "(?s:.)" } else { "." }),
            '^' => self.place(if self.flags.multi_line {
                "(?m:^)"
            } else {
                r"\A"
            }),
            '$' => self.dollar(),
            '*' | '+' | '?' => repeat::repeat_with(self, character)?,
            '{' => repeat::repeat_counted(self)?,
            '|' => self.alternative(),
            '(' => group::open(self)?,
            ')' => group::close(self)?,
            other => self.literal_character(other),
        }
        Ok(())
    }

    fn escaped(&mut self) -> Result<(), DialectError> {
        let (escape, rest) = read_escape(self.rest, self.capture_count)?;
        self.rest = rest;
        match escape {
            Escape::Literal(character) => self.literal_character(character),
            Escape::Class(category) => {
                let mut class = String::from("[");
                category.write_members(self.flags.ascii, &mut class);
                class.push(']');
                self.atom(&class);
            }
            Escape::TextStart => self.place(r"\A"),
            Escape::TextEnd => self.place_before(r"\z"),
            Escape::WordBoundary if self.flags.ascii => self.place_before(r"(?-u:\b)"),
            Escape::WordBoundary => self.place_before(r"\b"),
            Escape::NoWordBoundary if self.flags.ascii => {
                return Err(DialectError::unsupported(r"\B with the flag a"));
            }
            Escape::NoWordBoundary => self.place_before(r"\B"),
        }
        Ok(())
    }

    pub(super) fn literal_character(&mut self, character: char) {
        match &mut self.plain {
            Some(PlainText::Prefix(text)) if !self.flags.ignore_case => text.push(character),
            _ => self.plain = None,
        }
        self.last_start = self.out.len();
        if self.flags.ignore_case {
            self.out.push_str("(?i:");
            push_literal(character, &mut self.out);
            self.out.push(')');
        } else {
            push_literal(character, &mut self.out);
        }
        self.last = LastItem::Atom;
    }

    /// Writes something that matches characters.
    fn atom(&mut self, expression: &str) {
        self.not_plain();
        self.last_start = self.out.len();
        self.out.push_str(expression);
        self.last = LastItem::Atom;
    }

    /// Writes something that matches between characters.
    fn place(&mut self, expression: &str) {
        self.not_plain();
        self.out.push_str(expression);
        self.last = LastItem::NotRepeatable;
    }

    /// Writes something that matches before certain characters, or at the end.
    fn place_before(&mut self, expression: &str) {
        self.looks_ahead = true;
        self.place(expression);
    }

    fn dollar(&mut self) {
        let whole = match self.plain.take() {
            Some(PlainText::Prefix(text)) if !self.flags.multi_line => Some(PlainText::Whole(text)),
            _ => None,
        };
        self.place_before(if self.flags.multi_line {
            "(?m:$)"
        } else {
            r"(?:\n?\z)"
        });
        self.plain = whole;
    }

    fn alternative(&mut self) {
        self.not_plain();
        self.out.push('|');
        self.last = LastItem::NotRepeatable;
    }

    /// The expression is more than a plain text.
    pub(super) fn not_plain(&mut self) {
        self.plain = None;
    }

    fn finish(self) -> Result<Translation, DialectError> {
        if !self.open_groups.is_empty() {
            return Err(DialectError::bad("a group is not closed"));
        }
        Ok(Translation {
            expression: self.out,
            plain: self.plain,
            looks_ahead: self.looks_ahead,
            global_flags: self.global_flags,
            group_names: self.group_names,
        })
    }
}

/// Writes a character so that it stands for itself, inside and outside of classes.
pub(super) fn push_literal(character: char, out: &mut String) {
    if character.is_ascii_alphanumeric() || character == '_' || !character.is_ascii() {
        out.push(character);
    } else {
        out.push_str(&format!("\\x{{{:x}}}", u32::from(character)));
    }
}
