//! `socorro symbols cache warm`.

use std::path::PathBuf;

use clap::Args;

use crate::{
    arguments::SymbolArguments,
    commands::symbols::{
        Format,
        report::{self, Numbers, Told},
        wanted,
    },
    exit::Exit,
    failure::Failure,
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  socorro symbols cache warm crashes/*.dmp --symbols https://symbols.mozilla.org/
  socorro symbols cache warm --list modules.txt --symbols https://symbols.mozilla.org/
  (cd old-cache && find . -name '*.sym' | sed 's|^./||') | socorro symbols cache warm --list - \\
    --symbols s3://symbols/v1

Tells the numbers, and on a line each what could not be had though it may be there.

Exit code 0: what any place has is in the cache. Exit code 1: anything else.";

/// Fill the cache with the symbols of minidumps or of a list, before a processor needs them.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct WarmArguments {
    /// Minidumps with the modules whose symbols are wanted
    #[arg(value_name = "FILE.dmp", required_unless_present = "list")]
    dumps: Vec<PathBuf>,
    /// A list of wanted symbols, NAME/ID on each line; `-` is standard input
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,
    #[command(flatten)]
    symbols: SymbolArguments,
    /// How results are printed; as JSON, there is an object for every symbol file
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

pub(super) async fn run(arguments: &WarmArguments, output: &mut Output) -> Result<Exit, Failure> {
    let cache = arguments.symbols.cache().open_or_fail()?;
    let store = arguments.symbols.store_with(Some(cache))?;
    let mut wanted = wanted::of_dumps(&arguments.dumps)?;
    if let Some(list) = &arguments.list {
        wanted.extend(wanted::in_list(list)?);
    }
    let told = match arguments.format {
        Format::Text => Told::Failures,
        Format::Json => Told::All,
    };
    let numbers = report::load(&store, &wanted, told, arguments.format, output).await?;
    let Numbers {
        found,
        missing,
        failed,
    } = numbers;
    if arguments.format == Format::Text {
        output.line(format_args!(
            "{found} symbol files are there, {missing} no place has, {failed} could not be had"
        ))?;
    }
    Ok(Exit::failure_if(failed > 0))
}
