//! `socorro doctor`: whether what settings lead to can be worked with.

mod finding;
mod machine;
mod queue;
mod storage;
mod symbols;
mod walkers;

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};
use socorro_core::json::Form;

use self::finding::{Finding, State};
use crate::{
    arguments::{WalkArguments, WalkerArguments, values},
    exit::Exit,
    failure::Failure,
    output::{Clean, Output},
    settings::{Settings, Weight},
};

const EXAMPLES: &str = "\
Examples:
  socorro doctor
  socorro doctor --config /etc/socorro.toml --read-only
  socorro doctor --format json | jq '.checks[] | select(.state != \"ok\")'

Checks settings, storage, queue, symbols, walkers, temporary directory, cache, memory and clock, and says what
to do about what is wrong. In the storage it writes a document and a processed crash of an id that no
report has, and deletes both; with --read-only, or an address that can only be read, it writes nothing.
Exit code 0: there may be warnings. Exit code 1: a processor could not work like this.";

/// Check what a processor needs, and say what to do about it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorArguments {
    /// Which storage
    #[arg(
        long,
        value_name = "URL",
        env = "SOCORRO_STORAGE",
        hide_env_values = true
    )]
    storage: Option<String>,
    /// Which queue
    #[arg(
        long,
        value_name = "URL",
        env = "SOCORRO_QUEUE",
        hide_env_values = true
    )]
    queue: Option<String>,
    #[command(flatten)]
    walk: WalkArguments,
    #[command(flatten)]
    walkers: WalkerArguments,
    /// How many crashes would be in work at once [default: number of processors]
    #[arg(long, value_name = "N", env = "SOCORRO_WORKERS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,
    /// Where dumps of crashes in work would be [default: the system's temporary directory]
    #[arg(long, value_name = "DIR", env = "PROCESSOR_TEMPORARY_PATH")]
    temporary_path: Option<PathBuf>,
    /// Write nothing to the storage
    #[arg(long)]
    read_only: bool,
    /// How long each check may take
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = values::duration)]
    timeout: Duration,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// Indented JSON
    Json,
}

pub(crate) async fn run(
    arguments: &DoctorArguments,
    settings: &Settings,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let mut findings = of_settings(settings);
    let (storage, queue, symbols) = tokio::join!(
        storage::check(arguments),
        queue::check(arguments),
        symbols::check(arguments),
    );
    findings.extend(storage);
    findings.extend(queue);
    findings.extend(symbols);
    findings.push(walkers::check(arguments).await);
    findings.extend(machine::check(arguments));
    match arguments.format {
        Format::Text => text(&findings, output)?,
        Format::Json => output.json(&to_json(&findings), Form::Pretty)?,
    }
    let failed = findings.iter().any(|finding| finding.state == State::Error);
    Ok(Exit::failure_if(failed))
}

fn of_settings(settings: &Settings) -> Vec<Finding> {
    const NAME: &str = "settings";
    let remarks = settings.remarks().iter();
    let warnings = remarks.filter(|remark| remark.weight == Weight::Warning);
    let mut findings: Vec<_> = warnings
        .map(|remark| Finding::warning(NAME, &remark.text))
        .collect();
    findings.extend(
        settings
            .check_files()
            .iter()
            .map(|failure| Finding::failed(NAME, failure)),
    );
    if findings.is_empty() {
        findings.push(Finding::ok(NAME, "all can be used"));
    }
    findings
}

fn text(findings: &[Finding], output: &mut Output) -> Result<(), Failure> {
    for finding in findings {
        let (state, name) = (finding.state.as_str(), finding.name);
        output.line(format_args!(
            "{state:<8} {name:<10} {}",
            Clean(&finding.message)
        ))?;
        if let Some(hint) = &finding.hint {
            output.line(format_args!("{:<19} {}", "", Clean(hint)))?;
        }
    }
    Ok(())
}

fn to_json(findings: &[Finding]) -> Map<String, Value> {
    let failed = findings.iter().any(|finding| finding.state == State::Error);
    let checks = findings.iter().map(Finding::to_json).collect();
    Map::from_iter([
        ("ok".to_owned(), (!failed).into()),
        ("checks".to_owned(), checks),
    ])
}
