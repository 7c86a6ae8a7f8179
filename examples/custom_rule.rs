//! A rule of one's own in the default ruleset: `cargo run --example custom_rule`

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Context as _, Result};
use socorro::{prelude::*, processor::GIVEN_FIELDS};

/// Names the team that owns a crash, so that it lands on the right desk.
///
/// Which module belongs to which team is the rule's own configuration.
#[derive(Debug)]
struct OwningTeam {
    teams: BTreeMap<&'static str, &'static str>,
}

impl Rule for OwningTeam {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "OwningTeam",
            purpose: "name the team that owns the crash",
            reads: &[
                Item::Field("modules_in_stack"),
                Item::Annotation("ProductName"),
            ],
            writes: &[Item::Field("owning_team")],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        // `name/debug id` of each module on the crashing stack, joined with semicolons.
        let modules = crash.processed.text("modules_in_stack").unwrap_or_default();
        let names = modules
            .split(';')
            .filter_map(|module| module.split('/').next());
        let team = names
            .into_iter()
            .find_map(|name| self.teams.get(name))
            .copied();
        if team.is_none() {
            crash.note("OwningTeam: nobody owns this crash");
        }
        crash.processed.set("owning_team", team.unwrap_or("triage"));
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let rule = OwningTeam {
        teams: BTreeMap::from([("libaudio.so", "media"), ("libgl.so", "graphics")]),
    };
    let options = RulesetOptions::new(
        Arc::new(InProcessStackwalker::new().symbols(SymbolStore::empty())),
        Arc::new(SignatureGenerator::default()),
    );
    // The default ruleset with the rule where it belongs, and without one that nobody needs here.
    // A name that is not in the ruleset is an error that says which one was probably meant.
    let ruleset = options
        .default_ruleset()
        .insert_after("ModulesInStackRule", rule)?
        .without("ThemePrettyNameRule")?
        .renamed("with-teams");

    // Order is meaning: the rule reads what one of the built-in rules writes.
    let violations = ruleset.order_violations(&GIVEN_FIELDS);
    anyhow::ensure!(violations.is_empty(), "wrong order: {violations:?}");

    let pipeline = Pipeline::new(Environment::system()).with(ruleset);
    let id = CrashId::mint(Date::constant(2026, 11, 23), 0);
    let mut raw = RawCrash::new();
    raw.set("ProductName", "Example");
    let crash = pipeline
        .run("with-teams", Crash::new(id, raw, Dumps::new()))
        .await?;

    println!(
        "owning team: {}",
        crash
            .processed
            .text("owning_team")
            .context("the rule did not run")?
    );
    for note in crash.notes() {
        println!("note:        {note}");
    }
    Ok(())
}
