//! `socorro config check`.

use clap::Args;

use crate::{
    exit::Exit,
    failure::Failure,
    output::{Clean, Output},
    settings::{Origin, Settings, Weight},
};

const EXAMPLES: &str = "\
Examples:
  socorro config check
  socorro config check --config /etc/socorro.toml
  socorro config check --env-file production.env

Reads what every command reads, and the files that settings name; asks no server anything, which is
what `socorro doctor` does. Exit code 0: all can be used, though there may be warnings. Exit code 2:
something cannot.";

/// Check all settings without touching what they name.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckArguments {
    /// Take a warning for an error
    #[arg(long)]
    strict: bool,
}

pub(super) fn run(
    arguments: &CheckArguments,
    settings: &Settings,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let failures = settings.check_files();
    for failure in &failures {
        output.report(failure);
    }
    let mut warnings = 0_usize;
    for remark in settings.remarks() {
        let label = match remark.weight {
            Weight::Warning => {
                warnings += 1;
                "warning"
            }
            Weight::Note => "note",
        };
        output.line(format_args!("{label}: {}", Clean(&remark.text)))?;
    }
    if !failures.is_empty() || (arguments.strict && warnings > 0) {
        return Ok(Exit::Usage);
    }
    let set = settings
        .all()
        .iter()
        .filter(|setting| setting.origin != Origin::Default);
    output.line(format_args!("{} settings, all can be used", set.count()))?;
    Ok(Exit::Success)
}
