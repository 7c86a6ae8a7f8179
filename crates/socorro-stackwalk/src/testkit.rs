//! Comparison of stackwalk documents and of symbols, and walkers that fail when told to, for tests.

#[cfg(all(unix, feature = "pool"))]
mod faults;
mod same_symbols;

use serde_json::{Map, Value};

use crate::walker::{WalkOutcome, WalkOutput};

#[cfg(all(unix, feature = "pool"))]
pub use faults::{Fault, serve_with_faults};
pub use same_symbols::SameSymbols;

/// Symbols against those of the reference.
pub mod symbols {
    pub use crate::symbols::reference::{
        Answer, addresses, difference, fill_symbol, holds_for_index, look_up, sound_index,
        walk_frame,
    };
}

/// Whether the outcome is one that the walk of any bytes may have: a document, or an error with a name. A panic in
/// code of others is one, too: it was caught.
pub fn is_orderly(outcome: &WalkOutcome) -> bool {
    match outcome.exit_code {
        WalkOutcome::GOOD => matches!(outcome.output, WalkOutput::Json(_)),
        WalkOutcome::BAD_DUMP | WalkOutcome::PANICKED => outcome
            .log
            .as_deref()
            .unwrap_or_default()
            .starts_with("ERROR "),
        _ => false,
    }
}

/// Longest part of a value shown in a difference.
const SHOWN: usize = 120;

/// Lists where a stackwalk document differs from the one expected, as `path: value instead of value`. Empty if equal.
///
/// Not compared are `modules[].symbol_url`, which tells where symbols came from, and the order of `proc_limits.limits`,
/// which the reference program leaves to chance. Object order never matters. Integers and floats differ.
///
/// ```
/// use serde_json::json;
/// use socorro_stackwalk::testkit::differences;
///
/// let expected = json!({"status": "OK", "modules": [{"symbol_url": null, "loaded_symbols": true}]});
/// let actual = json!({"status": "OK", "modules": [{"symbol_url": "http://x/", "loaded_symbols": false}]});
/// assert_eq!(differences(&actual, &expected), ["modules[0].loaded_symbols: false instead of true"]);
/// ```
pub fn differences(actual: &Value, expected: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", &comparable(actual), &comparable(expected), &mut found);
    found
}

/// The document without what is not compared.
fn comparable(document: &Value) -> Value {
    let mut document = document.clone();
    if let Some(Value::Array(modules)) = document.get_mut("modules") {
        for module in modules.iter_mut().filter_map(Value::as_object_mut) {
            module.shift_remove("symbol_url");
        }
    }
    if let Some(Value::Array(limits)) = document.pointer_mut("/proc_limits/limits") {
        let name = |limit: &Value| {
            limit
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        limits.sort_by_key(name);
    }
    document
}

fn compare(path: &str, actual: &Value, expected: &Value, found: &mut Vec<String>) {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => {
            compare_objects(path, actual, expected, found);
        }
        (Value::Array(actual), Value::Array(expected)) => {
            if actual.len() != expected.len() {
                found.push(format!(
                    "{path}: {} elements instead of {}",
                    actual.len(),
                    expected.len()
                ));
            }
            for (index, (actual, expected)) in actual.iter().zip(expected).enumerate() {
                compare(&format!("{path}[{index}]"), actual, expected, found);
            }
        }
        _ if same_scalar(actual, expected) => {}
        _ => found.push(format!(
            "{path}: {} instead of {}",
            shown(actual),
            shown(expected)
        )),
    }
}

fn compare_objects(
    path: &str,
    actual: &Map<String, Value>,
    expected: &Map<String, Value>,
    found: &mut Vec<String>,
) {
    let member = |key: &str| {
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        }
    };
    for (key, expected) in expected {
        match actual.get(key) {
            Some(actual) => compare(&member(key), actual, expected, found),
            None => found.push(format!(
                "{}: absent instead of {}",
                member(key),
                shown(expected)
            )),
        }
    }
    for (key, actual) in actual
        .iter()
        .filter(|(key, _)| !expected.contains_key(*key))
    {
        found.push(format!(
            "{}: {} instead of absent",
            member(key),
            shown(actual)
        ));
    }
}

/// Numbers keep their text, so equal floats may be written differently.
fn same_scalar(actual: &Value, expected: &Value) -> bool {
    match (actual, expected) {
        (Value::Number(actual), Value::Number(expected))
            if actual.is_f64() && expected.is_f64() =>
        {
            actual.as_f64() == expected.as_f64()
        }
        _ => actual == expected,
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_left_to_chance_is_not_compared() {
        let limits = |names: [&str; 2]| json!({"proc_limits": {"limits": names.map(|name| json!({"name": name}))}});
        assert!(differences(&limits(["a", "b"]), &limits(["b", "a"])).is_empty());
    }

    #[test]
    fn differences_name_their_place() {
        let expected = json!({"threads": [{"frames": [1, 2]}], "pid": 1});
        let actual = json!({"threads": [{"frames": [1.0]}], "extra": null});
        let found = differences(&actual, &expected);
        assert_eq!(
            found,
            [
                "threads[0].frames: 1 elements instead of 2",
                "threads[0].frames[0]: 1.0 instead of 1",
                "pid: absent instead of 1",
                "extra: null instead of absent"
            ]
        );
    }
}
