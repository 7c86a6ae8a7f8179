//! Which modules are on the crashing stack.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::{
    crashing_frames::{crashing_frames, note_wrong_frames},
    missing_symbols::{clean_debug_id, clean_file_name},
};
use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Lists the modules on the stack of the crashing thread with their debug ids, so that crashes can
/// be found again when missing symbols turn up.
///
/// Source: Socorro `ModulesInStackRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ModulesInStack;

impl Rule for ModulesInStack {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "ModulesInStackRule",
            purpose: "list the modules on the crashing stack with their debug ids",
            reads: &[
                Item::Field("crashing_thread"),
                Item::Field("json_dump.threads"),
                Item::Field("json_dump.modules"),
            ],
            writes: &[Item::Field("modules_in_stack")],
        }
    }

    fn applies(&self, crash: &Crash) -> bool {
        crash.processed.contains("json_dump")
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        for place in ["json_dump.threads", "json_dump.modules"] {
            let value = crash.processed.lookup(place);
            if value.is_some_and(|value| !value.is_array()) {
                crash.wrong_type(place, "an array");
            }
        }
        if !crash.processed.contains("crashing_thread") {
            crash.note("ModulesInStackRule: crashing_thread is missing");
        }
        note_wrong_frames(crash);
        let (found, wrong) = modules_in_stack(crash);
        if wrong {
            crash.wrong_type("json_dump.modules[].filename or debug_id", "text");
        }
        if found.is_empty() {
            crash.processed.remove("modules_in_stack");
        } else {
            crash.processed.set("modules_in_stack", found);
        }
        Ok(())
    }
}

/// `name/debug id` of each module on the crashing stack, and whether a module is of the wrong type.
fn modules_in_stack(crash: &Crash) -> (String, bool) {
    let on_stack: HashSet<&str> = crashing_frames(crash)
        .iter()
        .filter_map(|frame| frame.get("module")?.as_str())
        .collect();
    let modules = crash
        .processed
        .lookup("json_dump.modules")
        .and_then(Value::as_array);
    let mut wrong = false;
    // Of several modules with one name the last counts.
    let mut found = HashMap::new();
    for module in modules.map_or(&[][..], Vec::as_slice) {
        let Some(name) = module.get("filename") else {
            continue;
        };
        let debug_id = module.get("debug_id").map_or(Some(""), Value::as_str);
        match (name.as_str(), debug_id) {
            (Some(name), Some(debug_id)) if on_stack.contains(name) => {
                found.insert(name, debug_id);
            }
            (Some(_), Some(_)) => {}
            _ => wrong = true,
        }
    }
    let found: BTreeSet<String> = found
        .into_iter()
        .map(|(name, debug_id)| format!("{}/{}", clean_file_name(name), clean_debug_id(debug_id)))
        .collect();
    let found: Vec<String> = found.into_iter().collect();
    (found.join(";"), wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::added;
    use serde_json::json;

    #[test]
    fn modules_are_listed_once_in_order() {
        let crash = json!({"crashing_thread": 0, "json_dump": {
            "threads": [{"frames": [{"module": "b.so"}, {"module": "a (1).so"}, {"module": "b.so"}, {"module": null}]}],
            "modules": [
                {"filename": "a (1).so", "debug_id": "AB-1"},
                {"filename": "b.so", "debug_id": "0"},
                {"filename": "b.so"},
                {"filename": "c.so", "debug_id": "2"},
            ],
        }});
        assert_eq!(
            added(ModulesInStack, json!({}), crash),
            json!({"modules_in_stack": "a1.so/AB1;b.so/"})
        );
    }
}
