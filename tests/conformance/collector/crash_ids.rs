//! Which crash ids clients may bring.

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};
use socorro::core::{CrashId, time::Timestamp};
use socorro_collector::{
    MemoryBudget,
    parse::{Payload, Report},
    report::{Options, crash_id},
    throttle::ThrottleResult,
};

use crate::Verdict;

pub(crate) fn run(case: &Value) -> Result<Verdict> {
    let text = case["crash_id"].as_str().context("no crash id")?;
    let wanted = |member: &str| match &case["want"][member] {
        Value::Null => &case[member],
        value => value,
    };
    let parsed = CrashId::parse(text).ok();
    let mut differences = Vec::new();
    for (member, ours) in [
        ("valid", Value::from(is_taken(text))),
        ("valid_ignoring_digit", parsed.is_some().into()),
    ] {
        if ours != *wanted(member) {
            differences.push(format!("{member} is {ours} instead of {}", wanted(member)));
        }
    }
    if let Some(id) = parsed {
        let digit = Value::from(id.throttle_digit().to_digit(16));
        for (member, ours) in [("throttle", digit), ("date", id.date_key().into())] {
            if ours != case[member] {
                differences.push(format!("{member} is {ours} instead of {}", case[member]));
            }
        }
    }
    Ok(match &differences[..] {
        [] => Verdict::Matched,
        _ => Verdict::Differs(differences.join(", ")),
    })
}

/// Whether the collector takes an id that an authorised client brings.
fn is_taken(text: &str) -> bool {
    let mut annotations = Map::new();
    annotations.insert("uuid".to_owned(), text.into());
    let report = Report {
        annotations,
        files: Vec::new(),
        notes: Vec::new(),
        payload: Payload::Json,
        compressed: false,
        size: 0,
        unpacked_size: 0,
        scratch: None,
        memory: MemoryBudget::new(0).reservation(),
    };
    let options = Options {
        submitter_token: Some("token".to_owned()),
        ..Options::mozilla()
    };
    let (result, now) = (ThrottleResult::Accept, Timestamp::UNIX_EPOCH);
    crash_id(&report, Some(b"Bearer token"), result, now, &options).is_ok()
}
