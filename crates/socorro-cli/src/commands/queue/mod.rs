//! `socorro queue`: putting crashes into a queue, and looking after it.

mod create;
mod dead;
mod delete;
mod drain;
mod jobs;
mod messages;
mod peek;
mod publish;
mod pull;
mod purge;
mod status;

use clap::{Args, Subcommand, builder::RangedI64ValueParser};

use crate::{exit::Exit, failure::Failure, output::Output};

#[cfg(feature = "pubsub")]
pub(crate) use jobs::not_published;
#[cfg(any(feature = "pubsub", feature = "sqs"))]
pub(crate) use jobs::{Jobs, publish};
#[cfg(feature = "pubsub")]
pub(crate) use messages::{give_back, receive, text};
pub(crate) use pull::Pull;
pub(crate) use status::what_is_left;

/// Make a queue, publish crashes to it, look at it, empty it, look after dead letters.
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
    Peek(peek::PeekArguments),
    Pull(pull::PullArguments),
    Drain(drain::DrainArguments),
    Purge(purge::PurgeArguments),
    Dead(dead::DeadCommand),
    Delete(delete::DeleteArguments),
}

/// How many messages can be asked for.
fn count() -> RangedI64ValueParser<u16> {
    RangedI64ValueParser::new().range(1..=1000)
}

pub(crate) async fn run(command: &QueueCommand, output: &mut Output) -> Result<Exit, Failure> {
    match &command.command {
        Command::Create(arguments) => create::run(arguments, output).await,
        Command::Publish(arguments) => publish::run(arguments, output).await,
        Command::Status(arguments) => status::run(arguments, output).await,
        Command::Peek(arguments) => peek::run(arguments, output).await,
        Command::Pull(arguments) => pull::run(arguments, output).await,
        Command::Drain(arguments) => drain::run(arguments, output).await,
        Command::Purge(arguments) => purge::run(arguments, output).await,
        Command::Dead(command) => dead::run(command, output).await,
        Command::Delete(arguments) => delete::run(arguments, output).await,
    }
}
