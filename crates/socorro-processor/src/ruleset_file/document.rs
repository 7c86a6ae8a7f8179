//! Reading the TOML of a ruleset file.

use std::collections::BTreeMap;

use socorro_queue::RulesetName;
use toml::{Table, Value};

use super::{MAX_RULESETS, MAX_SIZE, Problem, definition::Definition};
use crate::suggestion::nearest;

/// The only key at the top.
const RULESET: &str = "ruleset";

/// Reads all definitions, by name.
pub(super) fn read(text: &str) -> Result<BTreeMap<String, Definition>, Problem> {
    if text.len() as u64 > MAX_SIZE {
        return Err(Problem::TooLarge {
            limit: MAX_SIZE,
            of: "bytes",
        });
    }
    let document: Table = text.parse().map_err(|error| syntax(text, &error))?;
    known_keys(&document, "", &[RULESET])?;
    let Some(rulesets) = document.get(RULESET) else {
        return Err(Problem::WrongValue {
            key: RULESET.to_owned(),
            reason: "no ruleset is defined; one begins with [ruleset.NAME]".to_owned(),
        });
    };
    let rulesets = table(rulesets, RULESET)?;
    if rulesets.len() > MAX_RULESETS {
        return Err(Problem::TooLarge {
            limit: MAX_RULESETS as u64,
            of: "rulesets",
        });
    }
    let mut definitions = BTreeMap::new();
    for (name, value) in rulesets {
        let key = format!("{RULESET}.{name}");
        if RulesetName::parse(name).is_none() {
            let reason = "the name of a ruleset has 1 to 64 ASCII letters, digits, '_', '-' and '.'; queue messages carry it";
            return Err(wrong(&key, reason));
        }
        let definition = Definition::read(table(value, &key)?, key)?;
        definitions.insert(name.clone(), definition);
    }
    Ok(definitions)
}

fn syntax(text: &str, error: &toml::de::Error) -> Problem {
    let offset = error.span().map_or(0, |span| span.start).min(text.len());
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    Problem::Syntax {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        reason: error.message().replace('\n', " "),
    }
}

/// Makes sure that a table has no other keys than these.
pub(super) fn known_keys(table: &Table, place: &str, known: &[&str]) -> Result<(), Problem> {
    let Some(unknown) = table.keys().find(|key| !known.contains(&key.as_str())) else {
        return Ok(());
    };
    let dot = if place.is_empty() { "" } else { "." };
    Err(Problem::UnknownKey {
        key: format!("{place}{dot}{unknown}"),
        suggestion: nearest(unknown, known.iter().copied()).map(str::to_owned),
    })
}

/// The value of a key that has to be a table.
pub(super) fn table<'a>(value: &'a Value, key: &str) -> Result<&'a Table, Problem> {
    value
        .as_table()
        .ok_or_else(|| expected(key, "a table", value))
}

/// The value of a key that has to be an array.
pub(super) fn array<'a>(value: &'a Value, key: &str) -> Result<&'a [Value], Problem> {
    let array = value.as_array().map(Vec::as_slice);
    array.ok_or_else(|| expected(key, "an array", value))
}

/// The value of a key that has to be text.
pub(super) fn text(value: &Value, key: &str) -> Result<String, Problem> {
    let text = value.as_str().map(str::to_owned);
    text.ok_or_else(|| expected(key, "text", value))
}

/// The value of a key that has to be a boolean.
pub(super) fn boolean(value: &Value, key: &str) -> Result<bool, Problem> {
    value
        .as_bool()
        .ok_or_else(|| expected(key, "true or false", value))
}

fn expected(key: &str, expected: &str, found: &Value) -> Problem {
    wrong(
        key,
        format!("expected {expected}, found {}", found.type_str()),
    )
}

pub(super) fn wrong(key: &str, reason: impl Into<String>) -> Problem {
    Problem::WrongValue {
        key: key.to_owned(),
        reason: reason.into(),
    }
}
