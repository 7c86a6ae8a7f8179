//! Failing disks and memory.

use super::{RuleError, RuleInput, SignatureRule};
use crate::result::SignatureResult;

/// Sets crashes apart that the operating system blames on a device.
///
/// Source: Socorro `socorro/signature/rules.py` (`BadHardware`).
#[derive(Debug, Clone, Copy, Default)]
pub struct BadHardware;

impl SignatureRule for BadHardware {
    fn name(&self) -> &str {
        "BadHardware"
    }

    fn purpose(&self) -> &str {
        "set crashes apart that come from failing hardware"
    }

    fn applies(&self, input: RuleInput<'_>, _: &SignatureResult) -> Result<bool, RuleError> {
        let reason = input.crash.reason.as_deref();
        Ok(reason.is_some_and(|reason| reason.contains("STATUS_DEVICE_DATA_ERROR")))
    }

    fn apply(&self, _: RuleInput<'_>, result: &mut SignatureResult) -> Result<(), RuleError> {
        result.set_signature(self.name(), format!("bad hardware | {}", result.signature));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::testing::{crash, signature_after};

    #[test]
    fn a_device_error_is_named_first() {
        let device =
            crash(json!({"reason": "EXCEPTION_IN_PAGE_ERROR_READ / STATUS_DEVICE_DATA_ERROR"}));
        assert_eq!(
            signature_after(&BadHardware, "f", &device),
            "bad hardware | f"
        );
        assert_eq!(
            signature_after(&BadHardware, "f", &crash(json!({"reason": "SIGSEGV"}))),
            "f"
        );
    }
}
