//! `socorro rules list`.

use clap::Args;
use serde_json::{Map, Value, json};
use socorro_core::json::Form;
use socorro_processor::{Item, RuleInfo, Ruleset};

use super::{Format, catalog::Catalog, items, reference};
use crate::{arguments::RulesetArguments, exit::Exit, failure::Failure, output::Output};

const EXAMPLES: &str = "\
Examples:
  socorro rules list
  socorro rules list --ruleset regenerate_signature --format json
  socorro rules list --rulesets rulesets.toml --ruleset quick
  socorro rules list --format markdown > docs/rules.md

Rules run from top to bottom; one that reads what another one writes stands below it.";

/// List the rules of a ruleset in their order: what they are for, what they read and write.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ListArguments {
    #[command(flatten)]
    rulesets: RulesetArguments,
    /// Which ruleset
    #[arg(long, value_name = "NAME", default_value = "default")]
    ruleset: String,
    /// How to print them
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

pub(super) fn run(arguments: &ListArguments, output: &mut Output) -> Result<Exit, Failure> {
    let catalog = Catalog::new(&arguments.rulesets)?;
    let ruleset = catalog.ruleset(&arguments.ruleset)?;
    match arguments.format {
        Format::Text => text(ruleset, output)?,
        Format::Json => output.json(&json(ruleset), Form::Pretty)?,
        Format::Markdown => output.line(reference::rules(&catalog, ruleset))?,
    }
    Ok(Exit::Success)
}

/// What a ruleset does with the processed crash of the run before.
pub(super) fn start(ruleset: &Ruleset) -> &'static str {
    if ruleset.is_in_place() {
        "changes the processed crash of the run before"
    } else {
        "starts from an empty processed crash"
    }
}

fn text(ruleset: &Ruleset, output: &mut Output) -> Result<(), Failure> {
    let count = ruleset.infos().count();
    let rules = if count == 1 { "rule" } else { "rules" };
    output.line(format_args!(
        "ruleset {}: {count} {rules}, {}",
        ruleset.name(),
        start(ruleset)
    ))?;
    for (index, info) in ruleset.infos().enumerate() {
        output.line(format_args!(
            "\n{:3}  {}: {}\n       reads   {}\n       writes  {}",
            index + 1,
            info.name,
            info.purpose,
            items::text(info.reads, ""),
            items::text(info.writes, ""),
        ))?;
    }
    Ok(())
}

fn json(ruleset: &Ruleset) -> Map<String, Value> {
    let rules = ruleset.infos().map(|info| Value::Object(rule(&info)));
    let list = json!({
        "ruleset": ruleset.name(),
        "in_place": ruleset.is_in_place(),
        "rules": rules.collect::<Vec<_>>(),
    });
    match list {
        Value::Object(list) => list,
        _ => Map::new(),
    }
}

/// What a rule says about itself, as JSON.
pub(super) fn rule(info: &RuleInfo) -> Map<String, Value> {
    let items = |items: &[Item]| -> Value { items.iter().map(Item::to_string).collect() };
    Map::from_iter([
        ("name".to_owned(), info.name.into()),
        ("purpose".to_owned(), info.purpose.into()),
        ("reads".to_owned(), items(info.reads)),
        ("writes".to_owned(), items(info.writes)),
    ])
}
