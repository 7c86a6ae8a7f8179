//! How a Mac was started.

use serde_json::Value;
use socorro_core::json::{is_integer, is_truthy};

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
    values::strip,
};

/// Says whether a Mac was started with arguments, which can change how memory behaves, and keeps
/// them.
///
/// Source: Socorro `MacBootArgsRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct MacBootArgs;

impl Rule for MacBootArgs {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "MacBootArgsRule",
            purpose: "say whether a Mac was started with arguments",
            reads: &[Item::Field("json_dump.mac_boot_args")],
            writes: &[
                Item::Field("mac_boot_args"),
                Item::Field("has_mac_boot_args"),
            ],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        match crash.processed.lookup("json_dump.mac_boot_args") {
            Some(Value::String(text)) => {
                let arguments = strip(text).to_owned();
                if !arguments.is_empty() {
                    crash.processed.set("mac_boot_args", arguments);
                    crash.processed.set("has_mac_boot_args", true);
                }
            }
            Some(other) if is_truthy(other) => {
                let kind = python_type(other);
                crash.note(format!(
                    "MacBootArgsRule: mac_boot_args is {kind} and not str"
                ));
            }
            _ => {}
        }
        Ok(())
    }
}

/// What Python calls the type; people search for the note as Socorro writes it.
fn python_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if is_integer(number) => "int",
        Value::Number(_) => "float",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{added, apply};
    use serde_json::json;

    fn dump(arguments: &Value) -> Value {
        json!({"json_dump": {"mac_boot_args": arguments}})
    }

    #[test]
    fn arguments_are_trimmed_and_none_are_not_written() {
        assert_eq!(
            added(MacBootArgs, json!({}), dump(&json!(" keepsyms=1 "))),
            json!({"mac_boot_args": "keepsyms=1", "has_mac_boot_args": true})
        );
        for none in [json!("  "), json!(null), json!(0)] {
            assert_eq!(added(MacBootArgs, json!({}), dump(&none)), json!({}));
        }
    }

    #[test]
    fn a_value_that_is_no_text_is_noted_by_its_type() {
        for (value, kind) in [
            (json!([1]), "list"),
            (json!(5), "int"),
            (json!(1.5), "float"),
        ] {
            let crash = apply(MacBootArgs, json!({}), dump(&value));
            let note = format!("MacBootArgsRule: mac_boot_args is {kind} and not str");
            assert_eq!(crash.notes(), [note]);
        }
    }
}
