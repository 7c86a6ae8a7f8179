//! The processor of the machine that crashed.

use serde_json::{Value, json};

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
            Some(count @ (Value::Number(_) | Value::Null)) => count,
            Some(_) => {
                crash.wrong_type("json_dump.system_info.cpu_count", "a number");
                json!(0)
            }
        };
        crash.processed.set("cpu_count", count);
        text(crash, "cpu_arch");
        let microcode = crash
            .processed
            .lookup("json_dump.system_info.cpu_microcode_version")
            .cloned();
        if let Some(microcode) = microcode.filter(|version| !version.is_null()) {
            crash.processed.set("cpu_microcode_version", microcode);
        }
        Ok(())
    }
}

/// Copies one text of the system information; a null stays.
fn text(crash: &mut Crash, name: &str) {
    let place = format!("json_dump.system_info.{name}");
    let value = match crash.processed.lookup(&place).cloned() {
        None => json!("unknown"),
        Some(value @ (Value::String(_) | Value::Null)) => value,
        Some(_) => {
            crash.wrong_type(&place, "text");
            json!("unknown")
        }
    };
    crash.processed.set(name, value);
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
