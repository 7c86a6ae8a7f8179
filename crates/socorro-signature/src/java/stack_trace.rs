//! Signatures from a Java stack trace in text form.

use std::borrow::Cow;

use crate::python::digits::is_decimal;
use crate::python::text::{is_longer_than, split_lines, strip};
use crate::result::ToolOutcome;
use crate::rules::MAXIMUM_LENGTH;

/// The name upstream gives to this tool; stored notes have it.
const TOOL: &str = "JavaSignatureTool";

/// What replaces the identity hash of an object in a description.
const ADDRESS: &str = "<addr>";

/// Makes a signature from class, description and first method of a stack trace.
///
/// Source: Socorro `socorro/signature/rules.py` (`JavaSignatureTool`).
pub(crate) fn signature_of_stack_trace(stack_trace: &str) -> ToolOutcome {
    let mut outcome = ToolOutcome::default();
    let mut lines = split_lines(stack_trace).map(strip);
    let Some(first_line) = lines.next() else {
        outcome.signature = "EMPTY: Java stack trace not in expected format".to_owned();
        outcome
            .notes
            .push(format!("{TOOL}: stack trace not in expected format"));
        return outcome;
    };
    let (class, description) = match first_line.split_once(':') {
        Some((class, description)) => (strip(class), without_addresses(description)),
        None => {
            outcome.notes.push(format!(
                "{TOOL}: stack trace line 1 is not in the expected format"
            ));
            (first_line, Cow::Borrowed(""))
        }
    };
    let description = strip(&description);
    let method = match lines.next() {
        Some("") => {
            outcome
                .notes
                .push(format!("{TOOL}: stack trace line 2 is empty"));
            Cow::Borrowed("")
        }
        Some(line) => without_line_number(line),
        None => {
            outcome
                .notes
                .push(format!("{TOOL}: stack trace line 2 is missing"));
            Cow::Borrowed("")
        }
    };
    outcome.signature = join_parts(class, description, &method);
    if is_longer_than(&outcome.signature, MAXIMUM_LENGTH) {
        outcome.signature = format!("{class}: {method}");
        outcome.notes.push(format!(
            "{TOOL}: dropped Java exception description due to length"
        ));
    }
    outcome
}

fn join_parts(class: &str, description: &str, method: &str) -> String {
    if description.ends_with(ADDRESS) {
        return join_present(": ", &[class, description, method]);
    }
    join_present(": ", &[class, &join_present(" ", &[description, method])])
}

fn join_present(separator: &str, parts: &[&str]) -> String {
    let present: Vec<&str> = parts
        .iter()
        .copied()
        .filter(|part| !part.is_empty())
        .collect();
    present.join(separator)
}

/// Replaces `@` and eight lower-case hexadecimal digits, an object's identity hash.
fn without_addresses(description: &str) -> Cow<'_, str> {
    const DIGITS: usize = 8;
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let mut out = String::new();
    let mut copied = 0;
    for (at, _) in description.match_indices('@') {
        let digits = description.as_bytes().get(at + 1..at + 1 + DIGITS);
        if digits.is_some_and(|digits| digits.iter().all(is_digit)) {
            out.push_str(&description[copied..=at]);
            out.push_str(ADDRESS);
            copied = at + 1 + DIGITS;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(description);
    }
    out.push_str(&description[copied..]);
    Cow::Owned(out)
}

/// Takes the line number out of `(File.java:12)` at the end of a line.
fn without_line_number(line: &str) -> Cow<'_, str> {
    let numbered = line
        .strip_suffix(')')
        .map(|line| (line, line.trim_end_matches(is_decimal)));
    match numbered {
        Some((line, file)) if file.len() < line.len() && file.ends_with(".java:") => {
            Cow::Owned(format!("{})", &file[..file.len() - 1]))
        }
        _ => Cow::Borrowed(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_description_and_method_make_the_signature() {
        for (trace, signature) in [
            (
                "a.B: msg\n\tat c.d(E.java:12)\n\tat f",
                "a.B: msg at c.d(E.java)",
            ),
            ("a.B\n\tat c.d(E.kt:12)", "a.B: at c.d(E.kt:12)"),
            (
                "a.B: x@0a1b2c3d\n\tat c.d(E.java)",
                "a.B: x@<addr>: at c.d(E.java)",
            ),
            ("a.B: x@0A1b2c3d", "a.B: x@0A1b2c3d"),
            ("a.B:", "a.B"),
        ] {
            assert_eq!(
                signature_of_stack_trace(trace).signature,
                signature,
                "{trace:?}"
            );
        }
    }

    #[test]
    fn a_long_description_is_dropped() {
        let trace = format!("a.B: {}\n\tat c.d(E.java:12)", "x".repeat(300));
        let outcome = signature_of_stack_trace(&trace);
        assert_eq!(outcome.signature, "a.B: at c.d(E.java)");
        assert_eq!(outcome.notes.len(), 1);
    }

    #[test]
    fn a_text_without_lines_is_not_understood() {
        assert_eq!(
            signature_of_stack_trace("").signature,
            "EMPTY: Java stack trace not in expected format"
        );
    }
}
