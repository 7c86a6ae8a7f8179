//! Signatures for programs.

use serde_json::{Value, json};
use socorro_core::json::{Form, to_string};

use super::Report;

/// The object of one crash alone.
pub(super) fn only(report: &Report) -> String {
    to_string(&object(report), Form::Pretty)
}

/// An object as item of an array that is still open.
pub(super) fn one_of_many(report: &Report, printed: u64) -> String {
    let before = if printed == 0 { "[\n  " } else { ",\n  " };
    // Texts have their line breaks escaped: all others are those of the indentation.
    let object = only(report).replace('\n', "\n  ");
    format!("{before}{object}")
}

/// What closes an array of so many items.
pub(super) fn array_end(printed: u64) -> &'static str {
    if printed == 0 { "[]" } else { "\n]" }
}

/// An object on a line.
pub(super) fn line(report: &Report) -> String {
    let mut line = to_string(&object(report), Form::Processor);
    line.push('\n');
    line
}

fn object(report: &Report) -> Value {
    let result = &report.result;
    let mut object = json!({
        "crash_id": report.crash_id,
        "source": report.source,
        "signature": result.signature,
        "original_signature": report.old,
        "proto_signature": result.proto_signature,
        "notes": result.notes,
    });
    if let Some(steps) = &report.steps {
        object["steps"] = json!(steps);
    }
    object
}

#[cfg(test)]
mod tests {
    use super::super::tests::report;
    use super::*;

    #[test]
    fn an_array_is_written_item_by_item() {
        let report = report(None, "f \"x\"", &["A: \n"]);
        for count in [0, 1, 3] {
            let mut text: String = (0..count)
                .map(|index| one_of_many(&report, index))
                .collect();
            text.push_str(array_end(count));
            let array: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(array.as_array().unwrap().len() as u64, count);
            let items = array.as_array().unwrap().iter();
            assert!(items.eq(vec![&object(&report); usize::try_from(count).unwrap()]));
        }
        assert_eq!(object(&report)["original_signature"], Value::Null);
        assert_eq!(line(&report).lines().count(), 1);
    }
}
