//! Guard pages.

use socorro_core::json::is_truthy;

use super::crash_info_list;
use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Marks crashes that touched a guard page, which often are exploitable overruns.
///
/// Never written as false. Source: Socorro `HasGuardPageAccessRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct HasGuardPageAccess;

impl Rule for HasGuardPageAccess {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "HasGuardPageAccessRule",
            purpose: "mark crashes that touched a guard page",
            reads: &[Item::Field("json_dump.crash_info.memory_accesses")],
            writes: &[Item::Field("has_guard_page_access")],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let accesses = crash_info_list(crash, "memory_accesses");
        let touched = accesses
            .iter()
            .any(|access| access.get("is_likely_guard_page").is_some_and(is_truthy));
        let wrong = accesses.iter().any(|access| !access.is_object());
        if wrong {
            crash.wrong_type("json_dump.crash_info.memory_accesses[]", "an object");
        }
        if touched {
            crash.processed.set("has_guard_page_access", true);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::added;
    use serde_json::{Value, json};

    fn accesses(accesses: &Value) -> Value {
        let dump = json!({"json_dump": {"crash_info": {"memory_accesses": accesses}}});
        added(HasGuardPageAccess, json!({}), dump)
    }

    #[test]
    fn one_access_is_enough() {
        let guard = json!({"is_likely_guard_page": true});
        assert_eq!(
            accesses(&json!([{}, guard])),
            json!({"has_guard_page_access": true})
        );
        assert_eq!(
            accesses(&json!([{"is_likely_guard_page": false}])),
            json!({})
        );
        assert_eq!(accesses(&json!(null)), json!({}));
    }
}
