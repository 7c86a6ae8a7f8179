//! `socorro symbols fetch`.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::{
    Format,
    report::{self, Told},
    wanted,
};
use crate::{arguments::SymbolArguments, exit::Exit, failure::Failure, output::Output};

const EXAMPLES: &str = "\
Examples:
  socorro symbols fetch xul.pdb 44E4EC8C2F41492B9369D6B9A059577C2 \\
    --symbols https://symbols.mozilla.org/
  socorro symbols fetch --dump crash.dmp --symbols https://symbols.mozilla.org/
  socorro symbols fetch --dump crash.dmp --symbols ./symbols --format json | jq .

Prints found, missing, unavailable or corrupt for each, with where it is or why not.

Exit code 0: the symbols are there; of a minidump, those that any place has. Exit code 1: anything
else.";

/// Get symbol files, into the cache on disk when they come from a server.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct FetchArguments {
    /// Name of the debug file: xul.pdb, libc.so.6
    #[arg(value_name = "NAME", requires = "id", required_unless_present = "dump")]
    name: Option<String>,
    /// Its debug id
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// Get those of all modules of this minidump; may be repeated
    #[arg(long, value_name = "FILE.dmp", action = ArgAction::Append, conflicts_with = "name")]
    dump: Vec<PathBuf>,
    #[command(flatten)]
    symbols: SymbolArguments,
    /// How results are printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

pub(super) async fn run(arguments: &FetchArguments, output: &mut Output) -> Result<Exit, Failure> {
    let wanted = match (&arguments.name, &arguments.id) {
        (Some(name), Some(id)) => vec![wanted::named(name, id)?],
        _ => wanted::of_dumps(&arguments.dump)?,
    };
    let store = arguments.symbols.store(&[])?;
    let numbers = report::load(&store, &wanted, Told::All, arguments.format, output).await?;
    let is_one = arguments.name.is_some();
    Ok(Exit::failure_if(
        numbers.failed > 0 || (is_one && numbers.missing > 0),
    ))
}
