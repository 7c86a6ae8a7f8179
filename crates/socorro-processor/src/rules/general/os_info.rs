//! The operating system of the machine that crashed.

use serde_json::Value;

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
    values::strip,
};

/// Says on what operating system the crash happened.
///
/// Source: Socorro `OSInfoRule`; where upstream fails on a value that is not text, this takes it
/// as absent.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsInfo;

impl Rule for OsInfo {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "OSInfoRule",
            purpose: "name the operating system and its version",
            reads: &[Item::Field("json_dump.system_info")],
            writes: &[Item::Field("os_name"), Item::Field("os_version")],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        for (name, place, absent) in [
            ("os_name", "json_dump.system_info.os", "Unknown"),
            ("os_version", "json_dump.system_info.os_ver", ""),
        ] {
            let value = match crash.processed.lookup(place) {
                Some(Value::String(text)) => strip(text).to_owned(),
                None => absent.to_owned(),
                Some(_) => {
                    crash.wrong_type(place, "text");
                    absent.to_owned()
                }
            };
            crash.processed.set(name, value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{added, apply};
    use serde_json::json;

    #[test]
    fn name_and_version_are_trimmed() {
        let dump = json!({"json_dump": {"system_info": {"os": " Linux ", "os_ver": "6.1\u{1f}"}}});
        assert_eq!(
            added(OsInfo, json!({}), dump),
            json!({"os_name": "Linux", "os_version": "6.1"})
        );
    }

    #[test]
    fn a_value_that_is_not_text_is_absent_and_noted() {
        let dump = json!({"json_dump": {"system_info": {"os": null, "os_ver": 5}}});
        let crash = apply(OsInfo, json!({}), dump);
        assert_eq!(crash.processed.text("os_name"), Some("Unknown"));
        assert_eq!(crash.processed.text("os_version"), Some(""));
        assert_eq!(crash.notes().len(), 2);
    }
}
