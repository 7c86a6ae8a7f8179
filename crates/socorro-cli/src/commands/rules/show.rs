//! `socorro rules show`.

use clap::Args;
use serde_json::{Map, Value, json};
use socorro_core::{json::Form, schema::Schema};
use socorro_processor::{Item, RuleInfo};

use super::{catalog::Catalog, items, list};
use crate::{arguments::RulesetArguments, exit::Exit, failure::Failure, output::Output};

const EXAMPLES: &str = "\
Examples:
  socorro rules show BetaVersionRule
  socorro rules show SignatureGeneratorRule --format json";

/// Show one rule: what it is for, what it reads and writes, where it runs, and its options.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ShowArguments {
    #[command(flatten)]
    rulesets: RulesetArguments,
    /// Which rule
    #[arg(value_name = "RULE")]
    rule: String,
    /// How to print it
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// Indented JSON
    Json,
}

pub(super) fn run(arguments: &ShowArguments, output: &mut Output) -> Result<Exit, Failure> {
    let catalog = Catalog::new(&arguments.rulesets)?;
    let info = catalog.rule(&arguments.rule)?;
    match arguments.format {
        Format::Text => text(&catalog, &info, output)?,
        Format::Json => output.json(&json(&catalog, &info), Form::Pretty)?,
    }
    Ok(Exit::Success)
}

/// The rulesets that have the rule, and its position in each, from 1.
fn positions<'a>(catalog: &'a Catalog, info: &RuleInfo) -> Vec<(&'a str, usize)> {
    let rulesets = catalog.pipeline().rulesets();
    let positions = rulesets.filter_map(|ruleset| {
        let position = ruleset.infos().position(|other| other.name == info.name);
        Some((ruleset.name(), position? + 1))
    });
    positions.collect()
}

fn text(catalog: &Catalog, info: &RuleInfo, output: &mut Output) -> Result<(), Failure> {
    output.line(format_args!("{}: {}", info.name, info.purpose))?;
    output.line(format_args!("\nReads\n  {}", items::text(info.reads, "")))?;
    output.line("\nWrites")?;
    for item in info.writes {
        output.line(format_args!("  {item}{}", described(item)))?;
    }
    if info.writes.is_empty() {
        output.line("  nothing")?;
    }
    output.line("\nRulesets")?;
    for (ruleset, position) in positions(catalog, info) {
        output.line(format_args!("  {ruleset}, at {position}"))?;
    }
    let options = catalog.options(info.name);
    if !options.is_empty() {
        output.line("\nOptions in a ruleset file")?;
    }
    for option in options {
        output.line(format_args!(
            "  {}: {} [default: {}]",
            option.name, option.meaning, option.default
        ))?;
    }
    Ok(())
}

/// Types and permission of a field.
fn described(item: &Item) -> String {
    let field = item
        .top_level_field()
        .and_then(|name| Schema::processed_crash().field(name));
    field.map_or_else(String::new, |field| {
        format!(": {}, {}", field.types(), field.permission())
    })
}

fn json(catalog: &Catalog, info: &RuleInfo) -> Map<String, Value> {
    let mut rule = list::rule(info);
    let positions = positions(catalog, info).into_iter();
    let rulesets = positions.map(|(name, position)| (name.to_owned(), position.into()));
    rule.insert("rulesets".to_owned(), Value::Object(rulesets.collect()));
    let options = catalog.options(info.name).iter();
    let options = options.map(
        |option| json!({"name": option.name, "default": option.default, "meaning": option.meaning}),
    );
    rule.insert("options".to_owned(), options.collect());
    rule
}
