//! Hangs reported as crashes.

use super::{RuleError, RuleInput, SignatureRule};
use crate::result::SignatureResult;

/// Sets processes apart that did not crash but hang.
///
/// Source: Socorro `socorro/signature/rules.py` (`HungProcess`).
#[derive(Debug, Clone, Copy, Default)]
pub struct HungProcess;

impl SignatureRule for HungProcess {
    fn name(&self) -> &str {
        "HungProcess"
    }

    fn purpose(&self) -> &str {
        "set hangs apart from crashes"
    }

    fn applies(&self, input: RuleInput<'_>, _: &SignatureResult) -> Result<bool, RuleError> {
        Ok(input.crash.hang.is_some())
    }

    fn apply(&self, input: RuleInput<'_>, result: &mut SignatureResult) -> Result<(), RuleError> {
        if let Some(hang) = &input.crash.hang {
            result.set_signature(self.name(), format!("hang: {hang} | {}", result.signature));
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
    fn the_kind_of_hang_is_named_even_if_empty() {
        assert_eq!(
            signature_after(&HungProcess, "f", &crash(json!({"hang": "ui"}))),
            "hang: ui | f"
        );
        assert_eq!(
            signature_after(&HungProcess, "f", &crash(json!({"hang": ""}))),
            "hang:  | f"
        );
        assert_eq!(
            signature_after(&HungProcess, "f", &crash(json!({"hang": null}))),
            "f"
        );
    }
}
