//! `socorro rules run`.

mod difference;
mod print;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::Value;
use socorro_processor::{Crash, case::Case};

use self::difference::Difference;
use super::catalog::{Catalog, unknown};
use crate::{
    arguments::{RulesetArguments, SignatureArguments},
    exit::Exit,
    failure::Failure,
    input,
    output::{Clean, Output},
};

const EXAMPLES: &str = "\
Examples:
  socorro rules run ProcessTypeRule --input case.json
  socorro rules run default --input case.json --format json
  socorro rules run MajorVersionRule --input recorded.json --case MajorVersionRule/no-version
  echo '{\"raw_crash\": {\"Version\": \"115.2.1\"}}' | socorro rules run MajorVersionRule --input -

A case is a JSON object; each member may be absent:
  raw_crash        the annotations
  processed_crash  what is known before
  dumps            by name: {\"base64\": \"…\"}, {\"size\": N} or {\"missing\": true}
  stackwalk        by name of the minidump: {\"output\": …}, or output_text; exit_code, log
  version_api      answers about versions: [{\"when\": {\"build_id\": \"…\"}, \"body\": {\"hits\": […]}}]
An object with a member `input` is a case with remarks. Nothing outside is asked: minidumps are not
walked, version services not called.

Exit code 1 when a rule failed.";

/// Apply one rule, or all rules of a ruleset, to a crash written down as JSON, and print what changed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct RunArguments {
    /// Which rule or ruleset
    #[arg(value_name = "RULE|RULESET")]
    name: String,
    /// The case; `-` reads it from standard input
    #[arg(long, value_name = "FILE.json")]
    input: PathBuf,
    /// Which case, in a file with an array of cases: the one with this `id`
    #[arg(long, value_name = "ID")]
    case: Option<String>,
    #[command(flatten)]
    rulesets: RulesetArguments,
    /// The ruleset from which a rule is taken, with the options it has there
    #[arg(long, value_name = "NAME", default_value = "default")]
    ruleset: String,
    #[command(flatten)]
    signature: SignatureArguments,
    /// How to print what changed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: long values are shortened
    #[default]
    Text,
    /// Indented JSON with whole values
    Json,
}

pub(super) async fn run(arguments: &RunArguments, output: &mut Output) -> Result<Exit, Failure> {
    let document = input::document(&arguments.input, "case")?;
    let case = Case::from_json(selected(&document, arguments)?)?;
    for name in case.unlisted_minidumps() {
        tracing::warn!(%name, "the case has no stackwalk of this minidump: taken as OK and empty");
    }
    let options = case.ruleset_options(arguments.signature.generator()?);
    let catalog = Catalog::with_options(&arguments.rulesets, &options)?;
    let before = case.crash();
    let (after, failed) = applied(&catalog, arguments, before.clone()).await?;
    let difference = Difference::between(&before, &after);
    match arguments.format {
        Format::Text => print::text(&difference, output)?,
        Format::Json => print::json(&difference, &failed, output)?,
    }
    if failed.is_empty() {
        return Ok(Exit::Success);
    }
    let (name, failed) = (&arguments.name, failed.join(", "));
    Err(Failure::new(format!("{name} failed: {}", Clean(&failed))))
}

/// The crash after the rule or ruleset, and what failed.
async fn applied(
    catalog: &Catalog,
    arguments: &RunArguments,
    mut crash: Crash,
) -> Result<(Crash, Vec<String>), Failure> {
    let (name, pipeline) = (&arguments.name, catalog.pipeline());
    if pipeline.ruleset(name).is_some() {
        let crash = pipeline.run(name, crash).await?;
        let failed = crash.processed.get("processor_failed_rules");
        let failed = failed.and_then(Value::as_array).map(Vec::as_slice);
        let names = failed.unwrap_or_default().iter().filter_map(Value::as_str);
        let names = names.map(str::to_owned).collect();
        return Ok((crash, names));
    }
    let ruleset = catalog.ruleset(&arguments.ruleset)?;
    match ruleset.apply_rule(name, &mut crash).await {
        Some(result) => {
            let failed = result.err().map(|error| error.to_string());
            Ok((crash, failed.into_iter().collect()))
        }
        None => {
            let rules = ruleset.infos().map(|info| info.name);
            let rulesets = pipeline.rulesets().map(socorro_processor::Ruleset::name);
            Err(unknown("rule or ruleset", name, rules.chain(rulesets))
                .hint("`socorro rules list` shows the rules there are"))
        }
    }
}

/// The case that is meant: the document itself, or one of an array.
fn selected<'a>(document: &'a Value, arguments: &RunArguments) -> Result<&'a Value, Failure> {
    let file = input::name(Path::new(&arguments.input));
    match (document, &arguments.case) {
        (Value::Array(cases), Some(id)) => {
            let id_of = |case: &'a Value| case.get("id").and_then(Value::as_str);
            let found = cases.iter().find(|case| id_of(case) == Some(id));
            found.ok_or_else(|| unknown("case", id, cases.iter().filter_map(id_of)))
        }
        (Value::Array(cases), None) => {
            Err(Failure::usage(format!("{file} has {} cases", cases.len()))
                .hint("--case ID says which one"))
        }
        (_, Some(_)) => {
            Err(Failure::usage(format!("{file} has no array of cases")).hint("leave out --case"))
        }
        (case, None) => Ok(case),
    }
}
