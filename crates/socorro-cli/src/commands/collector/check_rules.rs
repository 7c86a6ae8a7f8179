//! `socorro collector check-rules`.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};
use socorro_collector::throttle::{RandomDraws, Rules, Subject, Throttler as _};
use socorro_core::{Environment, json::Form};

use super::rules;
use crate::{
    exit::Exit,
    failure::Failure,
    input,
    output::{Clean, Output},
};

const EXAMPLES: &str = "\
Examples:
  socorro collector check-rules rules.toml
  socorro collector check-rules mozilla --against raw_crashes.ndjson
  jq -c .annotations requests.jsonl | socorro collector check-rules rules.toml --against -

What is wrong is an error; what is right and can hardly be meant, such as a rule that is never
reached, is a warning. --against takes annotations as JSON objects, raw crashes among them, one
after the other, and prints what each would get: its number or id, the result, and the rule that
decided. Samples are drawn anew each time.

Exit code 0: the rules can be used. Exit code 1: they cannot.";

/// Check a file of rules, and what they would do.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckRulesArguments {
    /// A file of rules, or the name of rules that are built in
    #[arg(value_name = "FILE|NAME")]
    rules: String,
    /// Show what these reports would get: annotations as JSON objects; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Print a JSON object for each report
    #[arg(long, requires = "against")]
    json: bool,
}

pub(super) fn run(arguments: &CheckRulesArguments, output: &mut Output) -> Result<Exit, Failure> {
    let rules = rules(&arguments.rules)?;
    for warning in rules.warnings() {
        output.line(format_args!("warning: {}", Clean(warning)))?;
    }
    let Some(file) = &arguments.against else {
        let count = rules.names().count();
        let warnings = rules.warnings().len();
        output.line(format_args!("{count} rules, {warnings} warnings"))?;
        return Ok(Exit::Success);
    };
    let text = input::text(file, "annotations")?;
    let documents = serde_json::Deserializer::from_str(&text).into_iter::<Map<String, Value>>();
    for (number, annotations) in documents.enumerate() {
        let annotations = annotations.map_err(|error| {
            let name = input::name(file);
            Failure::because(format_args!("{name}: document {}", number + 1), &error)
        })?;
        one(&rules, number + 1, &annotations, arguments.json, output)?;
    }
    Ok(Exit::Success)
}

fn one(
    rules: &Rules,
    number: usize,
    annotations: &Map<String, Value>,
    as_json: bool,
    output: &mut Output,
) -> Result<(), Failure> {
    let subject = Subject {
        annotations,
        main_dump_size: None,
        main_dump_sha256: None,
        user_agent: None,
        now: Environment::system().now(),
    };
    let verdict = rules.throttle(&subject, &mut RandomDraws);
    let id = annotations.get("uuid").and_then(Value::as_str);
    let name = id.map_or_else(|| number.to_string(), str::to_owned);
    let (result, rule) = (verdict.result.name(), &verdict.rule);
    if as_json {
        let line = json!({
            "report": name,
            "result": result,
            "rule": &**rule,
            "percentage": verdict.percentage,
        });
        let line = line.as_object().cloned().unwrap_or_default();
        return output.json(&line, Form::Compact);
    }
    output.line(format_args!("{}  {result}  {rule}", Clean(&name)))
}
