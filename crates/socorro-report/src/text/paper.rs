//! What text is written on: lines of a certain width, with or without colour.

use std::fmt::{self, Write};

use unicode_width::UnicodeWidthChar as _;

/// Narrower than this nothing can be read.
const NARROWEST: usize = 40;

/// How a part of a line is set off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Heading,
    Function,
    Dim,
    Warning,
}

impl Ink {
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Heading => "\x1b[1m",
            Self::Function => "\x1b[36m",
            Self::Dim => "\x1b[2m",
            Self::Warning => "\x1b[33m",
        }
    }
}

/// A part of a line that is set off in no way.
pub(super) fn plain(text: &str) -> (&str, Ink) {
    (text, Ink::Plain)
}

/// Where a report is written.
pub(super) struct Paper<'a> {
    to: &'a mut dyn Write,
    width: Option<usize>,
    color: bool,
}

impl<'a> Paper<'a> {
    pub(super) fn new(to: &'a mut dyn Write, width: Option<usize>, color: bool) -> Self {
        Self {
            to,
            width: width.map(|width| width.max(NARROWEST)),
            color,
        }
    }

    /// An empty line.
    pub(super) fn gap(&mut self) -> fmt::Result {
        self.to.write_char('\n')
    }

    /// An empty line and a heading.
    pub(super) fn heading(&mut self, text: &str) -> fmt::Result {
        self.gap()?;
        self.line(2, &[(text, Ink::Heading)])
    }

    /// A line. Where it goes on, because the width is used up or the text has line breaks, it is indented by `indent`.
    pub(super) fn line(&mut self, indent: usize, parts: &[(&str, Ink)]) -> fmt::Result {
        let mut place = Place {
            indent,
            column: 0,
            spaces: 0,
        };
        for (text, ink) in parts {
            let color = self.color && *ink != Ink::Plain;
            let mut is_colored = false;
            for (index, line) in text.split('\n').enumerate() {
                if index > 0 {
                    self.next_line(&mut place)?;
                }
                for word in line.split_inclusive(' ') {
                    let text = word.trim_end_matches(' ');
                    if !text.is_empty() {
                        self.approach(&mut place, columns(text))?;
                        if color && !is_colored {
                            self.to.write_str(ink.code())?;
                            is_colored = true;
                        }
                        self.word(&mut place, text)?;
                    }
                    place.spaces += word.len() - text.len();
                }
            }
            if is_colored {
                self.to.write_str("\x1b[0m")?;
            }
        }
        self.to.write_char('\n')
    }

    /// Cells of about one width, as many to a line as fit, and four at most.
    pub(super) fn cells(&mut self, indent: usize, cells: &[String], ink: Ink) -> fmt::Result {
        let widest = cells.iter().map(|cell| columns(cell)).max().unwrap_or(0) + 1;
        let room = self.width.unwrap_or(usize::MAX).saturating_sub(indent);
        let fit = (room / widest).clamp(1, 4);
        for cells in cells.chunks(fit) {
            let text = format!("{:indent$}{}", "", cells.join(" "));
            self.line(indent, &[(&text, ink)])?;
        }
        Ok(())
    }

    fn next_line(&mut self, place: &mut Place) -> fmt::Result {
        place.column = place.indent;
        place.spaces = 0;
        write!(self.to, "\n{:1$}", "", place.indent)
    }

    /// Goes to where a word of so many columns begins: on this line if it fits, else on the next.
    fn approach(&mut self, place: &mut Place, length: usize) -> fmt::Result {
        let width = self.width.unwrap_or(usize::MAX);
        let fits_a_line = length <= width.saturating_sub(place.indent);
        if place.column + place.spaces + length > width
            && place.column > place.indent
            && fits_a_line
        {
            self.next_line(place)?;
        }
        write!(self.to, "{:1$}", "", place.spaces)?;
        place.column += std::mem::take(&mut place.spaces);
        Ok(())
    }

    /// Writes a word, and breaks it where it is longer than any line.
    fn word(&mut self, place: &mut Place, word: &str) -> fmt::Result {
        let width = self.width.unwrap_or(usize::MAX);
        for character in word.chars() {
            let columns = character.width().unwrap_or(0);
            if place.column + columns > width {
                self.next_line(place)?;
            }
            self.to.write_char(character)?;
            place.column += columns;
        }
        Ok(())
    }
}

/// How far a line has come.
struct Place {
    indent: usize,
    column: usize,
    /// Spaces that are to come before the next word, if it is on the same line.
    spaces: usize,
}

/// How many columns a text takes.
pub(super) fn columns(text: &str) -> usize {
    text.chars()
        .map(|character| character.width().unwrap_or(0))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(width: Option<usize>, color: bool, parts: &[(&str, Ink)]) -> String {
        let mut text = String::new();
        let mut paper = Paper::new(&mut text, width, color);
        assert!(paper.line(4, parts).is_ok());
        text
    }

    #[test]
    fn lines_are_broken_between_words() {
        let text = "one two three four five six seven eight nine ten eleven";
        assert_eq!(
            written(Some(40), false, &[plain(text)]),
            "one two three four five six seven eight\n    nine ten eleven\n"
        );
        assert_eq!(written(None, false, &[plain(text)]), format!("{text}\n"));
    }

    #[test]
    fn words_longer_than_a_line_are_broken_anywhere() {
        let word = "x".repeat(100);
        for line in written(Some(40), false, &[plain("a "), plain(&word)]).lines() {
            assert!(columns(line) <= 40, "{line:?}");
        }
        let wide = "語".repeat(50);
        let text = written(Some(41), false, &[plain(&wide)]);
        assert!(text.lines().all(|line| columns(line) <= 41), "{text}");
        assert_eq!(text.matches('語').count(), 50);
    }

    #[test]
    fn colour_takes_no_room() {
        assert_eq!(
            written(Some(40), true, &[("a", Ink::Heading), plain("b")]),
            "\x1b[1ma\x1b[0mb\n"
        );
    }

    #[test]
    fn line_breaks_in_values_are_indented() {
        assert_eq!(written(None, false, &[plain("a\nb")]), "a\n    b\n");
    }
}
