//! `socorro symbols cache`.

mod prune;
mod status;
mod verify;
mod warm;

use clap::{Args, Subcommand};

use crate::{exit::Exit, failure::Failure, output::Output};

/// Look after the symbol files that are kept on disk.
#[derive(Debug, Args)]
pub(super) struct CacheCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Status(status::StatusArguments),
    Prune(prune::PruneArguments),
    Verify(verify::VerifyArguments),
    Warm(warm::WarmArguments),
}

pub(super) async fn run(command: &CacheCommand, output: &mut Output) -> Result<Exit, Failure> {
    match &command.command {
        Command::Status(arguments) => status::run(arguments, output),
        Command::Prune(arguments) => prune::run(arguments, output),
        Command::Verify(arguments) => verify::run(arguments, output),
        Command::Warm(arguments) => warm::run(arguments, output).await,
    }
}
