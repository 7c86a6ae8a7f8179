//! Who signed the modules.

use socorro_core::json::{Form, to_string};

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Turns the certificates that some clients send as an object into the text that the stackwalk and
/// everybody else reads.
///
/// Source: Socorro `ConvertModuleSignatureInfoRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConvertModuleSignatureInfo;

impl Rule for ConvertModuleSignatureInfo {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "ConvertModuleSignatureInfoRule",
            purpose: "turn certificates of modules into JSON text",
            reads: &[Item::Annotation("ModuleSignatureInfo")],
            writes: &[Item::Annotation("ModuleSignatureInfo")],
        }
    }

    fn applies(&self, crash: &Crash) -> bool {
        crash
            .raw
            .get("ModuleSignatureInfo")
            .is_some_and(|info| !info.is_string())
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        if let Some(info) = crash.raw.get("ModuleSignatureInfo") {
            let text = to_string(info, Form::Processor);
            crash.raw.set("ModuleSignatureInfo", text);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::raw_after;
    use serde_json::json;

    #[test]
    fn objects_become_text_and_text_stays() {
        for (before, after) in [
            (
                json!({"é": ["a", "b"]}),
                json!("{\"\\u00e9\": [\"a\", \"b\"]}"),
            ),
            (json!("{}"), json!("{}")),
        ] {
            let raw = raw_after(
                ConvertModuleSignatureInfo,
                json!({"ModuleSignatureInfo": before}),
            );
            assert_eq!(raw["ModuleSignatureInfo"], after);
        }
    }
}
