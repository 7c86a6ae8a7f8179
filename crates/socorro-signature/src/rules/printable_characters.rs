//! Signatures of printable ASCII only.

use super::{RuleError, RuleInput, SignatureRule};
use crate::python::text::{printable_ascii, strip};
use crate::result::SignatureResult;

/// Trims the signature and removes everything but printable ASCII.
///
/// The note also comes when trimming is all that happened, as upstream.
///
/// Source: Socorro `socorro/signature/rules.py` (`SigPrintableCharsOnly`).
#[derive(Debug, Clone, Copy, Default)]
pub struct PrintableCharactersOnly;

impl SignatureRule for PrintableCharactersOnly {
    fn name(&self) -> &str {
        "SigPrintableCharsOnly"
    }

    fn purpose(&self) -> &str {
        "remove everything but printable ASCII characters"
    }

    fn applies(&self, _: RuleInput<'_>, _: &SignatureResult) -> Result<bool, RuleError> {
        Ok(true)
    }

    fn apply(&self, _: RuleInput<'_>, result: &mut SignatureResult) -> Result<(), RuleError> {
        let printable = printable_ascii(strip(&result.signature));
        if printable != result.signature {
            result.set_signature(self.name(), printable);
            result.note(self.name(), "unprintable characters removed");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::testing::{crash, run};

    #[test]
    fn what_cannot_be_printed_goes() {
        let result = run(
            &PrintableCharactersOnly,
            "\u{1f}f\u{e9}\ng",
            &crash(json!({})),
        );
        assert_eq!(result.signature, "fg");
        assert_eq!(
            result.notes,
            ["SigPrintableCharsOnly: unprintable characters removed"]
        );
        assert!(
            run(&PrintableCharactersOnly, "f", &crash(json!({})))
                .notes
                .is_empty()
        );
    }
}
