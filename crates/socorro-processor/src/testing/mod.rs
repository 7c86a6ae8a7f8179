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

#[expect(clippy::expect_used, reason = "this is how a test fails")]
mod hold;

pub use hold::{Input, holds_for, holds_for_bytes, process};

use serde_json::{Map, Value};
use socorro_core::{CrashId, Dumps, ProcessedCrash, RawCrash};

use crate::{
    crash::Crash,
    rule::{AsyncRule, Rule, RuleError, RuleInfo},
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
/// If the rule fails, or writes what it does not declare.
#[must_use]
pub fn apply(rule: impl Rule, raw: Value, processed: Value) -> Crash {
    let mut crash = crash(raw, processed, Dumps::new());
    let before = crash.clone();
    crash.enter(rule.info().name);
    let result = if rule.applies(&crash) {
        rule.apply(&mut crash)
    } else {
        Ok(())
    };
    checked(&rule.info(), result, &before, crash)
}

/// Applies a rule that waits, if it applies, to a crash.
///
/// # Panics
///
/// As [`apply`].
pub async fn apply_async(rule: &impl AsyncRule, mut crash: Crash) -> Crash {
    let before = crash.clone();
    crash.enter(rule.info().name);
    let result = if rule.applies(&crash) {
        rule.apply(&mut crash).await
    } else {
        Ok(())
    };
    checked(&rule.info(), result, &before, crash)
}

fn checked(info: &RuleInfo, result: Result<(), RuleError>, before: &Crash, crash: Crash) -> Crash {
    #[expect(clippy::panic, reason = "this is how a test fails")]
    if let Err(error) = result {
        panic!("{} failed: {error}", info.name);
    }
    let undeclared = info.undeclared_writes(before, &crash);
    assert!(
        undeclared.is_empty(),
        "{} writes what it does not declare: {}",
        info.name,
        undeclared.join(", ")
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

#[expect(clippy::panic, reason = "this is how a test fails")]
fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("not an object: {other}"),
    }
}
