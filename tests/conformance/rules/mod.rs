//! The vectors of the processor's rules.

mod comparable;
mod declared;
pub(crate) mod functions;
mod pipeline;

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use socorro::{
    prelude::*,
    processor::{RuleError, RuleInfo, case::Case},
    signature::SignatureLists,
};

use crate::{Runner, Verdict, compare::difference};
use comparable::comparable;

/// What runs the cases of a file in `rules`.
pub(crate) fn runner(directory: &Path, file: &str) -> Result<Runner> {
    let lists = match file {
        "SignatureGeneratorRule" | "pipeline" => {
            SignatureLists::from_directory(directory.join("signature/siglists"))
                .context("the vectors for signatures need the lists in signature/siglists")?
        }
        _ => SignatureLists::default(),
    };
    let signatures = Arc::new(SignatureGenerator::new(lists));
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    if file == "pipeline" {
        return Ok(Box::new(move |case| {
            runtime.block_on(pipeline::run(case, &signatures))
        }));
    }
    let rule = file.to_owned();
    Ok(Box::new(move |case| {
        runtime.block_on(run(case, &rule, &signatures))
    }))
}

/// Where the questions that the version service was asked differ from the expected ones.
fn difference_in_lookups(case: &Value, input: &Case) -> Option<String> {
    let expected = case["expected"].get("lookups")?;
    difference("lookups", expected, &input.lookups().into())
}

/// Runs a case of one rule.
async fn run(case: &Value, rule: &str, signatures: &Arc<SignatureGenerator>) -> Result<Verdict> {
    let input = match Case::from_json(case) {
        Ok(input) => input,
        Err(error) => return Ok(Verdict::Differs(format!("cannot exist here: {error:#}"))),
    };
    let ruleset = input
        .ruleset_options(Arc::clone(signatures))
        .default_ruleset();
    let Some(info) = ruleset.infos().find(|info| info.name == rule) else {
        bail!("there is no rule {rule}");
    };
    let before = input.crash();
    let mut verdict = Verdict::Matched;
    for _ in 0..case["input"]["repeat"].as_u64().unwrap_or(1) {
        let mut crash = before.clone();
        let result = ruleset
            .apply_rule(rule, &mut crash)
            .await
            .context("no such rule")?;
        if let Some(problem) = undeclared(&ruleset, info, &before, &crash, &result).await? {
            return Ok(Verdict::Differs(problem));
        }
        verdict = judge(case, &crash, result)?;
    }
    Ok(match (verdict, difference_in_lookups(case, &input)) {
        (Verdict::Matched, Some(difference)) => Verdict::Differs(difference),
        (verdict, _) => verdict,
    })
}

/// What the rule reads or writes without saying so.
async fn undeclared(
    ruleset: &Ruleset,
    info: RuleInfo,
    before: &Crash,
    after: &Crash,
    result: &Result<(), RuleError>,
) -> Result<Option<String>> {
    if let Err(error) = result
        && error.kind() == "undeclared_write"
    {
        return Ok(Some(format!("the rule has an {error}")));
    }
    let mut reduced = declared::reduced(before, &info);
    let again = ruleset
        .apply_rule(info.name, &mut reduced)
        .await
        .context("no such rule")?;
    Ok(declared::difference(&info, after, &reduced)
        .or_else(|| (again != *result).then(|| "another end".to_owned()))
        .map(|difference| format!("the rule has an undeclared read: {difference}")))
}

fn judge(case: &Value, crash: &Crash, result: Result<(), RuleError>) -> Result<Verdict> {
    if let Err(error) = &result
        && error.kind() == "panic"
    {
        return Ok(Verdict::Differs(format!("the rule panicked: {error}")));
    }
    let level = case["level"].as_str().context("a case without level")?;
    if level == "fails" {
        // Upstream's rule failed: it is enough that somebody is told.
        let told = result.is_err() || !crash.notes().is_empty();
        return Ok(if told {
            Verdict::Matched
        } else {
            Verdict::Differs("no note is left".to_owned())
        });
    }
    if let Err(error) = result {
        return Ok(Verdict::Differs(format!("the rule failed: {error}")));
    }
    let expected = &case["expected"];
    let found = [
        ("processed_crash", comparable(&crash.processed)),
        ("raw_crash", Value::Object(crash.raw.as_map().clone())),
        ("notes", crash.notes().into()),
    ];
    let differs = found
        .iter()
        .find_map(|(name, found)| difference(name, &expected[*name], found));
    Ok(differs.map_or(Verdict::Matched, Verdict::Differs))
}
