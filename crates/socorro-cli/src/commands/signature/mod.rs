//! `socorro signature`: signatures of crashes that were walked before, and looking after the lists
//! that they are made with.

mod check;
mod crashes;
mod diff;
mod format;
mod generate;
mod lists;
mod stored;

use clap::{Args, Subcommand};

use crate::{exit::Exit, failure::Failure, output::Output};

/// Make the signatures of crashes, and look after the lists.
#[derive(Debug, Args)]
#[command(after_help = generate::EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct SignatureCommand {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    generate: generate::GenerateArguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    Diff(diff::DiffArguments),
    Check(check::CheckArguments),
    Lists(lists::ListsArguments),
}

pub(crate) fn run(command: &SignatureCommand, output: &mut Output) -> Result<Exit, Failure> {
    match &command.command {
        None => generate::run(&command.generate, output),
        Some(Command::Diff(arguments)) => diff::run(arguments, output),
        Some(Command::Check(arguments)) => check::run(arguments, output),
        Some(Command::Lists(arguments)) => lists::run(arguments, output),
    }
}
