//! JSON as crash storage holds it: a tolerant reader, the written forms, and small helpers.
//!
//! Values are [`serde_json::Value`] with object order kept and with integers of any size kept
//! digit by digit. Stored documents come from several programs (Mozilla's collector and processor
//! in Python, older tools), so reading accepts what those write, and writing gives the very bytes
//! they would have written.

mod read;
mod text;
mod write;

pub use read::{DEFAULT_LIMIT, MAX_DEPTH, parse, read, read_object};
pub use text::{escape_ascii, float_text};
pub use write::{Form, to_string, to_vec};

use serde_json::{Map, Value};

/// The value at a dotted path: members of objects by name, items of arrays by index (negative
/// indexes count from the end).
///
/// `None` when a step does not exist or leads into something that is no container; a `null` at the
/// end of the path is `Some(Null)`. This is Socorro's `glom`-style lookup.
///
/// ```
/// use serde_json::json;
/// use socorro_core::json::lookup;
///
/// let crash = json!({"threads": [{"frames": [1, 2]}]});
/// assert_eq!(lookup(&crash, "threads.0.frames.-1"), Some(&json!(2)));
/// assert_eq!(lookup(&crash, "threads.7.frames"), None);
/// ```
#[must_use]
pub fn lookup<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, step)
}

/// [`lookup`] that starts in an object.
#[must_use]
pub fn lookup_in<'a>(object: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let (first, rest) = path
        .split_once('.')
        .map_or((path, None), |(first, rest)| (first, Some(rest)));
    let value = object.get(first)?;
    rest.map_or(Some(value), |rest| lookup(value, rest))
}

fn step<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Object(object) => object.get(key),
        Value::Array(items) => {
            let index: i64 = key.parse().ok()?;
            let from_start = if index < 0 {
                index.checked_add_unsigned(items.len() as u64)?
            } else {
                index
            };
            items.get(usize::try_from(from_start).ok()?)
        }
        _ => None,
    }
}

/// Whether Python would take the value for true: everything but `null`, `false`, zero and the
/// empty text, array and object.
#[must_use]
pub fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// The name of a value's JSON type, for messages.
#[must_use]
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Whether a number is written without fraction and exponent.
#[must_use]
pub fn is_integer(number: &serde_json::Number) -> bool {
    !number.as_str().contains(['.', 'e', 'E'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_null_at_the_end_of_a_path_is_found_and_one_inside_is_not() {
        let value = json!({"a": {"b": null}, "c": [1]});
        assert_eq!(lookup(&value, "a.b"), Some(&Value::Null));
        assert_eq!(lookup(&value, "a.b.c"), None);
        assert_eq!(lookup(&value, "c.-1"), Some(&json!(1)));
        assert_eq!(lookup(&value, "c.-2"), None);
        assert_eq!(lookup(&value, "c.x"), None);
        assert_eq!(
            lookup_in(value.as_object().unwrap(), "c.0"),
            Some(&json!(1))
        );
    }

    #[test]
    fn integers_are_told_from_floats_by_their_text() {
        let number = |text: &str| serde_json::from_str::<serde_json::Number>(text).unwrap();
        assert!(is_integer(&number("18446744073709551616")));
        assert!(!is_integer(&number("1.0")));
        assert!(!is_integer(&number("1e3")));
    }
}
