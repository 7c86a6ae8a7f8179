//! The processor of an Android device.

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// What Android calls its architectures, and what stackwalks call them.
const ARCHITECTURES: [(&str, &str); 3] = [
    ("armeabi-v7a", "arm"),
    ("arm64-v8a", "arm64"),
    ("x86_64", "amd64"),
];

/// Names the architecture of an Android device whose report has no minidump, as with exceptions in
/// Java.
///
/// Source: Socorro `AndroidCPUInfoRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct AndroidCpuInfo;

impl Rule for AndroidCpuInfo {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "AndroidCPUInfoRule",
            purpose: "name the architecture of an Android device",
            reads: &[Item::Field("cpu_arch"), Item::Annotation("Android_CPU_ABI")],
            writes: &[Item::Field("cpu_arch")],
        }
    }

    fn applies(&self, crash: &Crash) -> bool {
        let known = crash.processed.get("cpu_arch");
        known.is_none_or(|name| name == "unknown") && crash.raw.contains("Android_CPU_ABI")
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        if let Some(abi) = crash.text_annotation("Android_CPU_ABI") {
            let known = ARCHITECTURES.iter().find(|(android, _)| *android == abi);
            let name = known.map_or(abi.as_str(), |(_, name)| name);
            crash.processed.set("cpu_arch", name);
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
    fn an_unknown_architecture_is_taken_from_the_annotation() {
        for (abi, name) in [("arm64-v8a", "arm64"), ("x86", "x86")] {
            let raw = json!({"Android_CPU_ABI": abi});
            assert_eq!(
                added(AndroidCpuInfo, raw.clone(), json!({"cpu_arch": "unknown"})),
                json!({"cpu_arch": name})
            );
            assert_eq!(
                added(AndroidCpuInfo, raw, json!({"cpu_arch": "mips"})),
                json!({})
            );
        }
    }

    #[test]
    fn a_value_that_is_no_text_is_noted() {
        let crash = apply(AndroidCpuInfo, json!({"Android_CPU_ABI": 7}), json!({}));
        assert_eq!(
            crash.notes(),
            ["AndroidCPUInfoRule: Android_CPU_ABI is not text"]
        );
    }
}
