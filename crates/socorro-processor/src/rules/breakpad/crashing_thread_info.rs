//! Why and where it crashed.

use serde_json::{Value, json};
use socorro_core::json::is_integer;

use super::{crash_info, has_stackwalk, note_wrong_crash_info};
use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Length of a 64-bit address as text.
const ADDRESS_LENGTH: usize = "0x0000000000000000".len();

/// Says which thread crashed, for what reason and at which address: the first thing to look at.
///
/// The address is the one the program tried to use, which for null pointers with an offset and
/// non-canonical addresses differs from the one the processor reported. Source: Socorro
/// `CrashingThreadInfoRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct CrashingThreadInfo;

impl Rule for CrashingThreadInfo {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "CrashingThreadInfoRule",
            purpose: "name the crashing thread, the reason and the address",
            reads: &[
                Item::Field("json_dump.crash_info"),
                Item::Field("json_dump.crashing_thread"),
            ],
            writes: &[
                Item::Field("crashing_thread"),
                Item::Field("crashing_thread_name"),
                Item::Field("reason"),
                Item::Field("address"),
                Item::Field("last_error_value"),
            ],
        }
    }

    fn applies(&self, crash: &Crash) -> bool {
        has_stackwalk(crash)
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        note_wrong_crash_info(crash);
        let thread = match crash_info(crash, "crashing_thread") {
            None | Some(Value::Null) => None,
            Some(Value::Number(number)) if is_integer(number) => Some(number.clone()),
            Some(_) => {
                crash.wrong_type("json_dump.crash_info.crashing_thread", "an integer");
                None
            }
        };
        if thread.is_none() {
            crash.note("mdsw did not identify the crashing thread");
        }
        crash
            .processed
            .set("crashing_thread", thread.map_or(Value::Null, Value::Number));
        let name = crash.text_or_null("json_dump.crashing_thread.thread_name");
        crash
            .processed
            .set("crashing_thread_name", name.unwrap_or_default());
        let reason = crash.text_or_null("json_dump.crash_info.type");
        crash
            .processed
            .set("reason", reason.unwrap_or_else(|| json!("")));
        let address = address(crash);
        crash.processed.set("address", address);
        let last_error = crash
            .processed
            .lookup("json_dump.crashing_thread.last_error_value");
        if let Some(last_error) = last_error.and_then(Value::as_str).map(str::to_owned) {
            crash.processed.set("last_error_value", last_error);
        }
        Ok(())
    }
}

fn address(crash: &mut Crash) -> Value {
    let reported = crash
        .text_or_null("json_dump.crash_info.address")
        .unwrap_or_default();
    let adjusted = match crash_info(crash, "adjusted_address") {
        None | Some(Value::Null) => return reported,
        Some(Value::Object(adjusted)) => adjusted,
        Some(_) => {
            crash.wrong_type("json_dump.crash_info.adjusted_address", "an object");
            return reported;
        }
    };
    match adjusted.get("kind").and_then(Value::as_str) {
        Some("null-pointer") => {
            let length = reported.as_str().map(|address| address.chars().count());
            let wide = length == Some(ADDRESS_LENGTH);
            json!(if wide {
                "0x0000000000000000"
            } else {
                "0x00000000"
            })
        }
        Some("non-canonical") => match adjusted.get("address") {
            Some(Value::String(address)) if !address.is_empty() => json!(address),
            _ => reported,
        },
        _ => reported,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{added, apply};

    fn info(info: &Value) -> Value {
        added(
            CrashingThreadInfo,
            json!({}),
            json!({"json_dump": {"crash_info": info}}),
        )
    }

    #[test]
    fn thread_reason_and_address_are_copied() {
        assert_eq!(
            info(&json!({"crashing_thread": 3, "type": "SIGSEGV", "address": "0x10"})),
            json!({
                "crashing_thread": 3, "crashing_thread_name": null, "reason": "SIGSEGV", "address": "0x10",
            })
        );
    }

    #[test]
    fn the_address_is_the_one_the_program_tried_to_use() {
        let address = |address, adjusted| {
            info(&json!({"address": address, "adjusted_address": adjusted}))["address"].clone()
        };
        let null = json!({"kind": "null-pointer", "offset": "0x10"});
        assert_eq!(
            address("0x0000000000000010", null.clone()),
            "0x0000000000000000"
        );
        assert_eq!(address("0x00000010", null), "0x00000000");
        assert_eq!(
            address("0x0", json!({"kind": "non-canonical", "address": "0xdead"})),
            "0xdead"
        );
        assert_eq!(address("0x0", json!({"kind": "new"})), "0x0");
    }

    #[test]
    fn no_crashing_thread_is_noted() {
        let crash = apply(CrashingThreadInfo, json!({}), json!({"json_dump": {}}));
        assert_eq!(crash.notes(), ["mdsw did not identify the crashing thread"]);
    }
}
