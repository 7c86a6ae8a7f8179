//! Stacks that ran over.

use super::{RuleError, RuleInput, SignatureRule};
use crate::result::SignatureResult;

/// Sets stack overflows apart: the function on top is where the stack ended, which is mostly chance.
///
/// Source: Socorro `socorro/signature/rules.py` (`StackOverflowSignature`).
#[derive(Debug, Clone, Copy, Default)]
pub struct StackOverflow;

impl SignatureRule for StackOverflow {
    fn name(&self) -> &str {
        "StackOverflowSignature"
    }

    fn purpose(&self) -> &str {
        "set stack overflows apart"
    }

    fn applies(&self, input: RuleInput<'_>, _: &SignatureResult) -> Result<bool, RuleError> {
        Ok(input.crash.reason.as_deref() == Some("EXCEPTION_STACK_OVERFLOW"))
    }

    fn apply(&self, _: RuleInput<'_>, result: &mut SignatureResult) -> Result<(), RuleError> {
        result.set_signature(self.name(), format!("stackoverflow | {}", result.signature));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::testing::{crash, signature_after};

    #[test]
    fn overflows_are_marked() {
        let overflow = crash(json!({"reason": "EXCEPTION_STACK_OVERFLOW"}));
        assert_eq!(
            signature_after(&StackOverflow, "f", &overflow),
            "stackoverflow | f"
        );
        let other = crash(json!({"reason": "EXCEPTION_STACK_OVERFLOW / x"}));
        assert_eq!(signature_after(&StackOverflow, "f", &other), "f");
    }
}
