//! Signatures for people.

use std::fmt::Write as _;

use super::Report;
use crate::output::Clean;

/// Of one crash alone the signature on the first line, so that scripts find it, then its notes and steps.
pub(super) fn only(report: &Report) -> String {
    let mut text = format!("{}\n", Clean(&report.result.signature));
    for note in &report.result.notes {
        let _ = writeln!(text, "  {}", Clean(note));
    }
    let steps = report.step_lines();
    if !steps.is_empty() {
        text.push('\n');
    }
    for step in steps {
        let _ = writeln!(text, "{step}");
    }
    text
}

/// The form that Socorro's command `signature` has.
pub(super) fn one_of_many(report: &Report, printed: u64) -> String {
    let (id, old, notes) = (report.label(), report.old(), &report.result.notes);
    let mut text = String::new();
    if printed > 0 {
        text.push('\n');
    }
    let _ = writeln!(text, "Crash id: {}", Clean(id));
    let _ = writeln!(text, "Original: {}", Clean(old));
    let _ = writeln!(text, "New:      {}", Clean(&report.result.signature));
    let _ = writeln!(text, "Same?:    {}", report.same());
    if !notes.is_empty() {
        let _ = writeln!(text, "Notes:    ({})", notes.len());
    }
    for note in notes {
        let _ = writeln!(text, "          {}", Clean(note));
    }
    let steps = report.step_lines();
    if !steps.is_empty() {
        let _ = writeln!(text, "Steps:    ({})", steps.len());
    }
    for step in steps {
        let _ = writeln!(text, "          {step}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::tests::report;
    use super::*;

    #[test]
    fn one_crash_is_its_signature_and_several_are_compared() {
        let report = report(Some("g\u{1b}"), "f", &["A: b"]);
        assert_eq!(only(&report), "f\n  A: b\n");
        assert_eq!(
            one_of_many(&report, 1),
            "\nCrash id: crashes.json:1\nOriginal: g\u{fffd}\nNew:      f\nSame?:    False\n\
             Notes:    (1)\n          A: b\n"
        );
    }
}
