//! `socorro collector check-rules`.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};
use socorro_collector::throttle::{self, Chance};
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
  socorro collector check-rules rules.toml --against requests.jsonl --json

What is wrong is an error; what is right and can hardly be meant, such as a rule that is never
reached, is a warning. --against takes a JSON object on each line: annotations, as in a raw crash,
or {\"annotations\": {…}, \"dump_bytes\": N, \"user_agent\": \"…\"}. It prints what becomes of each, and
how probable that is where a rule takes samples.

Exit code 0: the rules can be used. Exit code 1: a line of --against cannot be read. Exit code 2:
the rules cannot be used.";

/// Check a file of rules, and what they would do.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckRulesArguments {
    /// A file of rules, or the name of rules that are built in
    #[arg(value_name = "FILE|NAME")]
    rules: String,
    /// Show what becomes of these reports: JSON objects, one on each line, in a file, compressed or
    /// not; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Print a JSON object for each outcome of each report
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
    let samples = input::crashes(file, &indicatif::ProgressBar::hidden())?;
    let mut failed = false;
    for checked in throttle::check(&rules, samples, Environment::system().now()) {
        let line = checked.line;
        match checked.outcome {
            Ok(chances) => {
                for chance in chances {
                    one(line, &chance, arguments.json, output)?;
                }
            }
            Err(error) => {
                failed = true;
                let place = format!("{}:{line}", input::name(file));
                output.report(&Failure::because(place, &error));
            }
        }
    }
    Ok(Exit::failure_if(failed))
}

fn one(line: usize, chance: &Chance, as_json: bool, output: &mut Output) -> Result<(), Failure> {
    let result = chance.verdict.result.name();
    let rule = &*chance.verdict.rule;
    if as_json {
        let shown = Map::from_iter([
            ("line".to_owned(), json!(line)),
            ("probability".to_owned(), json!(chance.probability)),
            ("result".to_owned(), Value::from(result)),
            ("rule".to_owned(), Value::from(rule)),
        ]);
        return output.json(&shown, Form::Processor);
    }
    let percent = chance.probability * 100.0;
    output.line(format_args!("{line}: {result} {percent}% {rule}"))
}
