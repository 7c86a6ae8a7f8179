//! JSON documents one after another: a whole file, or one on each line.

use std::io::{self, BufRead};

/// What begins a document in the first column of a line, and cannot stand there inside of an object.
const OBJECT: u8 = b'{';
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Splits a stream into JSON documents without understanding more than their brackets.
///
/// A document may be on one line or on many, so that one indented document, documents line by line, and anything
/// between are read alike and in bounded memory. A document that is broken off ends where the next object begins a line,
/// so that what follows it is not lost.
#[derive(Debug)]
pub(crate) struct Documents<R> {
    input: R,
    /// Largest document, in bytes.
    limit: usize,
    /// Number of the last line that was read, counted from 1.
    line: u64,
    /// A line that was read and belongs to the next document.
    next: Option<Vec<u8>>,
}

/// A document, or what should have been one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Document {
    /// The line on which it begins, counted from 1.
    pub(crate) line: u64,
    /// Its text; `None` if that is larger than the limit.
    pub(crate) text: Option<Vec<u8>>,
}

impl<R: BufRead> Documents<R> {
    /// The documents of a stream.
    pub(crate) fn new(input: R, limit: usize) -> Self {
        Self {
            input,
            limit,
            line: 0,
            next: None,
        }
    }

    /// Reads the next document; `None` at the end.
    ///
    /// # Errors
    ///
    /// When the stream cannot be read.
    pub(crate) fn read(&mut self) -> io::Result<Option<Document>> {
        let Some(mut text) = self.first_line()? else {
            return Ok(None);
        };
        let line = self.line;
        let is_object = text.first() == Some(&OBJECT);
        let mut brackets = Brackets::default();
        brackets.take_line(&text);
        while brackets.are_open() && text.len() <= self.limit {
            let Some(more) = self.line(self.limit - text.len())? else {
                break;
            };
            if is_object && more.first() == Some(&OBJECT) {
                self.next = Some(more);
                break;
            }
            brackets.take_line(&more);
            text.extend(more);
        }
        if text.len() <= self.limit {
            let text = Some(text);
            return Ok(Some(Document { line, text }));
        }
        drop(text);
        if brackets.are_open() {
            self.skip_to_object()?;
        }
        Ok(Some(Document { line, text: None }))
    }

    /// The first line of the next document.
    fn first_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        if let Some(line) = self.next.take() {
            return Ok(Some(line));
        }
        while let Some(mut line) = self.line(self.limit)? {
            if self.line == 1 && line.starts_with(BYTE_ORDER_MARK) {
                line.drain(..BYTE_ORDER_MARK.len());
            }
            if !line.trim_ascii().is_empty() {
                return Ok(Some(line));
            }
        }
        Ok(None)
    }

    /// Passes over lines up to one that begins with an object.
    fn skip_to_object(&mut self) -> io::Result<()> {
        while let Some(line) = self.line(self.limit)? {
            if line.first() == Some(&OBJECT) {
                self.next = Some(line);
                break;
            }
        }
        Ok(())
    }

    /// Reads a line with its end, `None` at the end of the stream. Of a line with more than `limit` bytes the rest is
    /// passed over, up to one byte that shows that there was more.
    fn line(&mut self, limit: usize) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let bound = limit as u64 + 1;
        if io::Read::take(&mut self.input, bound).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        if line.len() as u64 == bound && line.last() != Some(&b'\n') {
            self.input.skip_until(b'\n')?;
        }
        self.line += 1;
        Ok(Some(line))
    }
}

/// Counts the brackets that are open.
#[derive(Debug, Default)]
struct Brackets {
    depth: u64,
}

impl Brackets {
    /// Goes through a line. JSON texts do not go on over the end of a line.
    fn take_line(&mut self, line: &[u8]) {
        let (mut in_text, mut escaped) = (false, false);
        for byte in line {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_text => escaped = true,
                b'"' => in_text = !in_text,
                b'{' | b'[' if !in_text => self.depth += 1,
                b'}' | b']' if !in_text => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    fn are_open(&self) -> bool {
        self.depth > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Line and text of every document; of those over the limit no text.
    fn documents(input: &str, limit: usize) -> Vec<(u64, Option<String>)> {
        let mut documents = Documents::new(input.as_bytes(), limit);
        let mut found = Vec::new();
        while let Some(Document { line, text }) = documents.read().unwrap() {
            let text = text.map(|text| String::from_utf8(text).unwrap().trim_end().to_owned());
            found.push((line, text));
        }
        found
    }

    fn texts(input: &str) -> Vec<(u64, String)> {
        let found = documents(input, 1000).into_iter();
        found.map(|(line, text)| (line, text.unwrap())).collect()
    }

    #[test]
    fn documents_are_on_one_line_or_on_many() {
        let expected = |documents: &[(u64, &str)]| -> Vec<(u64, String)> {
            let documents = documents.iter();
            documents
                .map(|(line, text)| (*line, (*text).to_owned()))
                .collect()
        };
        for (input, found) in [
            ("", &[][..]),
            ("\n \r\n", &[]),
            ("{}", &[(1, "{}")]),
            ("\u{feff}{}\n", &[(1, "{}")]),
            (
                "{\"a\": 1}\n\n{\"b\": 2}\n",
                &[(1, "{\"a\": 1}"), (3, "{\"b\": 2}")],
            ),
            (
                "{\n  \"a\": [\n  ]\n}\n{}\n",
                &[(1, "{\n  \"a\": [\n  ]\n}"), (5, "{}")],
            ),
            ("[\n{},\n{}\n]\n", &[(1, "[\n{},\n{}\n]")]),
            (
                "{\"a\": \"}{[\\\"\"}\n{}",
                &[(1, "{\"a\": \"}{[\\\"\"}"), (2, "{}")],
            ),
            ("nonsense\n}\n{}", &[(1, "nonsense"), (2, "}"), (3, "{}")]),
        ] {
            assert_eq!(texts(input), expected(found), "{input:?}");
        }
    }

    #[test]
    fn what_is_broken_off_does_not_take_the_next_one_with_it() {
        for broken in ["{\"a\": {", "{\"a\": \"b", "{\"a\": \"b\\"] {
            let found = texts(&format!("{broken}\n{{}}\n"));
            assert_eq!(found, [(1, broken.to_owned()), (2, "{}".to_owned())]);
        }
    }

    #[test]
    fn what_is_too_large_is_passed_over() {
        let long = format!("{{\"a\": \"{}\"}}", "x".repeat(50));
        let open = format!("{{\"a\": [\n{}\n", "0,\n".repeat(50));
        for large in [long, open, "[\n".repeat(50)] {
            let found = documents(&format!("{{}}\n{large}\n{{}}\n"), 20);
            let lines = large.lines().count() as u64 + 2;
            let small = Some("{}".to_owned());
            assert_eq!(
                found.iter().filter(|found| found.1 == small).count(),
                2,
                "{found:?}"
            );
            assert_eq!(found[1], (2, None));
            assert!(found.last().unwrap().0 >= lines, "{found:?}");
        }
        let exact = documents("{\"a\": 12}\n{\"a\": 123}\n", 10);
        assert_eq!(exact[0].1.as_deref(), Some("{\"a\": 12}"));
        assert_eq!(exact[1], (2, None));
    }
}
