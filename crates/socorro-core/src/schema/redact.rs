//! Reducing a document to what a reader may see.

use serde_json::{Map, Value};

use super::{Field, Permission, Schema};

/// A document without the fields that its reader may not see.
#[derive(Debug, Clone, PartialEq)]
pub struct Redacted {
    /// What is left.
    pub document: Map<String, Value>,
    /// How many values were dropped because their type is not the one of the schema, which may
    /// hide something private. Mozilla's web application refuses such documents altogether.
    pub wrongly_typed: usize,
}

impl Schema {
    /// The public part of a document: fields with public permission, at every level. Fields that
    /// the schema does not know count as protected.
    ///
    /// ```
    /// use socorro_core::{RawCrash, schema::Schema};
    ///
    /// let crash = RawCrash::from_json(br#"{"ProductName": "Firefox", "URL": "http://secret/"}"#)?;
    /// let public = Schema::raw_crash().redact(crash.as_map());
    /// assert_eq!(public.document.keys().collect::<Vec<_>>(), ["ProductName"]);
    /// # Ok::<(), socorro_core::Error>(())
    /// ```
    #[must_use]
    pub fn redact(&self, document: &Map<String, Value>) -> Redacted {
        let mut wrongly_typed = 0;
        let document = members(document, |name| self.field(name), &mut wrongly_typed);
        Redacted {
            document,
            wrongly_typed,
        }
    }
}

fn members<'a>(
    object: &Map<String, Value>,
    field: impl Fn(&str) -> Option<&'a Field>,
    wrongly_typed: &mut usize,
) -> Map<String, Value> {
    let mut kept = Map::new();
    for (name, value) in object {
        if let Some(field) = field(name)
            && let Some(value) = redacted(value, field, wrongly_typed)
        {
            kept.insert(name.clone(), value);
        }
    }
    kept
}

fn redacted(value: &Value, field: &Field, wrongly_typed: &mut usize) -> Option<Value> {
    if field.permission() == Permission::Protected {
        return None;
    }
    if !field.types().matches(value) {
        *wrongly_typed += 1;
        return None;
    }
    if field.types().is_any() {
        return Some(value.clone());
    }
    Some(match value {
        Value::Object(object) => {
            Value::Object(members(object, |name| field.member(name), wrongly_typed))
        }
        Value::Array(items) => Value::Array(
            items
                .iter()
                .filter_map(|item| redacted(item, field.item()?, wrongly_typed))
                .collect(),
        ),
        scalar => scalar.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn protection_holds_at_every_level_and_wrong_types_are_dropped() {
        let document = json!({
            "uuid": "x",
            "uptime": "5",
            "unknown": 1,
            "user_comments": "private",
            "json_dump": {"threads": [{"frames": [{"frame": 0, "registers": {"rip": "0x1"}}]}]},
        });
        let public = Schema::processed_crash().redact(document.as_object().unwrap());
        assert_eq!(public.wrongly_typed, 1);
        assert_eq!(
            Value::Object(public.document),
            json!({"uuid": "x", "json_dump": {"threads": [{"frames": [{"frame": 0}]}]}})
        );
    }
}
