//! Helpers for testing rules, one's own included (feature `testkit`).
//!
//! ```
//! use serde_json::json;
//! use socorro_processor::{rules::general::Identifier, testing::after};
//!
//! assert_eq!(after(Identifier, json!({"uuid": "x"})), json!({"crash_id": "x", "uuid": "x"}));
//! ```

#![allow(
    clippy::needless_pass_by_value,
    reason = "tests read better when they hand over values"
)]

use serde_json::{Map, Value};
use socorro_core::{CrashId, Dumps, ProcessedCrash, RawCrash};

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleInfo},
};

/// The crash that rules are tried on.
///
/// # Panics
///
/// If `raw` or `processed` is not an object.
#[must_use]
pub fn crash(raw: Value, processed: Value, dumps: Dumps) -> Crash {
    #[expect(clippy::expect_used, reason = "a constant")]
    let id = CrashId::parse("a1b2c3d4-0000-4000-8000-abcdef260102").expect("a crash id");
    Crash::new(id, RawCrash::from(object(raw)), dumps)
        .with_processed(ProcessedCrash::from(object(processed)))
}

/// Applies a rule, if it applies, to a crash made of a raw and a processed crash.
///
/// # Panics
///
/// If the rule fails, or writes a field that it does not declare.
#[must_use]
pub fn apply(rule: impl Rule, raw: Value, processed: Value) -> Crash {
    let mut crash = crash(raw, processed, Dumps::new());
    let before = crash.processed.clone();
    crash.enter(rule.info().name);
    if rule.applies(&crash) {
        #[expect(clippy::panic, reason = "this is how a test fails")]
        rule.apply(&mut crash)
            .unwrap_or_else(|error| panic!("{error}"));
    }
    let undeclared = undeclared_writes(&rule.info(), &before, &crash.processed);
    assert!(
        undeclared.is_empty(),
        "{} writes undeclared {undeclared:?}",
        rule.info().name
    );
    crash
}

/// The processed crash after a rule was applied to a raw crash.
#[must_use]
pub fn after(rule: impl Rule, raw: Value) -> Value {
    Value::Object(
        apply(rule, raw, Value::Object(Map::new()))
            .processed
            .into_map(),
    )
}

/// The raw crash after a rule was applied to it.
#[must_use]
pub fn raw_after(rule: impl Rule, raw: Value) -> Value {
    Value::Object(apply(rule, raw, Value::Object(Map::new())).raw.into_map())
}

/// The fields that a rule added to a processed crash or changed in it.
#[must_use]
pub fn added(rule: impl Rule, raw: Value, processed: Value) -> Value {
    let mut fields = apply(rule, raw, processed.clone()).processed.into_map();
    fields.retain(|name, value| processed.get(name) != Some(value));
    Value::Object(fields)
}

/// The fields that changed between two states of a processed crash although the rule does not
/// declare to write them.
#[must_use]
pub fn undeclared_writes(
    info: &RuleInfo,
    before: &ProcessedCrash,
    after: &ProcessedCrash,
) -> Vec<String> {
    let names = before.as_map().keys().chain(after.as_map().keys());
    let changed = names.filter(|name| before.get(name) != after.get(name));
    changed
        .filter(|name| !info.writes.iter().any(|item| covers(item, name)))
        .cloned()
        .collect()
}

fn covers(item: &Item, name: &str) -> bool {
    match item {
        Item::Field(_) => item.top_level_field() == Some(name),
        Item::CopiedFields => socorro_core::schema::Schema::processed_crash()
            .field(name)
            .is_some_and(|field| field.source_annotation().is_some()),
        Item::FurtherMinidumps => name.starts_with("upload_file_minidump"),
        _ => false,
    }
}

#[expect(clippy::panic, reason = "this is how a test fails")]
fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("not an object: {other}"),
    }
}
