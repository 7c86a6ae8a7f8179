//! `socorro storage`: making a storage, putting crashes into it, looking at them, deleting them.

mod cat;
mod check;
mod create;
mod days;
mod delete;
mod import;
mod put_crash;
mod verify;

use clap::{Args, Subcommand};

#[cfg(feature = "crash-stats")]
pub(crate) use put_crash::Tree;

pub(crate) use self::{
    delete::{DeleteArguments, Deletion, run as delete},
    verify::{VerifyArguments, run as verify},
};
use super::objects::ObjectCommand;
use crate::{exit::Exit, failure::Failure, output::Output};

/// Make a storage, put crashes into it, look at what is there, and delete it; crashes by their ids,
/// objects by their addresses.
#[derive(Debug, Args)]
pub(crate) struct StorageCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(create::CreateArguments),
    PutCrash(put_crash::PutCrashArguments),
    Import(import::ImportArguments),
    Cat(cat::CatArguments),
    Check(check::CheckArguments),
    Verify(verify::VerifyArguments),
    Delete(delete::DeleteArguments),
    #[command(flatten)]
    Objects(ObjectCommand),
}

pub(crate) async fn run(command: &StorageCommand, output: &mut Output) -> Result<Exit, Failure> {
    match &command.command {
        Command::Create(arguments) => create::run(arguments, output).await,
        Command::PutCrash(arguments) => put_crash::run(arguments, output).await,
        Command::Import(arguments) => import::run(arguments, output).await,
        Command::Cat(arguments) => cat::run(arguments, output).await,
        Command::Check(arguments) => check::run(arguments, output).await,
        Command::Verify(arguments) => verify::run(arguments, output).await,
        Command::Delete(arguments) => delete::run(arguments, output).await,
        Command::Objects(command) => command.run(output).await,
    }
}
