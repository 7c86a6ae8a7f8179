//! Signatures for bug reports.

use std::fmt::Write as _;

use super::Report;
use crate::output::Clean;

/// A list item for each fact, with the signatures in backticks.
pub(super) fn one_of_many(report: &Report, printed: u64) -> String {
    let (id, notes) = (report.label(), &report.result.notes);
    let mut text = String::new();
    if printed > 0 {
        text.push('\n');
    }
    let _ = writeln!(text, "* **Crash id:** {}", Clean(id));
    let _ = writeln!(text, "* **Original:** {}", code(report.old()));
    let _ = writeln!(text, "* **New:** {}", code(&report.result.signature));
    let _ = writeln!(text, "* **Same?:** {}", report.same());
    if !notes.is_empty() {
        let _ = writeln!(text, "* **Notes:** ({})", notes.len());
    }
    for note in notes {
        let _ = writeln!(text, "  * {}", Clean(note));
    }
    let steps = report.step_lines();
    if !steps.is_empty() {
        let _ = writeln!(text, "* **Steps:** ({})", steps.len());
    }
    for step in steps {
        let _ = writeln!(text, "  * {}", code(&step));
    }
    text
}

/// Text in so many backticks that those in it do not end it.
pub(in crate::commands::signature) fn code(text: &str) -> String {
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let text = Clean(text).to_string();
    let longest = text.split(|character| character != '`').map(str::len).max();
    match longest.unwrap_or(0) {
        0 => format!("`{text}`"),
        count => {
            let ticks = "`".repeat(count + 1);
            format!("{ticks} {text} {ticks}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::report;
    use super::*;

    #[test]
    fn signatures_are_code() {
        let report = report(Some("a `b'::c"), "<T>::f | _g_", &["A: b"]);
        assert_eq!(
            one_of_many(&report, 0),
            "* **Crash id:** crashes.json:1\n* **Original:** `` a `b'::c ``\n\
             * **New:** `<T>::f | _g_`\n* **Same?:** False\n* **Notes:** (1)\n  * A: b\n"
        );
        assert_eq!(code(""), "(empty)");
    }
}
