//! NUL characters in annotations.

use serde_json::Value;

use crate::{
    crash::Crash,
    metrics,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Takes NUL characters out of the names and values of annotations, so that searching, showing and
/// storing them works.
///
/// Only top-level members are cleaned. An annotation whose name was dirty goes under its cleaned
/// name, unless an annotation of that name was there already. (Upstream loses it when its value
/// was clean.) Source: Socorro `DeNullRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct RemoveNulls;

impl Rule for RemoveNulls {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "DeNullRule",
            purpose: "take NUL characters out of annotations",
            reads: &[Item::Annotations],
            writes: &[Item::Annotations],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let dirty: Vec<String> = crash
            .raw
            .as_map()
            .keys()
            .filter(|name| name.contains('\0'))
            .cloned()
            .collect();
        let mut has_nulls = !dirty.is_empty();
        for value in crash.raw.as_map_mut().values_mut() {
            if let Value::String(text) = value
                && text.contains('\0')
            {
                text.retain(|character| character != '\0');
                has_nulls = true;
            }
        }
        if has_nulls {
            metrics::HAS_NULLS.count(&[]);
        }
        for name in dirty {
            let clean = name.replace('\0', "");
            if let Some(value) = crash.raw.remove(&name)
                && !crash.raw.contains(&clean)
            {
                crash.raw.set(clean, value);
            }
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
    fn names_and_values_are_cleaned() {
        assert_eq!(
            raw_after(RemoveNulls, json!({"a\0b": "c\0", "n": {"x\0": "\0"}})),
            json!({"n": {"x\0": "\0"}, "ab": "c"})
        );
    }

    #[test]
    fn an_annotation_with_a_dirty_name_is_kept_unless_a_clean_one_has_the_name() {
        assert_eq!(
            raw_after(RemoveNulls, json!({"k\0": "v"})),
            json!({"k": "v"})
        );
        assert_eq!(
            raw_after(RemoveNulls, json!({"k": "1", "k\0": "2"})),
            json!({"k": "1"})
        );
    }
}
