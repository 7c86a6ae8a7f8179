//! The processor of the machine that crashed.

use serde_json::{Value, json};
use socorro_core::json::is_integer;

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Says on what processor the crash happened: bugs of one CPU model or microcode show up here.
///
/// Source: Socorro `CPUInfoRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct CpuInfo;

impl Rule for CpuInfo {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "CPUInfoRule",
            purpose: "name the processor, its architecture and microcode",
            reads: &[Item::Field("json_dump.system_info")],
            writes: &[
                Item::Field("cpu_info"),
                Item::Field("cpu_count"),
                Item::Field("cpu_arch"),
                Item::Field("cpu_microcode_version"),
            ],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        text(crash, "cpu_info");
        let count = crash
            .processed
            .lookup("json_dump.system_info.cpu_count")
            .cloned();
        let count = match count {
            None => json!(0),
            Some(Value::Null) => Value::Null,
            Some(Value::Number(count)) if is_integer(&count) => Value::Number(count),
            Some(_) => {
                crash.wrong_type("json_dump.system_info.cpu_count", "an integer");
                json!(0)
            }
        };
        crash.processed.set("cpu_count", count);
        text(crash, "cpu_arch");
        let microcode = crash.text_or_null("json_dump.system_info.cpu_microcode_version");
        if let Some(microcode) = microcode.filter(|version| !version.is_null()) {
            crash.processed.set("cpu_microcode_version", microcode);
        }
        Ok(())
    }
}

/// Copies one text of the system information; a null stays.
fn text(crash: &mut Crash, name: &str) {
    let value = crash.text_or_null(&format!("json_dump.system_info.{name}"));
    crash
        .processed
        .set(name, value.unwrap_or_else(|| json!("unknown")));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::added;

    #[test]
    fn what_the_stackwalk_says_is_copied() {
        let dump = json!({"json_dump": {"system_info": {
            "cpu_info": "GenuineIntel", "cpu_count": 8, "cpu_arch": "amd64", "cpu_microcode_version": "0x1",
        }}});
        assert_eq!(
            added(CpuInfo, json!({}), dump),
            json!({"cpu_info": "GenuineIntel", "cpu_count": 8, "cpu_arch": "amd64", "cpu_microcode_version": "0x1"})
        );
    }

    #[test]
    fn without_a_stackwalk_everything_is_unknown() {
        assert_eq!(
            added(CpuInfo, json!({}), json!({})),
            json!({"cpu_info": "unknown", "cpu_count": 0, "cpu_arch": "unknown"})
        );
    }
}
