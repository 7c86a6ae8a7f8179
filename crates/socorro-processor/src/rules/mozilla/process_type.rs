//! The kind of process.

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// What the process that the user started is called.
const PARENT: &str = "parent";

/// Says what kind of process crashed: the program itself (`parent`) or one of its helpers
/// (`content`, `gpu`, …).
///
/// Source: Socorro `ProcessTypeRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessType;

impl Rule for ProcessType {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "ProcessTypeRule",
            purpose: "say what kind of process crashed",
            reads: &[Item::Annotation("ProcessType")],
            writes: &[Item::Field("process_type")],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let kind = crash
            .text_annotation("ProcessType")
            // Older clients' name for it.
            .filter(|kind| kind != "main")
            .unwrap_or_else(|| PARENT.to_owned());
        crash.processed.set("process_type", kind);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::after;
    use serde_json::json;

    #[test]
    fn the_main_process_is_the_parent() {
        for (raw, kind) in [
            (json!({}), "parent"),
            (json!({"ProcessType": "main"}), "parent"),
            (json!({"ProcessType": "gpu"}), "gpu"),
            (json!({"ProcessType": ""}), ""),
            (json!({"ProcessType": 5}), "parent"),
        ] {
            assert_eq!(after(ProcessType, raw), json!({"process_type": kind}));
        }
    }
}
