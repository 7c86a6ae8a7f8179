//! The vectors of the telemetry copy.

use anyhow::{Context as _, Result};
use serde_json::Value;
use socorro::{core::telemetry, prelude::*};

use crate::{Verdict, compare::difference};

/// Runs a case: a processed crash, and the report made of it.
pub(crate) fn run(case: &Value) -> Result<Verdict> {
    let input = case["input"].as_object().context("input is no object")?;
    let report = telemetry::crash_report(&ProcessedCrash::from(input.clone()));
    let document = Value::Object(report.document);
    if let Some(output) = case.get("output") {
        if report.wrongly_typed > 0 {
            return Ok(Verdict::Differs(format!(
                "{} values were dropped",
                report.wrongly_typed
            )));
        }
        return Ok(
            difference("report", output, &document).map_or(Verdict::Matched, Verdict::Differs)
        );
    }
    // Upstream loses the report; only the wrongly typed fields have to go.
    let kept = document.as_object().map_or(0, serde_json::Map::len);
    Ok(
        if kept + report.wrongly_typed == input.len() && report.wrongly_typed > 0 {
            Verdict::Matched
        } else {
            Verdict::Differs(format!("{document} is left"))
        },
    )
}
