//! Removing personal data from a Java stack trace.

use std::fmt;

use crate::python::text::{split_lines, strip};

/// The parts of a Java stack trace in text form.
///
/// Messages, causes and suppressed exceptions can hold personal data; [`JavaStackTrace::public_text`] is without.
///
/// ```
/// use socorro_signature::JavaStackTrace;
///
/// let trace = JavaStackTrace::parse("a.B: user@example.com\n\tat c.d(E.java:1)\nCaused by: f.G: secret")?;
/// assert_eq!(trace.public_text(), "a.B\n\tat c.d(E.java:1)");
/// # Ok::<(), socorro_signature::MalformedStackTrace>(())
/// ```
///
/// `Debug` shows only the class.
///
/// Source: Socorro `socorro/lib/libjava.py`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct JavaStackTrace {
    /// Class of the exception.
    pub class: String,
    /// Message of the exception; may hold personal data and have several lines.
    pub message: String,
    /// Stack lines without the tab in front.
    pub stack: Vec<String>,
    /// What follows the stack, from the first `Caused by:` or `Suppressed:` on.
    pub additional: Vec<String>,
}

impl fmt::Debug for JavaStackTrace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("JavaStackTrace")
            .field("class", &self.class)
            .finish_non_exhaustive()
    }
}

/// A text is not a Java stack trace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed Java stack trace: {problem}")]
pub struct MalformedStackTrace {
    problem: &'static str,
}

impl JavaStackTrace {
    /// Takes a stack trace apart.
    ///
    /// # Errors
    ///
    /// If the text is empty, or a line of the stack does not start with a tab.
    pub fn parse(text: &str) -> Result<Self, MalformedStackTrace> {
        if text.is_empty() {
            return Err(MalformedStackTrace {
                problem: "it has no lines",
            });
        }
        let mut lines = split_lines(text).peekable();
        let first = lines.find(|line| !is_blank(line)).unwrap_or_default();
        let (class, message) = first.split_once(':').unwrap_or((first, ""));
        let mut message = message.to_owned();
        // Blank lines count as lines of the message here.
        while let Some(line) = lines.next_if(|line| !line.starts_with("\tat ")) {
            message.push('\n');
            message.push_str(line);
        }
        let mut trace = Self {
            class: strip(class).to_owned(),
            message: strip(&message).to_owned(),
            ..Self::default()
        };
        while let Some(line) = lines.next() {
            if is_blank(line) {
                continue;
            }
            let Some(stack_line) = line.strip_prefix('\t') else {
                return Err(MalformedStackTrace {
                    problem: "a stack line does not start with a tab",
                });
            };
            trace.stack.push(stack_line.to_owned());
            if lines.peek().is_some_and(|line| starts_additional(line)) {
                let additional = lines.by_ref().filter(|line| !is_blank(line));
                trace.additional = additional.map(str::to_owned).collect();
            }
        }
        Ok(trace)
    }

    /// The trace as everybody may see it: class and stack.
    pub fn public_text(&self) -> String {
        let stack: Vec<String> = self.stack.iter().map(|line| format!("\t{line}")).collect();
        format!("{}\n{}", self.class, stack.join("\n"))
    }
}

fn is_blank(line: &str) -> bool {
    strip(line).is_empty()
}

fn starts_additional(line: &str) -> bool {
    let line = strip(line);
    line.starts_with("Suppressed:") || line.starts_with("Caused by:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_comes_apart() {
        let trace = JavaStackTrace::parse(
            "\n a.B : m1\nm2\n\tat c\n\n\t... 3 more\nCaused by: x\n\tat y\n",
        )
        .unwrap();
        assert_eq!(trace.class, "a.B");
        assert_eq!(trace.message, "m1\nm2");
        assert_eq!(trace.stack, ["at c", "... 3 more"]);
        assert_eq!(trace.additional, ["Caused by: x", "\tat y"]);
        assert_eq!(trace.public_text(), "a.B\n\tat c\n\t... 3 more");
    }

    #[test]
    fn other_texts_are_malformed() {
        for text in ["", "a.B\n\tat c\nno tab"] {
            assert!(JavaStackTrace::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(JavaStackTrace::parse(" \n").unwrap().public_text(), "\n");
        assert_eq!(JavaStackTrace::parse("a.B").unwrap().public_text(), "a.B\n");
    }
}
