//! What macOS libraries say about the crash.

use serde_json::Value;
use socorro_core::json::{Form, is_truthy, to_string};

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Keeps what libraries of macOS said about the crash before it: the message of an abort, say.
///
/// As JSON text with sorted members, so that equal records are equal text. Source: Socorro
/// `MacCrashInfoRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct MacCrashInfo;

impl Rule for MacCrashInfo {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "MacCrashInfoRule",
            purpose: "keep what libraries of macOS said about the crash",
            reads: &[Item::Field("json_dump.mac_crash_info")],
            writes: &[Item::Field("mac_crash_info")],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        crash.processed.remove("mac_crash_info");
        let found = match crash.processed.lookup("json_dump.mac_crash_info") {
            Some(info) if is_truthy(info) => text(info),
            _ => Ok(None),
        };
        match found {
            Ok(Some(text)) => crash.processed.set("mac_crash_info", text),
            Ok(None) => {}
            Err((place, expected)) => crash.wrong_type(place, expected),
        }
        Ok(())
    }
}

/// The records as text, if there are any; or what is of the wrong type.
fn text(info: &Value) -> Result<Option<String>, (&'static str, &'static str)> {
    let Value::Object(members) = info else {
        return Err(("json_dump.mac_crash_info", "an object"));
    };
    let count = match members.get("num_records") {
        None => 0.0,
        Some(count) => count
            .as_f64()
            .ok_or(("json_dump.mac_crash_info.num_records", "a number"))?,
    };
    Ok((count > 0.0).then(|| to_string(info, Form::Collector)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{added, apply};
    use serde_json::json;

    fn dump(info: &Value) -> Value {
        json!({"json_dump": {"mac_crash_info": info}})
    }

    #[test]
    fn records_become_text_with_sorted_members() {
        let info = json!({"records": [{"module": "dyld", "message": "é"}], "num_records": 1});
        assert_eq!(
            added(MacCrashInfo, json!({}), dump(&info)),
            json!({"mac_crash_info": "{\"num_records\": 1, \"records\": [{\"message\": \"\\u00e9\", \"module\": \"dyld\"}]}"})
        );
    }

    #[test]
    fn without_records_an_earlier_text_goes() {
        for info in [json!(null), json!({}), json!({"num_records": 0})] {
            let crash = json!({"json_dump": {"mac_crash_info": info}, "mac_crash_info": "old"});
            let crash = apply(MacCrashInfo, json!({}), crash);
            assert!(!crash.processed.contains("mac_crash_info"));
            assert!(crash.notes().is_empty());
        }
    }

    #[test]
    fn wrong_types_are_noted() {
        for info in [json!("x"), json!([1]), json!({"num_records": null})] {
            assert_eq!(apply(MacCrashInfo, json!({}), dump(&info)).notes().len(), 1);
        }
    }
}
