//! The stack of a Java exception.

use serde_json::{Map, Value};

use super::{NAME, VALUE};
use crate::words;

/// Lines that are shown.
const MOST_LINES: usize = 500;

/// The stack of a Java exception.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stack {
    /// Its lines, as Java prints them.
    pub lines: Vec<String>,
    /// How many more there are.
    pub left_out: usize,
}

impl Stack {
    /// From the text of the stack trace, or else from the exception as data.
    pub(super) fn of(crash: &Map<String, Value>) -> Option<Self> {
        let trace = crash.get("java_stack_trace").and_then(Value::as_str);
        let mut lines: Vec<String> = match trace.filter(|trace| !trace.is_empty()) {
            Some(trace) => trace
                .lines()
                .map(|line| words::line(&line.replace('\t', "    "), VALUE))
                .collect(),
            None => exceptions(crash),
        };
        let left_out = lines.len().saturating_sub(MOST_LINES);
        lines.truncate(MOST_LINES);
        (!lines.is_empty()).then_some(Self { lines, left_out })
    }
}

fn exceptions(crash: &Map<String, Value>) -> Vec<String> {
    let exceptions = crash
        .get("java_exception")
        .and_then(|exception| exception.get("exception")?.get("values")?.as_array());
    let stacks = exceptions
        .into_iter()
        .flatten()
        .filter_map(|value| value.get("stacktrace"));
    stacks
        .enumerate()
        .flat_map(|(index, stack)| lines(index, stack))
        .collect()
}

fn lines(index: usize, stack: &Value) -> Vec<String> {
    let text = |value: &Value, name: &str| {
        let text = value.get(name).and_then(Value::as_str);
        text.map(|text| words::line(text, NAME))
    };
    let class = [text(stack, "module"), text(stack, "type")];
    let class: Vec<String> = class.into_iter().flatten().collect();
    let message = text(stack, "value").map(|message| format!(": {message}"));
    let cause = if index == 0 { "" } else { "Caused by: " };
    let head = format!("{cause}{}{}", class.join("."), message.unwrap_or_default());
    let frames = stack.get("frames").and_then(Value::as_array);
    let frames = frames.into_iter().flatten().map(|frame| {
        let part = |name: &str| text(frame, name).unwrap_or_else(|| "unknown".to_owned());
        let line = frame.get("lineno").and_then(Value::as_u64);
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        format!(
            "    at {}.{}({}{line})",
            part("module"),
            part("function"),
            part("filename")
        )
    });
    std::iter::once(head).chain(frames).collect()
}
