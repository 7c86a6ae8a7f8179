//! Checking a document, or one value, against the schema.

use std::fmt;

use serde_json::{Map, Value};

use super::{Field, Schema};
use crate::json;

/// One value that is not what the schema says. It names types only, never the value, which may be
/// private.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where: member names joined by dots, `[3]` for items of arrays.
    pub path: String,
    /// The types the schema allows.
    pub expected: String,
    /// The type that is there.
    pub found: &'static str,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            expected,
            found,
        } = self;
        write!(f, "{path}: expected {expected}, found {found}")
    }
}

impl Schema {
    /// All values of a document whose type is not the one of the schema. Nothing is required to be
    /// there, and members that the schema does not know are skipped.
    #[must_use]
    pub fn validate(&self, document: &Map<String, Value>) -> Vec<Violation> {
        self.validate_up_to(document, usize::MAX)
    }

    /// The first so many of what [`Schema::validate`] finds. A hostile document can have one in
    /// every few bytes.
    #[must_use]
    pub fn validate_up_to(&self, document: &Map<String, Value>, limit: usize) -> Vec<Violation> {
        let mut violations = Violations::up_to(limit);
        for (name, value) in document {
            if let Some(field) = self.field(name) {
                violations.check(value, field, name.clone());
            }
        }
        violations.found
    }
}

impl Field {
    /// All places in a value, from the field itself down, whose type is not the one of the schema.
    #[must_use]
    pub fn validate(&self, value: &Value) -> Vec<Violation> {
        let mut violations = Violations::up_to(usize::MAX);
        violations.check(value, self, self.name().to_owned());
        violations.found
    }

    /// The first of what [`Field::validate`] finds, without looking for others.
    #[must_use]
    pub fn first_violation(&self, value: &Value) -> Option<Violation> {
        let mut violations = Violations::up_to(1);
        violations.check(value, self, self.name().to_owned());
        violations.found.pop()
    }
}

/// What has been found so far.
struct Violations {
    found: Vec<Violation>,
    limit: usize,
}

impl Violations {
    fn up_to(limit: usize) -> Self {
        Self {
            found: Vec::new(),
            limit,
        }
    }

    fn check(&mut self, value: &Value, field: &Field, path: String) {
        if field.types().is_any() || self.found.len() >= self.limit {
            return;
        }
        if !field.types().matches(value) {
            let found = match value {
                Value::Number(number) if json::is_integer(number) => "integer",
                other => json::type_name(other),
            };
            self.found.push(Violation {
                path,
                expected: field.types().to_string(),
                found,
            });
            return;
        }
        match value {
            Value::Array(items) => {
                if let Some(item_field) = field.item() {
                    for (index, item) in items.iter().enumerate() {
                        self.check(item, item_field, format!("{path}[{index}]"));
                    }
                }
            }
            Value::Object(object) => {
                for (name, value) in object {
                    if let Some(member) = field.member(name) {
                        self.check(value, member, format!("{path}.{name}"));
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_violation_is_listed_with_its_path() {
        let document = json!({
            "uptime": "5",
            "unknown": {},
            "json_dump": {"threads": [{"frames": [{"frame": 0}, {"frame": 1.0}]}]},
        });
        let found: Vec<_> = Schema::processed_crash()
            .validate(document.as_object().unwrap())
            .iter()
            .map(Violation::to_string)
            .collect();
        assert_eq!(
            found,
            [
                "uptime: expected integer, found string",
                "json_dump.threads[0].frames[1].frame: expected integer|null, found number",
            ]
        );
    }

    #[test]
    fn looking_ends_when_enough_is_found() {
        let document = json!({"addons": [1, 2, 3]});
        let schema = Schema::processed_crash();
        let found = |limit| schema.validate_up_to(document.as_object().unwrap(), limit);
        assert_eq!(found(2).len(), 2);
        assert_eq!(found(9).len(), 3);
        let addons = schema.field("addons").unwrap();
        let first = addons.first_violation(&document["addons"]).unwrap();
        assert_eq!(first.path, "addons[0]");
        assert_eq!(addons.first_violation(&json!([])), None);
    }
}
