//! Why there is no stack.

use super::{RuleError, RuleInput, SignatureRule};
use crate::crash_data::Scalar;
use crate::result::SignatureResult;

/// Adds the stackwalker's status to a signature that says there is no stack.
///
/// Source: Socorro `socorro/signature/rules.py` (`StackwalkerErrorSignatureRule`).
#[derive(Debug, Clone, Copy, Default)]
pub struct StackwalkerError;

impl SignatureRule for StackwalkerError {
    fn name(&self) -> &str {
        "StackwalkerErrorSignatureRule"
    }

    fn purpose(&self) -> &str {
        "add the stackwalker's status where there is no stack"
    }

    fn applies(&self, input: RuleInput<'_>, result: &SignatureResult) -> Result<bool, RuleError> {
        let status = input.crash.mdsw_status_string.as_ref();
        Ok(result.signature.starts_with("EMPTY") && status.is_some_and(Scalar::is_truthy))
    }

    fn apply(&self, input: RuleInput<'_>, result: &mut SignatureResult) -> Result<(), RuleError> {
        if let Some(status) = &input.crash.mdsw_status_string {
            result.set_signature(self.name(), format!("{}; {status}", result.signature));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::testing::{crash, signature_after};

    #[test]
    fn the_status_follows_an_empty_signature_only() {
        let crash = crash(json!({"mdsw_status_string": "EmptyMinidump"}));
        assert_eq!(
            signature_after(&StackwalkerError, "EMPTY: x", &crash),
            "EMPTY: x; EmptyMinidump"
        );
        assert_eq!(signature_after(&StackwalkerError, "f", &crash), "f");
    }
}
