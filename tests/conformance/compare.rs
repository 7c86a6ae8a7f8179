//! Comparing a result with a recorded one, special objects included.

use serde_json::{Number, Value};
use socorro::core::json::is_integer;

/// Where and how a value differs from the expected one.
pub(crate) fn difference(path: &str, expected: &Value, found: &Value) -> Option<String> {
    if let Some(matches) = special(expected, found) {
        return (!matches).then(|| format!("{path}: {found} does not match {expected}"));
    }
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let missing = expected.keys().find(|name| !found.contains_key(*name));
            if let Some(name) = missing {
                return Some(format!("{path}.{name} is missing"));
            }
            if let Some(name) = found.keys().find(|name| !expected.contains_key(*name)) {
                return Some(format!(
                    "{path}.{name} should not be there: {}",
                    found[name]
                ));
            }
            expected.iter().find_map(|(name, value)| {
                difference(&format!("{path}.{name}"), value, &found[name])
            })
        }
        (Value::Array(expected), Value::Array(found)) => {
            if expected.len() != found.len() {
                let (expected, found) = (Value::from(expected.clone()), Value::from(found.clone()));
                return Some(format!("{path}: expected {expected}, found {found}"));
            }
            let pairs = expected.iter().zip(found).enumerate();
            pairs.into_iter().find_map(|(index, (expected, found))| {
                difference(&format!("{path}[{index}]"), expected, found)
            })
        }
        (Value::Number(expected), Value::Number(found)) if same_number(expected, found) => None,
        _ if expected == found => None,
        _ => Some(format!("{path}: expected {expected}, found {found}")),
    }
}

/// Integers differ from floats; floats are compared by value.
fn same_number(expected: &Number, found: &Number) -> bool {
    match (is_integer(expected), is_integer(found)) {
        (true, true) => expected.as_str() == found.as_str(),
        (false, false) => expected.as_f64() == found.as_f64(),
        _ => false,
    }
}

/// Whether a value is what a special object asks for; `None` when `expected` is none.
fn special(expected: &Value, found: &Value) -> Option<bool> {
    let object = expected.as_object()?;
    if object.contains_key("$float") {
        // Never valid JSON output of ours.
        return Some(false);
    }
    let value = object
        .get("value")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let text = found.as_str().unwrap_or_default();
    match object.get("$match")?.as_str()? {
        "any" => Some(true),
        "prefix" => Some(text.starts_with(value)),
        "contains" => Some(text.contains(value)),
        "rule_failed" => {
            let rule = object
                .get("rule")
                .and_then(Value::as_str)
                .unwrap_or_default();
            Some(text.contains(rule) && text.contains("failed"))
        }
        _ => Some(false),
    }
}
