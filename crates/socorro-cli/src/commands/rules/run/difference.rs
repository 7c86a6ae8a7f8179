//! What a rule changed.

use serde_json::{Map, Value};
use socorro_processor::Crash;

/// What a rule or ruleset changed about a crash.
#[derive(Debug, PartialEq)]
pub(super) struct Difference {
    pub(super) raw: Vec<Change>,
    pub(super) processed: Vec<Change>,
    /// The notes it left.
    pub(super) notes: Vec<String>,
}

/// A place that has another value now.
#[derive(Debug, PartialEq)]
pub(super) struct Change {
    /// Names joined by dots, `[3]` for items of arrays.
    pub(super) path: String,
    /// The value before; `None` when there was none.
    pub(super) before: Option<Value>,
    /// The value now; `None` when there is none.
    pub(super) after: Option<Value>,
}

impl Difference {
    pub(super) fn between(before: &Crash, after: &Crash) -> Self {
        Self {
            raw: changes(before.raw.as_map(), after.raw.as_map()),
            processed: changes(before.processed.as_map(), after.processed.as_map()),
            notes: after.notes()[before.notes().len()..].to_vec(),
        }
    }
}

fn changes(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Change> {
    let mut changes = Vec::new();
    compare_members(before, after, "", &mut changes);
    changes
}

fn compare_members(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    path: &str,
    changes: &mut Vec<Change>,
) {
    let dot = if path.is_empty() { "" } else { "." };
    for (name, value) in before {
        let path = format!("{path}{dot}{name}");
        match after.get(name) {
            Some(other) => compare(value, other, path, changes),
            None => changes.push(Change {
                path,
                before: Some(value.clone()),
                after: None,
            }),
        }
    }
    for (name, value) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        changes.push(Change {
            path: format!("{path}{dot}{name}"),
            before: None,
            after: Some(value.clone()),
        });
    }
}

/// Goes down to the places that differ. Of an array that grew or shrank, the whole is the place.
fn compare(before: &Value, after: &Value, path: String, changes: &mut Vec<Change>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            compare_members(before, after, &path, changes);
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (index, (before, after)) in before.iter().zip(after).enumerate() {
                compare(before, after, format!("{path}[{index}]"), changes);
            }
        }
        (before, after) if before != after => changes.push(Change {
            path,
            before: Some(before.clone()),
            after: Some(after.clone()),
        }),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_places_that_differ_are_found() {
        let before = json!({"same": {"a": 1}, "gone": 1, "deep": [{"a": 1, "b": 2}], "list": [1]});
        let after =
            json!({"same": {"a": 1}, "deep": [{"a": 1, "b": 3}], "list": [1, 2], "new": null});
        let found = changes(before.as_object().unwrap(), after.as_object().unwrap());
        let change = |path: &str, before: Option<Value>, after: Option<Value>| Change {
            path: path.to_owned(),
            before,
            after,
        };
        assert_eq!(
            found,
            [
                change("gone", Some(json!(1)), None),
                change("deep[0].b", Some(json!(2)), Some(json!(3))),
                change("list", Some(json!([1])), Some(json!([1, 2]))),
                change("new", None, Some(json!(null))),
            ]
        );
    }
}
