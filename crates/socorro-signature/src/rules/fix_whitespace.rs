//! White space in signatures.

use super::{RuleError, RuleInput, SignatureRule};
use crate::python::text::{is_space, strip};
use crate::result::SignatureResult;

/// Makes every run of white space one space and trims the ends.
///
/// Source: Socorro `socorro/signature/rules.py` (`SigFixWhitespace`).
#[derive(Debug, Clone, Copy, Default)]
pub struct FixWhitespace;

impl SignatureRule for FixWhitespace {
    fn name(&self) -> &str {
        "SigFixWhitespace"
    }

    fn purpose(&self) -> &str {
        "make every run of white space one space"
    }

    fn applies(&self, _: RuleInput<'_>, _: &SignatureResult) -> Result<bool, RuleError> {
        Ok(true)
    }

    fn apply(&self, _: RuleInput<'_>, result: &mut SignatureResult) -> Result<(), RuleError> {
        let mut fixed = String::with_capacity(result.signature.len());
        for character in strip(&result.signature).chars() {
            if !is_space(character) {
                fixed.push(character);
            } else if !fixed.ends_with(' ') {
                fixed.push(' ');
            }
        }
        if fixed != result.signature {
            result.set_signature(self.name(), fixed);
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
    fn runs_become_one_space() {
        assert_eq!(
            signature_after(&FixWhitespace, " a \t\u{1c}b  c ", &crash(json!({}))),
            "a b c"
        );
    }
}
