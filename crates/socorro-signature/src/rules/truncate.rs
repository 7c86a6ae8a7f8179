//! The length of signatures.

use super::{RuleError, RuleInput, SignatureRule};
use crate::python::text::{first_characters, is_longer_than};
use crate::result::SignatureResult;

/// Longest signature in characters.
pub const MAXIMUM_LENGTH: usize = 255;

/// Cuts the signature to [`MAXIMUM_LENGTH`] characters, the last three being dots.
///
/// Source: Socorro `socorro/signature/rules.py` (`SigTruncate`).
#[derive(Debug, Clone, Copy, Default)]
pub struct Truncate;

impl SignatureRule for Truncate {
    fn name(&self) -> &str {
        "SigTruncate"
    }

    fn purpose(&self) -> &str {
        "cut the signature to its maximum length"
    }

    fn applies(&self, _: RuleInput<'_>, result: &SignatureResult) -> Result<bool, RuleError> {
        Ok(is_longer_than(&result.signature, MAXIMUM_LENGTH))
    }

    fn apply(&self, _: RuleInput<'_>, result: &mut SignatureResult) -> Result<(), RuleError> {
        let kept = first_characters(&result.signature, MAXIMUM_LENGTH - 3);
        result.set_signature(self.name(), format!("{kept}..."));
        result.note(self.name(), "SigTrunc: signature truncated due to length");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::testing::{crash, signature_after};

    #[test]
    fn long_signatures_end_in_dots() {
        let long = "é".repeat(256);
        assert_eq!(
            signature_after(&Truncate, &long, &crash(json!({}))),
            format!("{}...", "é".repeat(252))
        );
        assert_eq!(
            signature_after(&Truncate, &"é".repeat(255), &crash(json!({}))),
            "é".repeat(255)
        );
    }
}
