//! What a utility process was for.

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
    values::strip,
};

/// Lists what a utility process was for (`audio-decoder-generic`, …).
///
/// Source: Socorro `UtilityActorsNameRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct UtilityActorsName;

impl Rule for UtilityActorsName {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "UtilityActorsNameRule",
            purpose: "list what a utility process was for",
            reads: &[Item::Annotation("UtilityActorsName")],
            writes: &[Item::Field("utility_actors_name")],
        }
    }

    fn applies(&self, crash: &Crash) -> bool {
        crash
            .raw
            .get("UtilityActorsName")
            .is_some_and(|names| !names.is_null())
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        if let Some(names) = crash.text_annotation("UtilityActorsName") {
            let names = names.split(',').map(strip).filter(|name| !name.is_empty());
            let names: Vec<&str> = names.collect();
            crash.processed.set("utility_actors_name", names);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{after, apply};
    use serde_json::json;

    #[test]
    fn names_are_separated_by_commas() {
        for (text, names) in [("a b, c,,", json!(["a b", "c"])), ("", json!([]))] {
            assert_eq!(
                after(UtilityActorsName, json!({"UtilityActorsName": text})),
                json!({"utility_actors_name": names})
            );
        }
        assert_eq!(after(UtilityActorsName, json!({})), json!({}));
    }

    #[test]
    fn a_value_that_is_no_text_is_noted() {
        let crash = apply(
            UtilityActorsName,
            json!({"UtilityActorsName": 5}),
            json!({}),
        );
        assert_eq!(
            crash.notes(),
            ["UtilityActorsNameRule: UtilityActorsName is not text"]
        );
    }
}
