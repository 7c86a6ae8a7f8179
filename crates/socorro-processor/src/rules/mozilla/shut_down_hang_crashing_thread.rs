//! Hangs at shutdown.

use serde_json::Value;

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Points at the main thread when a program hung at shutdown: the thread that crashed is only the
/// watchdog that ended it.
///
/// Source: Socorro `ShutDownHangCrashingThreadRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ShutDownHangCrashingThread;

impl Rule for ShutDownHangCrashingThread {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "ShutDownHangCrashingThreadRule",
            purpose: "point at the main thread when a program hung at shutdown",
            reads: &[Item::Field("signature")],
            writes: &[Item::Field("crashing_thread")],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        match crash.processed.get("signature") {
            Some(Value::String(signature)) => {
                if signature.starts_with("shutdownhang") {
                    crash.processed.set("crashing_thread", 0);
                }
            }
            None | Some(Value::Null) => {}
            Some(_) => crash.wrong_type("signature", "text"),
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
    fn only_hangs_at_shutdown_are_redirected() {
        let crash = |signature: &str| json!({"signature": signature, "crashing_thread": 7});
        assert_eq!(
            added(
                ShutDownHangCrashingThread,
                json!({}),
                crash("shutdownhang | foo")
            ),
            json!({"crashing_thread": 0})
        );
        for other in ["foo", " shutdownhang", ""] {
            assert_eq!(
                added(ShutDownHangCrashingThread, json!({}), crash(other)),
                json!({})
            );
        }
    }

    #[test]
    fn a_signature_that_is_no_text_is_noted() {
        let crash = apply(
            ShutDownHangCrashingThread,
            json!({}),
            json!({"signature": 5}),
        );
        assert_eq!(crash.notes().len(), 1);
    }
}
