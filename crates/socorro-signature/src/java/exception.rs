//! Signatures from a Java exception object.

use serde_json::{Map, Value};

use crate::crash_data::{Scalar, present};
use crate::result::ToolOutcome;

/// The name upstream gives to this tool; stored notes have it.
const TOOL: &str = "JavaExceptionSignatureTool";

/// Makes a signature from class and newest frame of the oldest exception.
///
/// The exception's `value`, its message, is never used: it can hold personal data.
///
/// Source: Socorro `socorro/signature/rules.py` (`JavaExceptionSignatureTool`).
pub(crate) fn signature_of_exception(exception: &Value) -> ToolOutcome {
    let mut outcome = ToolOutcome::default();
    let Some(stack_trace) = oldest_stack_trace(exception) else {
        outcome.signature = "EMPTY: Java exception not in expected format".to_owned();
        outcome
            .notes
            .push(format!("{TOOL}: value not in expected format"));
        return outcome;
    };
    let class = class_name(stack_trace);
    let first_frame = stack_trace.get("frames").and_then(|frames| frames.get(0));
    outcome.signature = match first_frame {
        Some(frame) => format!("{class}: at {}", normalize_frame(frame)),
        None => class,
    };
    outcome
}

fn oldest_stack_trace(exception: &Value) -> Option<&Map<String, Value>> {
    let stack_trace = exception
        .get("exception")?
        .get("values")?
        .get(0)?
        .get("stacktrace")?;
    stack_trace
        .as_object()
        .filter(|members| !members.is_empty())
}

fn class_name(stack_trace: &Map<String, Value>) -> String {
    let class = match stack_trace.get("type") {
        None => "Unknown".to_owned(),
        // A null prints as Python prints it.
        Some(class) => {
            Scalar::from_json(class).map_or_else(|| "None".to_owned(), |class| class.to_string())
        }
    };
    match present(stack_trace.get("module").and_then(Value::as_str)) {
        Some(module)
            if !class.is_empty() && !stack_trace.get("type").is_some_and(Value::is_null) =>
        {
            format!("{module}.{class}")
        }
        _ => class,
    }
}

/// `module.function(file)`, or as much of it as there is; `unknown` without module and function.
pub(crate) fn normalize_frame(frame: &Value) -> String {
    let member = |key| present(frame.get(key).and_then(Value::as_str));
    let method = match (member("module"), member("function")) {
        (Some(module), Some(function)) => format!("{module}.{function}"),
        (Some(either), None) | (None, Some(either)) => either.to_owned(),
        (None, None) => return "unknown".to_owned(),
    };
    match member("filename") {
        Some(file) => format!("{method}({file})"),
        None => method,
    }
}

/// Whether Python holds a JSON value for true.
pub(crate) fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        scalar => Scalar::from_json(scalar).is_some_and(|scalar| scalar.is_truthy()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn signature(stack_trace: &Value) -> String {
        signature_of_exception(&json!({"exception": {"values": [{"stacktrace": stack_trace}]}}))
            .signature
    }

    #[test]
    fn class_and_newest_frame_make_the_signature() {
        let frames = json!([{"module": "d.E", "function": "run", "filename": "E.kt"}, {"function": "older"}]);
        assert_eq!(
            signature(&json!({"module": "a.b", "type": "C", "frames": frames})),
            "a.b.C: at d.E.run(E.kt)"
        );
        assert_eq!(
            signature(&json!({"module": "a.b", "frames": []})),
            "a.b.Unknown"
        );
        assert_eq!(signature(&json!({"type": null, "module": "a"})), "None");
        assert_eq!(
            signature(&json!({"type": "C", "frames": [{"filename": "E.kt"}]})),
            "C: at unknown"
        );
    }

    #[test]
    fn anything_else_is_not_understood() {
        for stack_trace in [json!({}), json!(null), json!("x")] {
            assert_eq!(
                signature(&stack_trace),
                "EMPTY: Java exception not in expected format"
            );
        }
    }
}
