//! What telemetry gets of a processed crash.
//!
//! Source: Socorro `socorro/external/crashstorage_base.py` (the reduction to a schema) and
//! `socorro/external/boto/crashstorage.py` (`TelemetryBotoS3CrashStorage`).

use std::sync::LazyLock;

use serde_json::{Map, Value};
use socorro_core::{
    ProcessedCrash,
    schema::{Field, Schema},
};

/// Fields that telemetry wants as text whatever they are: `true` as `1`, numbers in digits.
const AS_TEXT: [&str; 16] = [
    "accessibility",
    "available_physical_memory",
    "available_virtual_memory",
    "contains_memory_report",
    "dom_fission_enabled",
    "dom_ipc_enabled",
    "gmp_plugin",
    "graphics_startup_test",
    "ipc_system_error",
    "is_garbage_collecting",
    "oom_allocation_size",
    "safe_mode",
    "startup_crash",
    "submitted_from_infobar",
    "total_physical_memory",
    "total_virtual_memory",
];

/// Fields that telemetry knows by another name, which is the second.
const RENAMED: [(&str, &str); 5] = [
    ("build", "build_id"),
    ("date_processed", "date"),
    ("os_pretty_version", "platform_pretty_version"),
    ("os_name", "platform"),
    ("os_version", "platform_version"),
];

/// A crash report for telemetry.
#[derive(Debug, Clone, PartialEq)]
pub struct CrashReport {
    /// The report.
    pub document: Map<String, Value>,
    /// How many values were left out because their type is not the one of the schema. Mozilla's
    /// program loses the whole report then.
    pub wrongly_typed: usize,
}

/// The public part of a processed crash, as far as telemetry's schema has it.
///
/// ```
/// use socorro_core::ProcessedCrash;
/// use socorro_storage::telemetry::crash_report;
///
/// let crash = ProcessedCrash::from_json(
///     br#"{"signature": "f", "build": "20240701", "startup_crash": true, "url": "http://secret/"}"#,
/// )?;
/// let report = crash_report(&crash);
/// let report = serde_json::Value::Object(report.document);
/// let expected = serde_json::json!({"signature": "f", "build_id": "20240701", "startup_crash": "1"});
/// assert_eq!(report, expected);
/// # Ok::<(), socorro_core::Error>(())
/// ```
#[must_use]
pub fn crash_report(crash: &ProcessedCrash) -> CrashReport {
    let redacted = Schema::processed_crash().redact(crash.as_map());
    let mut public = redacted.document;
    for (ours, theirs) in RENAMED {
        if let Some(value) = public.get(ours).cloned() {
            public.insert(theirs.to_owned(), value);
        }
    }
    for name in AS_TEXT {
        if let Some(value) = public.get_mut(name) {
            as_text(value);
        }
    }
    let mut wrongly_typed = redacted.wrongly_typed;
    let document = members(&public, |name| schema().field(name), &mut wrongly_typed);
    CrashReport {
        document,
        wrongly_typed,
    }
}

#[expect(
    clippy::panic,
    reason = "the table is part of the program and every test of this module reads it"
)]
fn schema() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
        Schema::parse("telemetry", include_str!("../../data/telemetry.fields"))
            .unwrap_or_else(|error| panic!("{error}"))
    });
    &SCHEMA
}

fn as_text(value: &mut Value) {
    match value {
        Value::Bool(flag) => *value = Value::from(if *flag { "1" } else { "0" }),
        Value::Number(number) => *value = Value::from(number.to_string()),
        _ => {}
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
            && let Some(value) = reduced(value, field, wrongly_typed)
        {
            kept.insert(name.clone(), value);
        }
    }
    kept
}

/// The recursion ends with the table, not with the document.
fn reduced(value: &Value, field: &Field, wrongly_typed: &mut usize) -> Option<Value> {
    if !field.types().matches(value) {
        *wrongly_typed += 1;
        return None;
    }
    Some(match (value, field.item()) {
        (Value::Object(object), _) => {
            Value::Object(members(object, |name| field.member(name), wrongly_typed))
        }
        (Value::Array(items), Some(item)) => Value::Array(
            items
                .iter()
                .filter_map(|value| reduced(value, item, wrongly_typed))
                .collect(),
        ),
        (value, _) => value.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report(crash: &Value) -> CrashReport {
        crash_report(&ProcessedCrash::from(crash.as_object().unwrap().clone()))
    }

    #[test]
    fn every_field_that_is_treated_specially_is_one_of_telemetry() {
        assert_eq!(schema().fields().len(), 84);
        for name in AS_TEXT.into_iter().chain(RENAMED.map(|(_, theirs)| theirs)) {
            assert!(schema().field(name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_type_costs_itself_only() {
        let report = report(&json!({
            "uuid": "x",
            "uptime": "5",
            "json_dump": {"pid": "1", "status": "OK", "modules": [{"filename": 1, "version": "2"}]},
        }));
        assert_eq!(report.wrongly_typed, 3);
        let expected =
            json!({"uuid": "x", "json_dump": {"status": "OK", "modules": [{"version": "2"}]}});
        assert_eq!(Value::Object(report.document), expected);
    }

    #[test]
    fn nothing_protected_gets_through() {
        let report = report(&json!({
            "user_comments": "private",
            "url": "private",
            "submitted_from_infobar": true,
            "memory_report": {"version": 1},
        }));
        assert_eq!(report.document, Map::new());
    }
}
