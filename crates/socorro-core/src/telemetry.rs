//! The telemetry copy: the small public report that is made of a processed crash.
//!
//! First the processed crash is reduced to what everybody may see, then to the fields of
//! [`Schema::telemetry`], some of which are converted to text and some of which go by another
//! name. Source: Socorro `socorro/external/boto/crashstorage.py`, telemetry crash storage, and its
//! schema.
//!
//! ```
//! use socorro_core::{ProcessedCrash, telemetry};
//!
//! let crash = ProcessedCrash::from_json(
//!     br#"{"os_name": "Linux", "startup_crash": true, "url": "http://secret/"}"#,
//! )?;
//! let report = telemetry::crash_report(&crash);
//! assert_eq!(report.to_json(), br#"{"platform": "Linux", "startup_crash": "1"}"#);
//! # Ok::<(), socorro_core::Error>(())
//! ```

use serde_json::{Map, Value};

use crate::{
    ProcessedCrash,
    json::{self, Form},
    schema::{Field, Schema, Type},
};

/// A report for telemetry.
#[derive(Debug, Clone, PartialEq)]
pub struct CrashReport {
    /// The report, in the order of the schema.
    pub document: Map<String, Value>,
    /// How many values were dropped because their type is not the one of a schema. Socorro gives
    /// up such reports altogether.
    pub wrongly_typed: usize,
}

impl CrashReport {
    /// The bytes to store, in the form of Mozilla's programs.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        json::to_vec(&self.document, Form::Processor)
    }
}

/// Makes the report of a processed crash.
#[must_use]
pub fn crash_report(crash: &ProcessedCrash) -> CrashReport {
    let public = Schema::processed_crash().redact(crash.as_map());
    let mut wrongly_typed = public.wrongly_typed;
    let fields = Schema::telemetry().fields();
    let document = members(&public.document, fields, &mut wrongly_typed);
    CrashReport {
        document,
        wrongly_typed,
    }
}

fn members(
    object: &Map<String, Value>,
    fields: &[Field],
    wrongly_typed: &mut usize,
) -> Map<String, Value> {
    let mut kept = Map::new();
    for field in fields {
        let renamed = field.renamed_from().and_then(|name| object.get(name));
        let value = renamed.or_else(|| object.get(field.name()));
        if let Some(value) = value.and_then(|value| reduced(value, field, wrongly_typed)) {
            kept.insert(field.name().to_owned(), value);
        }
    }
    kept
}

fn reduced(value: &Value, field: &Field, wrongly_typed: &mut usize) -> Option<Value> {
    let converted = match (field.written_as(), value) {
        (Some(Type::String), Value::Bool(value)) => Some(if *value { "1" } else { "0" }.into()),
        // The writer knows how Python writes numbers.
        (Some(Type::String), Value::Number(_)) => {
            Some(Value::String(json::to_string(value, Form::Processor)))
        }
        _ => None,
    };
    if converted.is_some() {
        return converted;
    }
    if !field.types().matches(value) {
        *wrongly_typed += 1;
        return None;
    }
    Some(match (value, field.item()) {
        (Value::Object(object), _) => {
            Value::Object(members(object, field.members(), wrongly_typed))
        }
        (Value::Array(items), Some(item_field)) => items
            .iter()
            .filter_map(|item| reduced(item, item_field, wrongly_typed))
            .collect(),
        _ => value.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report(crash: Value) -> CrashReport {
        let Value::Object(fields) = crash else {
            panic!("an object")
        };
        crash_report(&ProcessedCrash::from(fields))
    }

    #[test]
    fn one_bad_value_costs_its_field_only() {
        let report = report(json!({
            "uptime": "5",
            "version": null,
            "product": "Firefox",
            "json_dump": {"pid": "7", "thread_count": 2},
        }));
        assert_eq!(report.wrongly_typed, 3);
        assert_eq!(
            Value::Object(report.document),
            json!({"product": "Firefox", "json_dump": {"thread_count": 2}})
        );
    }

    #[test]
    fn nothing_private_and_nothing_unknown_is_in_it() {
        let report = report(json!({
            "url": "private",
            "user_comments": "private",
            "submitted_from_infobar": true,
            "memory_report": {"version": 1},
            "unknown": 1,
            "json_dump": {"unknown": 1, "threads": [{"frames": [{"frame": 0, "registers": {"rip": "0x1"}}]}]},
        }));
        assert_eq!(report.wrongly_typed, 0);
        assert_eq!(
            Value::Object(report.document),
            json!({"json_dump": {"threads": [{"frames": [{"frame": 0}]}]}})
        );
    }

    #[test]
    fn every_renamed_field_has_a_public_origin() {
        let renamed = Schema::telemetry().fields().iter();
        let origins: Vec<_> = renamed.filter_map(Field::renamed_from).collect();
        assert_eq!(origins.len(), 5);
        for origin in origins {
            let field = Schema::processed_crash().field(origin).expect(origin);
            assert_eq!(field.permission(), crate::schema::Permission::Public);
        }
    }
}
