//! `socorro signature check`: what is wrong with lists.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;
use socorro_core::json::{Form, to_string};
use socorro_signature::{ListReport, check_lists};

use crate::{
    exit::Exit,
    failure::Failure,
    output::{Clean, Output},
};

const EXAMPLES: &str = "\
Examples:
  socorro signature check ./lists
  socorro signature check ./lists --format json | jq '.problems[] | select(.kind == \"unreachable\")'

Errors: what keeps the lists from being loaded, and examples that do not hold. Warnings: what does
nothing, such as duplicates, entries that another one covers, and sentinels that no frame is named.
Comments right above an entry can give examples of frames, which are tried on it:

  # example: void operator delete(void*)
  # counterexample: delete_everything
  operator (new|delete)

Exit code 1 if there are errors; warnings alone are no failure.";

/// How problems are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line for each, as compilers have it
    Text,
    /// An indented object
    Json,
}

/// Look for what is wrong with signature lists.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CheckArguments {
    /// Directory with the four lists
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// How to print the problems
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &CheckArguments, output: &mut Output) -> Result<Exit, Failure> {
    let directory = &arguments.directory;
    if !directory.is_dir() {
        let what = format!("cannot check {}: it is no directory", directory.display());
        return Err(Failure::new(what).hint("name the directory that holds the four lists"));
    }
    let report = check_lists(directory);
    match arguments.format {
        Format::Text => print_text(arguments, &report, output)?,
        Format::Json => {
            let (errors, warnings) = (report.errors(), report.warnings());
            let object = json!({
                "entries": report.entries, "errors": errors, "warnings": warnings,
                "problems": report.problems,
            });
            output.line(to_string(&object, Form::Pretty))?;
        }
    }
    Ok(Exit::failure_if(report.errors() > 0))
}

fn print_text(
    arguments: &CheckArguments,
    report: &ListReport,
    output: &mut Output,
) -> Result<(), Failure> {
    // With the separator at its end.
    let directory = arguments.directory.join("");
    for problem in &report.problems {
        let line = format!("{}{problem}", directory.display());
        output.line(Clean(&line))?;
    }
    let counted = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    let (errors, warnings) = (
        counted(report.errors(), "error"),
        counted(report.warnings(), "warning"),
    );
    output.line(format_args!(
        "{} entries: {errors}, {warnings}",
        report.entries
    ))
}
