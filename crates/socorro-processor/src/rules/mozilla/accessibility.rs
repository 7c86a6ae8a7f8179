//! Assistive technology.

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Says whether a screen reader or the like was at work, which takes other paths through a program.
///
/// Source: Socorro `AccessibilityRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Accessibility;

impl Rule for Accessibility {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "AccessibilityRule",
            purpose: "say whether assistive technology was at work",
            reads: &[Item::Annotation("Accessibility")],
            writes: &[Item::Field("accessibility")],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let active = crash.raw.annotation("Accessibility") == Some("Active");
        crash.processed.set("accessibility", active);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::after;
    use serde_json::json;

    #[test]
    fn one_word_says_yes() {
        for (value, active) in [
            (json!("Active"), true),
            (json!("active"), false),
            (json!(1), false),
        ] {
            assert_eq!(
                after(Accessibility, json!({"Accessibility": value})),
                json!({"accessibility": active})
            );
        }
    }
}
