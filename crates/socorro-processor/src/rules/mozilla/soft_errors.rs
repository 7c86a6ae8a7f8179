//! What the stackwalk could not make sense of.

use socorro_core::json::{Form, to_string};

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Keeps what went wrong while the minidump was written, as the writer noted it: it explains what
/// is missing from the report.
///
/// Source: Socorro `SoftErrorsRule`.
#[derive(Debug, Clone, Copy)]
pub struct SoftErrors {
    max_length: usize,
}

impl SoftErrors {
    /// Where the text is cut unless told otherwise, in characters, which all are ASCII.
    pub const MAX_LENGTH: usize = 4096;

    /// The rule that cuts the text at another length.
    #[must_use]
    pub fn to(max_length: usize) -> Self {
        Self { max_length }
    }
}

impl Default for SoftErrors {
    fn default() -> Self {
        Self::to(Self::MAX_LENGTH)
    }
}

impl Rule for SoftErrors {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "SoftErrorsRule",
            purpose: "keep what went wrong while the minidump was written",
            reads: &[Item::Field("json_dump.soft_errors")],
            writes: &[Item::Field("soft_errors")],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let dump = crash.processed.get("json_dump");
        if dump.is_some_and(|dump| !dump.is_object()) {
            crash.wrong_type("json_dump", "an object");
        } else if let Some(errors) = dump.and_then(|dump| dump.get("soft_errors")) {
            let mut text = to_string(errors, Form::Processor);
            text.truncate(self.max_length);
            crash.processed.set("soft_errors", text);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{added, apply};
    use serde_json::{Value, json};

    fn soft_errors(errors: &Value) -> Value {
        let dump = json!({"json_dump": {"soft_errors": errors}});
        added(SoftErrors::default(), json!({}), dump)["soft_errors"].take()
    }

    #[test]
    fn errors_become_text_of_limited_length() {
        assert_eq!(soft_errors(&json!([{"k": "é"}])), "[{\"k\": \"\\u00e9\"}]");
        assert_eq!(soft_errors(&json!(null)), "null");
        let long = soft_errors(&json!("é".repeat(4096)));
        assert_eq!(long.as_str().unwrap().len(), 4096);
    }

    #[test]
    fn no_errors_are_not_written_and_a_broken_stackwalk_is_noted() {
        assert_eq!(
            added(SoftErrors::default(), json!({}), json!({"json_dump": {}})),
            json!({})
        );
        let crash = apply(SoftErrors::default(), json!({}), json!({"json_dump": null}));
        assert_eq!(
            crash.notes(),
            ["SoftErrorsRule: json_dump is not an object"]
        );
    }
}
