//! Which annotations and files a report had.

use std::collections::BTreeSet;

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Where a name is cut, in characters.
const MAX_LENGTH: usize = 100;

/// Lists the names of everything in the report, so that one can search for crashes that have an
/// annotation, known or not.
///
/// Names other than ASCII letters, digits, `_` and `-` are left out, and long ones are cut; both
/// leave a note. Source: Socorro `CrashReportKeysRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct CrashReportKeys;

impl Rule for CrashReportKeys {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "CrashReportKeysRule",
            purpose: "list the names of all annotations and files of the report",
            reads: &[Item::Annotations, Item::Dumps],
            writes: &[Item::Field("crash_report_keys")],
        }
    }

    /// It looks at their names only.
    fn runs_in_safe_mode(&self) -> bool {
        true
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let annotations = crash.raw.as_map().keys().map(String::as_str);
        let dumps = crash.dumps.names().map(socorro_core::DumpName::as_str);
        let mut invalid = false;
        let mut kept = BTreeSet::new();
        for name in annotations.chain(dumps) {
            if !name.is_empty() && name.bytes().all(is_name_byte) {
                invalid |= name.len() > MAX_LENGTH;
                kept.insert(name[..name.len().min(MAX_LENGTH)].to_owned());
            } else {
                invalid = true;
            }
        }
        if invalid {
            crash.note("invalidkeys: Crash report contains invalid keys");
        }
        crash
            .processed
            .set("crash_report_keys", kept.into_iter().collect::<Vec<_>>());
        Ok(())
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::apply;
    use serde_json::json;

    #[test]
    fn names_are_sorted_and_bad_ones_noted_once() {
        let crash = apply(
            CrashReportKeys,
            json!({"b": 1, "A-1": 1, "é": 1, "x y": 1}),
            json!({}),
        );
        assert_eq!(
            crash.processed.get("crash_report_keys"),
            Some(&json!(["A-1", "b"]))
        );
        assert_eq!(
            crash.notes(),
            ["invalidkeys: Crash report contains invalid keys"]
        );
    }

    #[test]
    fn a_long_name_is_cut() {
        let crash = apply(CrashReportKeys, json!({"x".repeat(101): 1}), json!({}));
        assert_eq!(
            crash.processed.get("crash_report_keys"),
            Some(&json!(["x".repeat(100)]))
        );
        assert_eq!(crash.notes().len(), 1);
    }
}
