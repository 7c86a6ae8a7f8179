//! What the client says about the machine.

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
    values::strip,
};

/// Field, annotation, and what stands in the field when nothing is known.
const FIELDS: [(&str, &str, &str); 4] = [
    ("cpu_arch", "CPUArchitecture", "unknown"),
    ("cpu_info", "CPUInfo", "unknown"),
    ("os_name", "OS", "Unknown"),
    ("os_version", "OSVersion", ""),
];

/// Takes processor and operating system from annotations where the stackwalk says nothing, as in
/// reports without a minidump.
///
/// Source: Socorro `PlatformInfoRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlatformInfo;

impl Rule for PlatformInfo {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "PlatformInfoRule",
            purpose: "take processor and system from annotations where unknown",
            reads: &[
                Item::Field("cpu_arch"),
                Item::Field("cpu_info"),
                Item::Field("os_name"),
                Item::Field("os_version"),
                Item::Annotation("CPUArchitecture"),
                Item::Annotation("CPUInfo"),
                Item::Annotation("OS"),
                Item::Annotation("OSVersion"),
            ],
            writes: &[
                Item::Field("cpu_arch"),
                Item::Field("cpu_info"),
                Item::Field("os_name"),
                Item::Field("os_version"),
            ],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        for (field, annotation, unknown) in FIELDS {
            let known = crash.processed.text(field).unwrap_or_default();
            if !known.is_empty() && known != unknown {
                continue;
            }
            let value = crash.text_annotation(annotation).unwrap_or_default();
            let value = strip(&value);
            if !value.is_empty() {
                crash.processed.set(field, value);
            }
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
    fn annotations_fill_what_is_unknown() {
        let raw = json!({"CPUArchitecture": " amd64 ", "CPUInfo": "family 6", "OS": "Linux", "OSVersion": "5.4"});
        let processed = json!({"cpu_arch": "unknown", "cpu_info": null, "os_name": "Windows NT", "os_version": ""});
        assert_eq!(
            added(PlatformInfo, raw, processed),
            json!({"cpu_arch": "amd64", "cpu_info": "family 6", "os_version": "5.4"})
        );
    }

    #[test]
    fn an_annotation_that_is_no_text_is_noted_and_the_others_count() {
        let crash = apply(
            PlatformInfo,
            json!({"CPUInfo": 5, "OS": "Linux"}),
            json!({}),
        );
        assert_eq!(crash.processed.text("os_name"), Some("Linux"));
        assert_eq!(crash.notes(), ["PlatformInfoRule: CPUInfo is not text"]);
    }
}
