//! Hangs at shutdown that a watchdog ended.

use super::generation::generate;
use super::{RuleError, RuleInput, SignatureRule};
use crate::result::SignatureResult;

/// Replaces the watchdog's own stack by the one of the thread that hung, thread 0.
///
/// The same lists serve as for the first signature. (Upstream uses its included lists here even when others are
/// configured.)
///
/// Source: Socorro `socorro/signature/rules.py` (`SignatureRunWatchDog`).
#[derive(Debug, Clone, Copy, Default)]
pub struct RunWatchdog;

impl SignatureRule for RunWatchdog {
    fn name(&self) -> &str {
        "SignatureRunWatchDog"
    }

    fn purpose(&self) -> &str {
        "name the thread that hung instead of the watchdog that noticed"
    }

    fn applies(&self, _: RuleInput<'_>, result: &SignatureResult) -> Result<bool, RuleError> {
        Ok(result.signature.contains("RunWatchdog"))
    }

    fn apply(&self, input: RuleInput<'_>, result: &mut SignatureResult) -> Result<(), RuleError> {
        generate(input, 0, input.crash.threads.first(), result)?;
        result.set_signature(self.name(), format!("shutdownhang | {}", result.signature));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::testing::{crash, signature_after};

    #[test]
    fn the_hung_thread_makes_the_signature() {
        let crash = crash(json!({"crashing_thread": 1, "threads": [
            {"frames": [{"function": "stuck(int)"}]}, {"frames": [{"function": "RunWatchdog"}]},
        ]}));
        assert_eq!(
            signature_after(&RunWatchdog, "RunWatchdog", &crash),
            "shutdownhang | stuck"
        );
        assert_eq!(signature_after(&RunWatchdog, "f", &crash), "f");
    }
}
