//! Crashes that cannot be.

use serde_json::Value;

use super::{crash_info, has_stackwalk, note_wrong_crash_info};
use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Lists what does not fit together in the crash, for example an access violation at an address
/// that was accessible: signs of bad hardware or of a tampered process.
///
/// Source: Socorro `CrashInconsistenciesRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct CrashInconsistencies;

impl Rule for CrashInconsistencies {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "CrashInconsistenciesRule",
            purpose: "list what does not fit together in the crash",
            reads: &[Item::Field("json_dump.crash_info.crash_inconsistencies")],
            writes: &[Item::Field("crash_inconsistencies")],
        }
    }

    fn applies(&self, crash: &Crash) -> bool {
        has_stackwalk(crash)
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        note_wrong_crash_info(crash);
        let found = match crash_info(crash, "crash_inconsistencies") {
            Some(list @ Value::Array(_)) => list.clone(),
            None | Some(Value::Null) => Value::Null,
            Some(_) => {
                crash.wrong_type("json_dump.crash_info.crash_inconsistencies", "an array");
                Value::Null
            }
        };
        crash.processed.set("crash_inconsistencies", found);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::added;
    use serde_json::json;

    #[test]
    fn the_list_is_copied_and_always_there() {
        let dump = json!({"json_dump": {"crash_info": {"crash_inconsistencies": ["a"]}}});
        assert_eq!(
            added(CrashInconsistencies, json!({}), dump),
            json!({"crash_inconsistencies": ["a"]})
        );
        let none = json!({"json_dump": {}});
        assert_eq!(
            added(CrashInconsistencies, json!({}), none),
            json!({"crash_inconsistencies": null})
        );
    }
}
