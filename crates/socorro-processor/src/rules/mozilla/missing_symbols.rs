//! Modules without symbols.

use serde_json::{Map, Value};
use socorro_core::json::is_truthy;

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Stands for a debug id that is not there.
const NO_DEBUG_ID: &str = "000000000000000000000000000000000";

/// Lists the modules that had no symbols, so that somebody can upload them.
///
/// Source: Socorro `MissingSymbolsRule`.
#[derive(Debug, Clone, Copy, Default)]
pub struct MissingSymbols;

impl Rule for MissingSymbols {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "MissingSymbolsRule",
            purpose: "list the modules without symbols",
            reads: &[Item::Field("json_dump.modules")],
            writes: &[Item::Field("missing_symbols")],
        }
    }

    fn applies(&self, crash: &Crash) -> bool {
        crash
            .processed
            .lookup("json_dump.modules")
            .is_some_and(is_truthy)
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let mut wrong = false;
        let modules = crash
            .processed
            .lookup("json_dump.modules")
            .and_then(Value::as_array);
        let mut missing: Vec<String> = modules
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .filter_map(Value::as_object)
            .filter(|module| module.get("missing_symbols") == Some(&Value::Bool(true)))
            .filter(|module| module.get("filename").is_some_and(is_truthy))
            .filter_map(|module| {
                let entry = entry(module);
                wrong |= entry.is_none();
                entry
            })
            .collect();
        if wrong {
            crash.wrong_type(
                "json_dump.modules[] filename, version, debug_id or code_id",
                "text",
            );
        }
        if missing.is_empty() {
            crash.processed.remove("missing_symbols");
        } else {
            missing.sort();
            crash.processed.set("missing_symbols", missing.join(";"));
        }
        Ok(())
    }
}

/// `name/version/debug id[/code id]`; `None` when one of them is of a wrong type.
fn entry(module: &Map<String, Value>) -> Option<String> {
    let name = clean_file_name(module.get("filename")?.as_str()?);
    let version = match module.get("version") {
        Some(Value::String(version)) if !version.is_empty() => version.replace('/', "\\/"),
        Some(version) if is_truthy(version) => return None,
        _ => "None".to_owned(),
    };
    let debug_id = module
        .get("debug_id")
        .map_or(Some(NO_DEBUG_ID), Value::as_str)?;
    let code_id = match module.get("code_id") {
        Some(Value::String(code_id)) => clean_debug_id(code_id),
        Some(code_id) if is_truthy(code_id) => return None,
        _ => String::new(),
    };
    let separator = if code_id.is_empty() { "" } else { "/" };
    Some(format!(
        "{name}/{version}/{}{separator}{code_id}",
        clean_debug_id(debug_id)
    ))
}

/// A file name reduced to what cannot be mistaken for a separator.
pub(super) fn clean_file_name(name: &str) -> String {
    name.chars()
        .filter(|character| {
            character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-')
        })
        .collect()
}

/// The hexadecimal digits of an id.
pub(super) fn clean_debug_id(id: &str) -> String {
    id.chars().filter(char::is_ascii_hexdigit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::added;
    use serde_json::json;

    #[test]
    fn only_modules_whose_symbols_were_missed_are_listed() {
        let modules = json!([
            {"filename": "b.so", "version": "1/2", "debug_id": "A-1", "code_id": "f0", "missing_symbols": true},
            {"filename": "a.so", "version": null, "missing_symbols": true},
            {"filename": "c.so", "missing_symbols": false},
            {"filename": "", "missing_symbols": true},
        ]);
        let found = added(
            MissingSymbols,
            json!({}),
            json!({"json_dump": {"modules": modules}}),
        );
        let expected = format!("a.so/None/{NO_DEBUG_ID};b.so/1\\/2/A1/f0");
        assert_eq!(found, json!({"missing_symbols": expected}));
    }
}
