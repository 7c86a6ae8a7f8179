//! Which modules are on the crashing stack.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::{
    crashing_frames::crashing_frames,
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
        for (place, is_right) in [
            ("json_dump.threads", Value::is_array as fn(&Value) -> bool),
            ("json_dump.modules", Value::is_array),
        ] {
            if crash
                .processed
                .lookup(place)
                .is_some_and(|value| !is_right(value))
            {
                crash.wrong_type(place, "an array");
            }
        }
        if !crash.processed.contains("crashing_thread") {
            crash.note("ModulesInStackRule: crashing_thread is missing");
        }
        let frames = crashing_frames(crash);
        let modules = modules(crash);
        let found: BTreeSet<&str> = frames
            .iter()
            .filter_map(|frame| modules.get(frame.get("module")?.as_str()?))
            .map(String::as_str)
            .collect();
        if found.is_empty() {
            crash.processed.remove("modules_in_stack");
        } else {
            let found: Vec<_> = found.into_iter().collect();
            crash.processed.set("modules_in_stack", found.join(";"));
        }
        Ok(())
    }
}

/// `name/debug id` of each module by file name; of several with one name the last counts.
fn modules(crash: &mut Crash) -> HashMap<String, String> {
    let mut wrong = false;
    let mut found = HashMap::new();
    let modules = crash
        .processed
        .lookup("json_dump.modules")
        .and_then(Value::as_array);
    for module in modules.map_or(&[][..], Vec::as_slice) {
        let Some(name) = module.get("filename") else {
            continue;
        };
        let debug_id = module.get("debug_id").map_or(Some(""), Value::as_str);
        match (name.as_str(), debug_id) {
            (Some(name), Some(debug_id)) => {
                let value = format!("{}/{}", clean_file_name(name), clean_debug_id(debug_id));
                found.insert(name.to_owned(), value);
            }
            _ => wrong = true,
        }
    }
    if wrong {
        crash.wrong_type("json_dump.modules[].filename or debug_id", "text");
    }
    found
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
