//! `socorro signature diff`: tries lists out before they go live.

use std::{fmt::Write as _, path::PathBuf};

use clap::{ArgGroup, Args, ValueEnum};
use serde_json::json;
use socorro_core::json::{Form, to_string};
use socorro_signature::{Preview, SignatureDiff};

use super::{crashes::CrashFiles, format::code};
use crate::{
    arguments::{Grouping, generator},
    exit::Exit,
    failure::Failure,
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  socorro signature diff --new ./lists crashes.ndjson
  socorro signature diff --old ./lists --new ./lists.changed crashes/*.json --format markdown
  zcat crashes.ndjson.gz | socorro signature diff --new ./lists --fail-on-change
  socorro signature diff --new-grouping trust-weighted crashes.ndjson

Both signatures of every crash are made anew, so it does not matter which lists it was processed
with. Prints what happens to signatures, the changes that most crashes have first:

rename:  one signature becomes another
split:   crashes of one signature get several
merge:   crashes of several signatures get the same
regroup: crashes of several signatures are distributed in another way";

/// How changes are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// An indented object
    Json,
    /// For bug reports
    Markdown,
}

/// Tell which signatures change with other lists, or another grouping.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, group(ArgGroup::new("change").required(true).multiple(true)))]
pub(super) struct DiffArguments {
    #[command(flatten)]
    crashes: CrashFiles,
    /// Directory with the lists to start from [default: the built-in ones]
    #[arg(long, value_name = "DIR", group = "change")]
    old: Option<PathBuf>,
    /// Directory with the lists to go to [default: the built-in ones]
    #[arg(long, value_name = "DIR", group = "change")]
    new: Option<PathBuf>,
    /// What puts crashes together before [default: compatible]
    #[arg(long, value_enum, value_name = "GROUPING", group = "change")]
    old_grouping: Option<Grouping>,
    /// What puts crashes together after [default: compatible]
    #[arg(long, value_enum, value_name = "GROUPING", group = "change")]
    new_grouping: Option<Grouping>,
    /// How to print the changes
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// End with exit code 1 if a signature changes
    #[arg(long)]
    fail_on_change: bool,
}

pub(super) fn run(arguments: &DiffArguments, output: &mut Output) -> Result<Exit, Failure> {
    let side = |lists: &Option<PathBuf>, grouping: Option<Grouping>| {
        generator(lists.as_deref(), grouping.unwrap_or_default())
    };
    let old = side(&arguments.old, arguments.old_grouping)?;
    let new = side(&arguments.new, arguments.new_grouping)?;
    let mut preview = Preview::new(&old, &new);
    let unreadable = arguments.crashes.for_each(output, true, |crash, _| {
        preview.add(&crash.label(), &crash.input.crash);
        Ok(())
    })?;
    let diff = preview.finish();
    match arguments.format {
        Format::Text => output.bytes(diff.to_string().as_bytes())?,
        Format::Json => output.line(to_string(&json!(diff), Form::Pretty))?,
        Format::Markdown => output.bytes(markdown(&diff).as_bytes())?,
    }
    let failed = unreadable > 0 || arguments.fail_on_change && diff.changed > 0;
    Ok(Exit::failure_if(failed))
}

fn markdown(diff: &SignatureDiff) -> String {
    let mut text = format!(
        "**{} crashes:** {} keep their signature, {} get another one\n",
        diff.crashes, diff.unchanged, diff.changed
    );
    for change in &diff.changes {
        let (kind, changed, crashes) = (change.kind, change.changed, change.crashes);
        let _ = writeln!(text, "\n**{kind}:** {changed} of {crashes} crashes\n");
        text.push_str("| Old | New | Crashes | Examples |\n|---|---|---:|---|\n");
        for pair in &change.pairs {
            let (old, new) = (cell(&code(&pair.old)), cell(&code(&pair.new)));
            let examples = cell(&pair.examples.join(", "));
            let _ = writeln!(text, "| {old} | {new} | {} | {examples} |", pair.crashes);
        }
    }
    text
}

/// Text that does not end the cell of a table that it is in.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
