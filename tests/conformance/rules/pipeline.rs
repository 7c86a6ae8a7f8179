//! The vectors of whole rulesets.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use serde_json::Value;
use socorro::{prelude::*, processor::case::Case};

use super::comparable::comparable;
use crate::{Verdict, compare::difference};

/// The clock and the host of the recorded results.
const NOW: &str = "2026-01-02T03:04:05Z";
const HOST: &str = "testhost";

/// Runs a case of a whole ruleset.
pub(super) async fn run(case: &Value, signatures: &Arc<SignatureGenerator>) -> Result<Verdict> {
    let input = Case::from_json(case)?;
    let options = input.ruleset_options(Arc::clone(signatures));
    let ruleset = case["input"]["ruleset"]
        .as_str()
        .context("a case without ruleset")?;
    let pipeline = Pipeline::new(Environment::fixed(NOW.parse()?, HOST))
        .with_rulesets(&options)
        // As upstream does it: what an earlier run found stays unless it is overwritten.
        .with(options.default_ruleset().in_place());
    let crash = pipeline.run(ruleset, input.crash()).await?;
    if let Some(panicked) = crash.notes().iter().find(|note| note.ends_with(": panic")) {
        return Ok(Verdict::Differs(panicked.clone()));
    }
    if case["level"] == "fails" {
        // Upstream's rules failed: it is enough that somebody is told. The first note always is.
        let told = crash.notes().len() > 1;
        return Ok(if told {
            Verdict::Matched
        } else {
            Verdict::Differs("no note is left".to_owned())
        });
    }
    let differs = compare(case, &crash).or_else(|| super::difference_in_lookups(case, &input));
    Ok(differs.map_or(Verdict::Matched, Verdict::Differs))
}

fn compare(case: &Value, crash: &Crash) -> Option<String> {
    let mut expected = case["expected"]["processed_crash"].clone();
    let mut found = comparable(&crash.processed);
    // The notes in one text, which may hold matchers as the list does: compared line by line.
    if expected["processor_notes"]["$match"] == "notes" {
        let text = found["processor_notes"].as_str().unwrap_or_default();
        found["processor_notes"] = text.split('\n').collect();
        expected["processor_notes"] = case["expected"]["notes"].clone();
    }
    let raw = Value::Object(crash.raw.as_map().clone());
    difference("processed_crash", &expected, &found)
        .or_else(|| difference("raw_crash", &case["expected"]["raw_crash"], &raw))
        .or_else(|| difference("notes", &case["expected"]["notes"], &crash.notes().into()))
}
