//! `socorro signature` itself: makes signatures.

use clap::{Args, ValueEnum};

use super::{
    crashes::CrashFiles,
    format::{Report, Reports},
};
use crate::{arguments::SignatureArguments, exit::Exit, failure::Failure, output::Output};

pub(super) const EXAMPLES: &str = "\
Examples:
  socorro signature processed_crash.json
  socorro stackwalk crash.dmp --symbols ./symbols --json | socorro signature
  socorro signature processed_crash.json --explain
  socorro signature crashes.ndjson.gz --siglists ./lists --format csv --different-only
  socorro signature --storage s3://crashes --format markdown de1bb258-cbbf-4589-a673-34f800160918
  socorro signature --storage s3://crashes --different-only < crashids.txt
  socorro signature diff --new ./lists crashes.ndjson
  socorro signature check ./lists

A file holds one JSON object, an array of them, or one on each line; it may be compressed with gzip.
Processed crashes, stackwalk JSON, crash data and lists of crash ids are told apart by themselves; of
ids, the processed crashes in the storage are taken. What cannot be read
is told on standard error with file and line, the others go on, and the exit code is 1.

text: the signature and its notes; of several crashes also the old signature
json: an object for one crash, an array for several; ndjson: an object on each line";

/// How signatures are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// An indented object, or array of objects
    Json,
    /// An object on each line
    Ndjson,
    /// For spreadsheets: crashid, old, new, same?, notes
    Csv,
    /// For bug reports
    Markdown,
}

/// What to make signatures of, and how.
#[derive(Debug, Args)]
pub(super) struct GenerateArguments {
    #[command(flatten)]
    crashes: CrashFiles,
    #[command(flatten)]
    signature: SignatureArguments,
    /// How to print them
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Print only crashes whose signature is not the one they came with
    #[arg(long)]
    different_only: bool,
    /// Say how each signature came about: which frame was dropped, joined or kept by which list
    /// entry, and which rule changed what
    #[arg(long)]
    explain: bool,
}

pub(super) fn run(arguments: &GenerateArguments, output: &mut Output) -> Result<Exit, Failure> {
    if arguments.explain && arguments.format == Format::Csv {
        return Err(Failure::usage("csv has no column for what --explain says")
            .hint("--format json or ndjson has"));
    }
    let generator = arguments.signature.generator()?;
    let mut reports = Reports::new(arguments.format, arguments.different_only);
    let to_terminal = output.is_terminal();
    let unreadable = arguments
        .crashes
        .for_each(output, !to_terminal, |crash, output| {
            let mut report = Report::new(crash, generator.generate(&crash.input.crash));
            if arguments.explain {
                report.explain(generator.explain(&crash.input.crash));
            }
            reports.add(report, output)
        })?;
    reports.finish(output)?;
    Ok(Exit::failure_if(unreadable > 0))
}
