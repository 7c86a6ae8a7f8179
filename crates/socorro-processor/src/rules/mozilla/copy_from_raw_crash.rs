//! Annotations that become fields.

use serde_json::Value;
use socorro_core::{
    json,
    schema::{Field, Schema, Type},
};

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
    values::{as_boolean, as_float, as_integer, strip_end},
};

/// Copies annotations into fields of the right type: numbers are numbers, flags are flags, JSON
/// text is checked and becomes an object.
///
/// Which annotation becomes which field is data: the rows of the schema with a `from=`, in their
/// order. A value that does not fit leaves a note and its field alone; the other rows go on. Notes
/// do not repeat the value, which may be private. Source: Socorro `CopyFromRawCrashRule`, which
/// gives up at the first value of a wrong JSON type.
#[derive(Debug, Clone, Copy, Default)]
pub struct CopyFromRawCrash;

impl Rule for CopyFromRawCrash {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "CopyFromRawCrashRule",
            purpose: "copy annotations into fields of the right type",
            reads: &[Item::Annotations],
            writes: &[Item::CopiedFields],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        for field in Schema::processed_crash().fields() {
            let Some(annotation) = field.source_annotation() else {
                continue;
            };
            match crash.raw.get(annotation) {
                None => {
                    if let Some(default) = field.default() {
                        crash.processed.set(field.name(), default.clone());
                    }
                }
                Some(value) => match converted(value, field) {
                    Ok(value) => crash.processed.set(field.name(), value),
                    Err(problem) => crash.note(format!("{annotation} {problem}")),
                },
            }
        }
        Ok(())
    }
}

/// The value of a field for the value of an annotation, or what is wrong with it.
fn converted(value: &Value, field: &Field) -> Result<Value, String> {
    match field.types().main() {
        Type::Boolean => as_boolean(value)
            .map(Value::Bool)
            .ok_or("has non-boolean value".to_owned()),
        Type::Integer => as_integer(value)
            .map(Value::Number)
            .ok_or("has a non-int value".to_owned()),
        Type::Number => as_float(value)
            .map(Value::Number)
            .ok_or("has a non-float value".to_owned()),
        Type::Object | Type::Array => structure(text(value)?, field),
        _ => Ok(Value::String(strip_end(text(value)?).to_owned())),
    }
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or("has a non-string value".to_owned())
}

/// Reads JSON text and checks it against the rows below the field.
fn structure(text: &str, field: &Field) -> Result<Value, String> {
    let value = json::parse(text).map_err(|_| "value is malformed json".to_owned())?;
    if field.first_violation(&value).is_none() {
        Ok(value)
    } else {
        Err(format!("value is malformed {}", field.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{after, apply};
    use serde_json::json;

    #[test]
    fn values_take_the_type_of_their_field() {
        let fields = after(
            CopyFromRawCrash,
            json!({
                "ProductName": "Firefox \n",
                "TotalPhysicalMemory": " 42",
                "UptimeTS": "10",
                "StartupCrash": "1",
                "TelemetryEnvironment": "{\"build\": {}, \"unknown\": 1}",
            }),
        );
        assert_eq!(
            fields,
            json!({
                "product": "Firefox",
                "total_physical_memory": 42,
                "uptime_ts": 10.0,
                "startup_crash": true,
                "telemetry_environment": {"build": {}, "unknown": 1},
                "marionette": false,
                "remote_agent": false,
            })
        );
    }

    #[test]
    fn bad_values_are_noted_without_the_value_and_the_rest_goes_on() {
        let crash = apply(
            CopyFromRawCrash,
            json!({
                "AvailablePageFile": "secret",
                "StartupCrash": "secret",
                "UptimeTS": "nan",
                "JavaException": "{",
                "TelemetryEnvironment": "{\"build\": 1}",
                "AdapterDeviceID": 5,
                "Version": "1.0",
            }),
            json!({}),
        );
        let mut notes = crash.notes().to_vec();
        notes.sort();
        assert_eq!(
            notes,
            [
                "AdapterDeviceID has a non-string value",
                "AvailablePageFile has a non-int value",
                "JavaException value is malformed json",
                "StartupCrash has non-boolean value",
                "TelemetryEnvironment value is malformed telemetry_environment",
                "UptimeTS has a non-float value",
            ]
        );
        assert_eq!(crash.processed.text("version"), Some("1.0"));
    }
}
