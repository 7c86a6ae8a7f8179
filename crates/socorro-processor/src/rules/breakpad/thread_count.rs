//! How many threads there were.

use serde_json::Value;

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Says how many threads the process had, for finding leaks of threads.
///
/// Source: Socorro `ThreadCountRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ThreadCount;

impl Rule for ThreadCount {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "ThreadCountRule",
            purpose: "count the threads of the process",
            reads: &[Item::Field("json_dump.thread_count")],
            writes: &[Item::Field("thread_count")],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let count = match crash.processed.lookup("json_dump.thread_count").cloned() {
            Some(Value::Number(count)) if socorro_core::json::is_integer(&count) => {
                Value::Number(count)
            }
            None | Some(Value::Null) => Value::Null,
            Some(_) => {
                crash.wrong_type("json_dump.thread_count", "an integer");
                Value::Null
            }
        };
        crash.processed.set("thread_count", count);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::added;
    use serde_json::json;

    #[test]
    fn the_count_is_always_there() {
        let dump = json!({"json_dump": {"thread_count": 7}});
        assert_eq!(
            added(ThreadCount, json!({}), dump),
            json!({"thread_count": 7})
        );
        assert_eq!(
            added(ThreadCount, json!({}), json!({})),
            json!({"thread_count": null})
        );
    }
}
