//! `socorro sqs`: Amazon SQS in the forms of Socorro's own tool.

#[cfg(feature = "sqs")]
mod service;

use clap::{Args, Subcommand};

use crate::{exit::Exit, failure::Failure, output::Output, settings::Settings};

const EXAMPLES: &str = "\
Examples:
  export LOCAL_DEV_AWS_ENDPOINT_URL=http://localhost:4566 SQS_REGION=us-east-1
  socorro sqs create-all
  socorro sqs publish standard-queue de1bb258-cbbf-4589-a673-34f800160918
  socorro sqs list-messages all
  socorro sqs delete standard-queue

create-all and delete-all are about the queues of the settings: SOCORRO_QUEUE=sqs:…, or
SQS_STANDARD_QUEUE and so on. `socorro queue` does the same for every kind of queue.

Needs a program that was built with the feature sqs.";

/// Look after queues at Amazon SQS, as Socorro's own tool does.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SqsCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what is waiting in a queue. The messages are given back at once, which counts as a
    /// delivery
    #[command(after_help = EXAMPLES)]
    ListMessages {
        /// The queue, or all of them
        #[arg(value_name = "QUEUE|all")]
        name: String,
    },
    /// Publish crash ids to a queue
    #[command(after_help = EXAMPLES)]
    Publish {
        /// The queue
        #[arg(value_name = "QUEUE")]
        name: String,
        /// Crash ids; without any, they are read from standard input
        #[arg(value_name = "CRASHID")]
        ids: Vec<String>,
    },
    /// List the names of all queues
    #[command(after_help = EXAMPLES)]
    ListQueues,
    /// Make a queue
    #[command(after_help = EXAMPLES)]
    Create {
        /// The queue
        #[arg(value_name = "QUEUE")]
        name: String,
    },
    /// Make the queues of the settings that are not there
    #[command(after_help = EXAMPLES)]
    CreateAll,
    /// Delete a queue with its messages
    #[command(after_help = EXAMPLES)]
    Delete {
        /// The queue
        #[arg(value_name = "QUEUE")]
        name: String,
    },
    /// Delete the queues of the settings with their messages, dead letters included
    #[command(after_help = EXAMPLES)]
    DeleteAll,
}

/// Does it.
///
/// # Errors
///
/// When the program was built without SQS.
#[cfg(not(feature = "sqs"))]
pub(crate) async fn run(_: &SqsCommand, _: &Settings, _: &mut Output) -> Result<Exit, Failure> {
    Err(
        Failure::usage("SQS was left out of this program; build it with the feature \"sqs\"")
            .hint(crate::failure::install_with("sqs")),
    )
}

/// Does it.
///
/// # Errors
///
/// What kept it from being done; the caller tells the user.
#[cfg(feature = "sqs")]
pub(crate) async fn run(
    command: &SqsCommand,
    settings: &Settings,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let service = service::Service::of(settings).await?;
    match &command.command {
        Command::ListMessages { name } if name == "all" => service.list_all(output).await,
        Command::ListMessages { name } => service.list_one(name, output).await,
        Command::Publish { name, ids } => service.publish(name, ids, output).await,
        Command::ListQueues => service.list_queues(output).await,
        Command::Create { name } => service.create(name.trim(), output).await,
        Command::CreateAll => service.create_all(output).await,
        Command::Delete { name } => service.delete(name.trim(), output).await,
        Command::DeleteAll => service.delete_all(output).await,
    }
}
