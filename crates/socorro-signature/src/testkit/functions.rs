//! Cases of single building blocks.

use std::ops::Range;

use serde_json::{Value, json};

use super::Outcome;
use super::compare::compare;
use super::pipeline::member;
use crate::crash_data::integer_or_null;
use crate::events::Event;
use crate::native::combine_frames;
use crate::result::ToolOutcome;
use crate::{CrashData, Grouping, JavaStackTrace, Scalar, SignatureLists, frames, java, python};

/// Runs one function and compares what it gives, or that it gives nothing where upstream raises an error.
pub(super) fn run(lists: &SignatureLists, case: &Value) -> Result<Outcome, String> {
    let arguments = member(case, "args")?
        .as_array()
        .ok_or("the arguments are no list")?;
    let argument = |position: usize| arguments.get(position).unwrap_or(&Value::Null);
    let text = |position: usize| argument(position).as_str().unwrap_or_default();
    let found = match member(case, "fn")?.as_str().unwrap_or_default() {
        "collapse_types" => json!(frames::collapse_types(text(0))),
        "collapse_arguments" => json!(frames::collapse_arguments(text(0))),
        "drop_prefix_and_return_type" => json!(frames::drop_prefix_and_return_type(text(0))),
        "find_enclosed_slices" => enclosed_slices(text(0), text(1), text(2))?,
        "normalize_cpp_function" => {
            let line = Scalar::from_json(argument(1));
            json!(
                frames::normalize_cpp_function(text(0), line.as_ref(), lists.with_line_numbers())
                    .ok()
                    .map(|name| name.text)
            )
        }
        "normalize_rust_function" => {
            let line = Scalar::from_json(argument(1));
            json!(
                frames::normalize_rust_function(text(0), line.as_ref(), lists.with_line_numbers())
                    .ok()
                    .map(|name| name.text)
            )
        }
        "normalize_frame" => {
            json!(stack_names(&json!({"frames": [argument(0)]}), false, lists)?.first())
        }
        "create_frame_list" => {
            let lower_case = argument(1).as_bool().unwrap_or_default();
            json!(stack_names(argument(0), lower_case, lists)?)
        }
        "c_generate" => generate_native(argument(0), argument(1), lists),
        "fix_missing_module" => fix_missing_module(argument(0)),
        "parse_source_file" => json!(frames::parse_source_file(text(0))),
        "strip_leading_zeros" => match argument(0) {
            Value::String(digits) => {
                json!(frames::strip_leading_zeros(&Scalar::from(digits.as_str())))
            }
            other => other.clone(),
        },
        "drop_bad_characters" => json!(python::text::printable_ascii(text(0))),
        "int_or_none" => integer_or_null(arguments.first()),
        "get_crashing_thread" => {
            integer(CrashData::from_json(argument(0)).crashing_thread_number())
        }
        "java_generate" => tool_result(&java::signature_of_stack_trace(text(0))),
        "java_exception_generate" => tool_result(&java::signature_of_exception(argument(0))),
        "java_exception_normalize_frame" => json!(java::normalize_frame(argument(0))),
        "sanitize_java_stack_trace" => sanitize(text(0)),
        "parse_crashid" | "is_crash_id_valid" => {
            return Ok(Outcome::Elsewhere("crash ids are read by socorro-core"));
        }
        other => return Err(format!("unknown function {other}")),
    };
    let expected = case.get("expected").unwrap_or(&Value::Null);
    Ok(Outcome::from_comparison(compare(
        "result", &found, expected,
    )))
}

/// Ranges in characters, as upstream counts them.
fn enclosed_slices(text: &str, open: &str, close: &str) -> Result<Value, String> {
    let (&[open], &[close]) = (open.as_bytes(), close.as_bytes()) else {
        return Err("delimiters must be one ASCII character".to_owned());
    };
    let ranges: Vec<Range<usize>> = frames::enclosed_slices(text, open, close).collect();
    let characters = |end: usize| text[..end].chars().count();
    let slices: Vec<_> = ranges
        .iter()
        .map(|range| [characters(range.start), characters(range.end)])
        .collect();
    let substrings: Vec<_> = ranges.iter().map(|range| &text[range.clone()]).collect();
    Ok(json!({"slices": slices, "substrings": substrings}))
}

fn stack_names(
    thread: &Value,
    lower_case: bool,
    lists: &SignatureLists,
) -> Result<Vec<String>, String> {
    let crash = json!({"threads": [thread]});
    let crash = CrashData::from_json(&crash);
    let thread = crash.crashed_thread().ok_or("the case has no thread")?;
    let normalizer = frames::Normalizer {
        lower_case_modules: lower_case,
        grouping: Grouping::Compatible,
        with_line_numbers: lists.with_line_numbers(),
        cache: None,
    };
    let names = normalizer
        .stack_names(thread)
        .map_err(|error| error.to_string())?;
    Ok(names.iter().map(|name| name.text().to_string()).collect())
}

fn generate_native(names: &Value, crashing_thread: &Value, lists: &SignatureLists) -> Value {
    let names: Vec<_> = names
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(frames::FrameName::new)
        .collect();
    let mut outcome = combine_frames(&names, crashing_thread.as_i64().map(i128::from), lists);
    if let Some(first) = outcome.events.first_mut() {
        *first = Event::Lists("included signature lists".into());
    }
    tool_result(&outcome)
}

fn tool_result(outcome: &ToolOutcome) -> Value {
    let lines = outcome.events.iter().filter_map(Event::line);
    let lines: Vec<_> = lines.map(|line| line.to_string()).collect();
    json!({"signature": outcome.signature, "notes": outcome.notes, "debug_notes": lines})
}

fn fix_missing_module(frame: &Value) -> Value {
    let mut fixed = frame.clone();
    let file = frame.get("file").and_then(Value::as_str);
    let function = frame
        .get("function")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let path = file.and_then(frames::parse_source_file);
    if let Some(full) = frames::function_with_module(path, function) {
        fixed["function"] = json!(full);
    }
    fixed
}

fn sanitize(text: &str) -> Value {
    match JavaStackTrace::parse(text) {
        Ok(trace) => json!({
            "class": trace.class,
            "message": trace.message,
            "stack": trace.stack,
            "additional": trace.additional,
            "public": trace.public_text(),
        }),
        Err(_) => json!("malformed"),
    }
}

fn integer(value: i128) -> Value {
    serde_json::Number::from_i128(value).map_or(Value::Null, Value::Number)
}
