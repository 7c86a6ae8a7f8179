//! Cases of the whole pipeline.

use serde_json::Value;

use super::Outcome;
use super::compare::{compare, compare_result, text};
use crate::{CrashData, SignatureGenerator, crash_data_json};

/// A case with crash data.
pub(super) fn run(generator: &SignatureGenerator, case: &Value) -> Result<Outcome, String> {
    let crash = CrashData::from_json(member(case, "crash_data")?);
    let result = generator.generate(&crash);
    Ok(Outcome::from_comparison(compare_result(
        &result,
        member(case, "expected")?,
    )))
}

/// A case with values of the wrong type: only the signature counts, and that it ends.
pub(super) fn run_malformed(
    generator: &SignatureGenerator,
    case: &Value,
) -> Result<Outcome, String> {
    let crash = CrashData::from_json(member(case, "crash_data")?);
    let result = generator.generate(&crash);
    let expected = text(member(case, "expected")?, "signature")?;
    Ok(Outcome::from_comparison(compare(
        "signature",
        &result.signature,
        &expected,
    )))
}

/// A case with a processed crash, converted both ways.
pub(super) fn run_processed(
    generator: &SignatureGenerator,
    case: &Value,
) -> Result<Outcome, String> {
    let processed = member(case, "processed_crash")?;
    let processed = processed
        .as_object()
        .ok_or("the processed crash is no object")?;
    let crash = CrashData::from_processed_crash(processed);
    let converted = Value::Object(crash_data_json(processed));
    let comparison = compare("crash_data", &converted, member(case, "crash_data")?)
        .and_then(|()| compare("crash data", &crash, &CrashData::from_json(&converted)))
        .and_then(|()| compare_result(&generator.generate(&crash), member(case, "expected")?));
    Ok(Outcome::from_comparison(comparison))
}

/// A member that every case has.
pub(super) fn member<'a>(case: &'a Value, key: &str) -> Result<&'a Value, String> {
    case.get(key)
        .ok_or_else(|| format!("the case has no {key:?}"))
}
