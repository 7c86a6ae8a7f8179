//! `socorro queue`: putting crashes into a queue, and looking after it.

mod create;
mod dead;
mod publish;
mod status;

use clap::{Args, Subcommand};

use crate::{exit::Exit, failure::Failure, output::Output};

pub(crate) use status::what_is_left;

/// Make a queue, publish crashes to it, see how full it is, look after dead letters.
#[derive(Debug, Args)]
pub(crate) struct QueueCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(create::CreateArguments),
    Publish(publish::PublishArguments),
    Status(status::StatusArguments),
    Dead(dead::DeadCommand),
}

pub(crate) async fn run(command: &QueueCommand, output: &mut Output) -> Result<Exit, Failure> {
    match &command.command {
        Command::Create(arguments) => create::run(arguments, output).await,
        Command::Publish(arguments) => publish::run(arguments, output).await,
        Command::Status(arguments) => status::run(arguments, output).await,
        Command::Dead(command) => dead::run(command, output).await,
    }
}
