//! Showing what a rule changed.

use serde_json::{Map, Value, json};
use socorro_core::json::{Form, to_string};

use super::difference::{Change, Difference};
use crate::{
    failure::Failure,
    output::{Clean, Output},
};

/// Longer values are shortened for people, in characters.
const MAX_LENGTH: usize = 100;
const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";

/// For people: a line for each change.
pub(super) fn text(difference: &Difference, output: &mut Output) -> Result<(), Failure> {
    let Difference {
        raw,
        processed,
        notes,
    } = difference;
    if raw.is_empty() && processed.is_empty() && notes.is_empty() {
        return output.line("no changes, no notes");
    }
    for (heading, changes) in [("raw_crash", raw), ("processed_crash", processed)] {
        if !changes.is_empty() {
            output.line(heading)?;
        }
        for change in changes {
            let (mark, color) = match change {
                Change { before: None, .. } => ('+', GREEN),
                Change { after: None, .. } => ('-', RED),
                _ => ('~', YELLOW),
            };
            let line = format!("{mark} {}: {}", Clean(&change.path), values(change));
            if output.color() {
                output.line(format_args!("  {color}{line}{PLAIN}"))?;
            } else {
                output.line(format_args!("  {line}"))?;
            }
        }
    }
    if !notes.is_empty() {
        output.line("notes")?;
    }
    for note in notes {
        output.line(format_args!("  {}", Clean(note)))?;
    }
    Ok(())
}

fn values(change: &Change) -> String {
    let values = [&change.before, &change.after].into_iter().flatten();
    values.map(shortened).collect::<Vec<_>>().join(" -> ")
}

/// A value on one line that is not too long. The form is pure ASCII, control characters escaped.
fn shortened(value: &Value) -> String {
    let text = to_string(value, Form::Processor);
    if text.len() <= MAX_LENGTH {
        return text;
    }
    match value {
        Value::Array(items) => format!("[… {} items]", items.len()),
        Value::Object(members) => format!("{{… {} members}}", members.len()),
        _ => format!("{}… ({} characters)", &text[..MAX_LENGTH], text.len()),
    }
}

/// For programs: whole values.
pub(super) fn json(
    difference: &Difference,
    failed: &[String],
    output: &mut Output,
) -> Result<(), Failure> {
    let changes = |changes: &[Change]| changes.iter().map(as_json).collect::<Vec<_>>();
    let object = json!({
        "raw_crash": changes(&difference.raw),
        "processed_crash": changes(&difference.processed),
        "notes": difference.notes,
        "failed": failed,
    });
    match object {
        Value::Object(object) => output.json(&object, Form::Pretty),
        _ => Ok(()),
    }
}

/// A member that is absent means that there was, or is, no value.
fn as_json(change: &Change) -> Value {
    let mut object = Map::new();
    object.insert("path".to_owned(), change.path.clone().into());
    for (name, value) in [("before", &change.before), ("after", &change.after)] {
        if let Some(value) = value {
            object.insert(name.to_owned(), value.clone());
        }
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_shortened() {
        assert_eq!(shortened(&json!("é")), "\"\\u00e9\"");
        let long = "x".repeat(200);
        assert_eq!(shortened(&json!([long])), "[… 1 items]");
        assert_eq!(shortened(&json!({"a": long})), "{… 1 members}");
        assert!(shortened(&json!(long)).ends_with("x… (202 characters)"));
    }
}
