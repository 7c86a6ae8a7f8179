//! Annotations without a value.

use crate::{
    crash::Crash,
    metrics,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Drops annotations that are `null`: for every later rule, a value is there or it is not.
///
/// Only top-level members are looked at. Source: Socorro `DeNoneRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct RemoveMissing;

impl Rule for RemoveMissing {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "DeNoneRule",
            purpose: "drop annotations without a value",
            reads: &[Item::Annotations],
            writes: &[Item::Annotations],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let annotations = crash.raw.as_map_mut();
        let before = annotations.len();
        annotations.retain(|_, value| !value.is_null());
        if annotations.len() < before {
            metrics::HAD_NONES.count(&[]);
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
    fn only_top_level_nulls_go() {
        assert_eq!(
            raw_after(RemoveMissing, json!({"a": null, "b": "", "c": [null]})),
            json!({"b": "", "c": [null]})
        );
    }
}
