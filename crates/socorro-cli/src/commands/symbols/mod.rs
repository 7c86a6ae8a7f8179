//! `socorro symbols`: getting symbols, looking into them, and looking after their cache.

mod add;
mod cache;
mod dump;
mod fetch;
mod lookup;
mod report;
mod wanted;

use clap::{Args, Subcommand, ValueEnum};

use crate::{exit::Exit, failure::Failure, output::Output};

/// How much of a symbol file, or minidump, is read: as much as stores and walks do by default.
const LARGEST_SYMBOL_FILE: u64 = 4 << 30;

/// Get symbols, look into them, and look after the cache on disk.
#[derive(Debug, Args)]
pub(crate) struct SymbolsCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(add::AddArguments),
    Fetch(fetch::FetchArguments),
    Lookup(lookup::LookupArguments),
    Dump(dump::DumpArguments),
    Cache(cache::CacheCommand),
}

/// How results are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people
    #[default]
    Text,
    /// A JSON object for each result
    Json,
}

pub(crate) async fn run(command: &SymbolsCommand, output: &mut Output) -> Result<Exit, Failure> {
    match &command.command {
        Command::Add(arguments) => add::run(arguments, output).await,
        Command::Fetch(arguments) => fetch::run(arguments, output).await,
        Command::Lookup(arguments) => lookup::run(arguments, output).await,
        Command::Dump(arguments) => dump::run(arguments, output),
        Command::Cache(command) => cache::run(command, output).await,
    }
}
