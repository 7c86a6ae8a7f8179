//! Why the program ended itself.

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Beginnings of reasons that go on with personal data: paths and script text.
const PRIVATE: [&str; 3] = [
    "Failed to load module",
    "byte index",
    "do not use eval with system privileges",
];
const SANITIZED: &str = "sanitized--see moz_crash_reason_raw";

/// Gives the reason why the program ended itself, an assertion or a panic; reasons that may hold
/// personal data show in the protected field only.
///
/// Source: Socorro `MozCrashReasonRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct MozCrashReason;

impl Rule for MozCrashReason {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "MozCrashReasonRule",
            purpose: "give the reason why the program ended itself",
            reads: &[Item::Annotation("MozCrashReason")],
            writes: &[
                Item::Field("moz_crash_reason_raw"),
                Item::Field("moz_crash_reason"),
            ],
        }
    }

    fn applies(&self, crash: &Crash) -> bool {
        crash
            .raw
            .get("MozCrashReason")
            .is_some_and(socorro_core::json::is_truthy)
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        if let Some(reason) = crash.text_annotation("MozCrashReason") {
            let private = PRIVATE.iter().any(|start| reason.starts_with(start));
            let public = if private { SANITIZED } else { &reason };
            crash.processed.set("moz_crash_reason", public);
            crash.processed.set("moz_crash_reason_raw", reason);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{after, apply};
    use serde_json::json;

    #[test]
    fn private_reasons_are_public_in_name_only() {
        assert_eq!(
            after(
                MozCrashReason,
                json!({"MozCrashReason": "MOZ_RELEASE_ASSERT(x)"})
            ),
            json!({"moz_crash_reason": "MOZ_RELEASE_ASSERT(x)", "moz_crash_reason_raw": "MOZ_RELEASE_ASSERT(x)"})
        );
        for start in PRIVATE {
            let reason = format!("{start} /home/user");
            assert_eq!(
                after(MozCrashReason, json!({"MozCrashReason": reason})),
                json!({"moz_crash_reason": SANITIZED, "moz_crash_reason_raw": reason})
            );
        }
        assert_eq!(
            after(MozCrashReason, json!({"MozCrashReason": ""})),
            json!({})
        );
    }

    #[test]
    fn a_reason_that_is_no_text_is_noted() {
        let crash = apply(MozCrashReason, json!({"MozCrashReason": ["x"]}), json!({}));
        assert_eq!(
            crash.notes(),
            ["MozCrashReasonRule: MozCrashReason is not text"]
        );
    }
}
