//! The vectors of the processor's rules.

mod case;
mod declared;
pub(crate) mod functions;
mod pipeline;
mod stand_in;

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use socorro::{
    prelude::*,
    processor::{RuleError, RuleInfo, rules::RulesetOptions, version_lookup::CachedVersions},
    signature::SignatureLists,
};

use crate::{Runner, Verdict, compare::difference};
use stand_in::{StandInStackwalker, StandInVersions};

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

/// The built-in rulesets with everything outside replaced by what a case says.
struct World {
    options: RulesetOptions,
    versions: Arc<StandInVersions>,
}

impl World {
    fn new(case: &Value, signatures: &Arc<SignatureGenerator>) -> Self {
        let input = &case["input"];
        let stackwalker = Arc::new(StandInStackwalker::new(input["stackwalk"].clone()));
        let versions = Arc::new(StandInVersions::new(&input["version_api"]));
        let cached = Arc::new(CachedVersions::new(Arc::clone(&versions)));
        let options = RulesetOptions::new(stackwalker, Arc::clone(signatures)).versions(cached);
        Self { options, versions }
    }

    /// Where the questions that the version service was asked differ from the expected ones.
    fn difference_in_lookups(&self, case: &Value) -> Option<String> {
        let expected = case["expected"].get("lookups")?;
        difference("lookups", expected, &self.versions.asked())
    }
}

/// Runs a case of one rule.
async fn run(case: &Value, rule: &str, signatures: &Arc<SignatureGenerator>) -> Result<Verdict> {
    let world = World::new(case, signatures);
    let ruleset = world.options.default_ruleset();
    let Some(info) = ruleset.infos().find(|info| info.name == rule) else {
        bail!("there is no rule {rule}");
    };
    let before = match case::crash(&case["input"]) {
        Ok(crash) => crash,
        Err(error) => return Ok(Verdict::Differs(format!("cannot exist here: {error:#}"))),
    };
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
    Ok(match (verdict, world.difference_in_lookups(case)) {
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
        ("processed_crash", case::comparable(&crash.processed)),
        ("raw_crash", Value::Object(crash.raw.as_map().clone())),
        ("notes", crash.notes().into()),
    ];
    let differs = found
        .iter()
        .find_map(|(name, found)| difference(name, &expected[*name], found));
    Ok(differs.map_or(Verdict::Matched, Verdict::Differs))
}
