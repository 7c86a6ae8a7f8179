//! The version of Android.

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
    values::integer,
};

/// Gives the API level of Android (`31`) as the version of the system, where the minidump would
/// name the kernel and a report without minidump nothing at all.
///
/// Source: Socorro `AndroidOSInfoRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct AndroidOsInfo;

impl Rule for AndroidOsInfo {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "AndroidOSInfoRule",
            purpose: "give the version of Android",
            reads: &[Item::Field("os_name"), Item::Annotation("Android_Version")],
            writes: &[Item::Field("os_name"), Item::Field("os_version")],
        }
    }

    fn applies(&self, crash: &Crash) -> bool {
        let name = match crash.processed.get("os_name") {
            None => "unknown",
            Some(name) => name.as_str().unwrap_or_default(),
        };
        ["unknown", "android"].contains(&name.to_lowercase().as_str())
            && crash.raw.contains("Android_Version")
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        crash.processed.set("os_name", "Android");
        // `31 (REL)`: what follows the API level is the kind of release.
        let version = crash.text_annotation("Android_Version").unwrap_or_default();
        let level = version.split(' ').next().unwrap_or_default();
        if integer(level).is_some() {
            crash.processed.set("os_version", level);
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
    fn the_api_level_is_the_version() {
        for (version, os_name, expected) in [
            (
                "31 (REL)",
                "Unknown",
                json!({"os_name": "Android", "os_version": "31"}),
            ),
            ("23", "Android", json!({"os_version": "23"})),
            ("S (CODENAME)", "Unknown", json!({"os_name": "Android"})),
            ("31", "Linux", json!({})),
        ] {
            let raw = json!({"Android_Version": version});
            let found = added(AndroidOsInfo, raw, json!({"os_name": os_name}));
            assert_eq!(found, expected, "{version}");
        }
    }

    #[test]
    fn a_version_that_is_no_text_is_noted() {
        let crash = apply(AndroidOsInfo, json!({"Android_Version": 31}), json!({}));
        assert_eq!(crash.processed.text("os_name"), Some("Android"));
        assert_eq!(
            crash.notes(),
            ["AndroidOSInfoRule: Android_Version is not text"]
        );
    }
}
