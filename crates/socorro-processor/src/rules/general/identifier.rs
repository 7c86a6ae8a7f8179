//! The id of the crash.

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Writes the id of the crash into its processed crash, under both names that readers use.
///
/// Source: Socorro `IdentifierRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Identifier;

impl Rule for Identifier {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "IdentifierRule",
            purpose: "write the crash id",
            reads: &[Item::Annotation("uuid")],
            writes: &[Item::Field("crash_id"), Item::Field("uuid")],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        if let Some(id) = crash.raw.get("uuid").cloned() {
            crash.processed.set("crash_id", id.clone());
            crash.processed.set("uuid", id);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::after;
    use serde_json::json;

    #[test]
    fn the_id_has_two_names() {
        assert_eq!(
            after(Identifier, json!({"uuid": "x"})),
            json!({"crash_id": "x", "uuid": "x"})
        );
        assert_eq!(after(Identifier, json!({})), json!({}));
    }
}
