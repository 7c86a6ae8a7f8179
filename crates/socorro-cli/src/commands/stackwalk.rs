//! `socorro stackwalk`: the report for one crash on a laptop.

use std::{io, path::PathBuf};

use clap::Args;
use socorro_core::Dump;
use socorro_stackwalk::{DumpSource, Partial, TextReport, WalkError, Walked};

use crate::{
    arguments::WalkArguments,
    exit::Exit,
    failure::{Failure, with_causes},
    input,
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  socorro stackwalk crash.dmp
  socorro stackwalk crash.dmp --symbols ./symbols --all-threads
  socorro stackwalk crash.dmp --symbols https://symbols.mozilla.org/ --symbols-cache ./cache
  xzcat crash.dmp.xz | socorro stackwalk - --json --pretty
  socorro stackwalk crash.dmp --symbols ./symbols --json --symbolication | jq .causes

Symbols lie as NAME/ID/NAME.sym, with NAME and ID of the MODULE line in them, as
`dump_syms --store DIR` writes them.";

/// Walk the stacks of a minidump: why it crashed, and where.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StackwalkArguments {
    /// The minidump; `-` reads it from standard input
    #[arg(value_name = "FILE.dmp")]
    dump: PathBuf,
    #[command(flatten)]
    walk: WalkArguments,
    /// Crash annotations that came with the minidump: a JSON object
    #[arg(long, value_name = "FILE")]
    annotations: Option<PathBuf>,
    /// Print JSON as minidump-stackwalk does; the field json_dump of a processed crash holds the same
    #[arg(long)]
    json: bool,
    /// Indent the JSON
    #[arg(long, requires = "json")]
    pretty: bool,
    /// With --json: print which frames have no function name and why, as the field symbolication of a
    /// processed crash has it, in place of the stackwalk
    #[arg(long, requires = "json")]
    symbolication: bool,
    /// Show all frames of all threads, not only those of the thread that crashed
    #[arg(long, conflicts_with = "json")]
    all_threads: bool,
}

pub(crate) async fn run(
    arguments: &StackwalkArguments,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let dump = input::dump(&arguments.dump, arguments.walk.limit())?;
    let annotations = input::annotations_or_none(arguments.annotations.as_deref())?;
    let walker = arguments.walk.walker()?;
    let source = match &dump {
        Dump::Bytes(bytes) => DumpSource::Bytes(bytes.clone()),
        Dump::File { path, .. } => DumpSource::Path(path),
    };
    let walked = walker
        .walked(source, annotations.as_map())
        .await
        .map_err(|error| failure(arguments, &error))?;
    if arguments.json {
        print_json(&walked, arguments, output)?;
    } else {
        let stackwalk = walked.to_stackwalk();
        let report = TextReport::new(stackwalk.document())
            .symbolication(stackwalk.symbolication())
            .all_threads(arguments.all_threads)
            .color(output.color());
        output.bytes(report.to_string().as_bytes())?;
    }
    match walked.partial() {
        Some(partial) => Err(incomplete(arguments, partial)),
        None => Ok(Exit::Success),
    }
}

/// Prints the document in the very form of the reference program, or the report on symbols.
fn print_json(
    walked: &Walked,
    arguments: &StackwalkArguments,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut text = Vec::new();
    let written = match (arguments.symbolication, arguments.pretty) {
        (false, false) => walked.write_json(&mut text),
        (false, true) => pretty(&mut text, &walked.document()),
        (true, false) => {
            serde_json::to_writer(&mut text, &walked.symbolication()).map_err(io::Error::from)
        }
        (true, true) => pretty(&mut text, &walked.symbolication()),
    };
    written.map_err(|error| Failure::because("cannot write JSON", &error))?;
    text.push(b'\n');
    output.bytes(&text)
}

fn pretty(text: &mut Vec<u8>, value: &impl serde::Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(text, value).map_err(io::Error::from)
}

/// The result that was printed is not the one that was hoped for.
fn incomplete(arguments: &StackwalkArguments, partial: &Partial) -> Failure {
    let file = input::name(&arguments.dump);
    let failure = Failure::new(format!("minidump {file} was walked in part: {partial}"));
    match partial {
        Partial::DeadlinePassed { .. } => failure.hint(SLOW),
        _ => failure,
    }
}

const SLOW: &str = "--deadline sets how long it may take; slow symbol servers are a common cause";

/// Names the file, which the walker knows as bytes only.
fn failure(arguments: &StackwalkArguments, error: &WalkError) -> Failure {
    let file = input::name(&arguments.dump);
    let failure = match error {
        WalkError::Unreadable { name, reason } => {
            Failure::new(format!("cannot read minidump {file}: {reason} ({name})"))
        }
        WalkError::Unprocessable { name, reason } => {
            Failure::new(format!("cannot walk minidump {file}: {reason} ({name})"))
        }
        WalkError::File { .. } | WalkError::Directory { .. } => Failure::new(with_causes(error)),
        WalkError::TooLarge { size, limit } => {
            return Failure::new(format!(
                "cannot read minidump {file}: its {size} bytes are over the limit of {limit}"
            ))
            .hint("--max-dump-size sets the limit");
        }
        WalkError::DeadlinePassed { .. } => {
            return Failure::because(format_args!("cannot walk minidump {file}"), error).hint(SLOW);
        }
        _ => return Failure::because(format_args!("cannot walk minidump {file}"), error),
    };
    failure.hint(input::minidump_hint(&arguments.dump, error.name()))
}
