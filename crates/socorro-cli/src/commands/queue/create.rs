//! `socorro queue create`.

use clap::Args;

use crate::{arguments::QueueArguments, exit::Exit, failure::Failure, output::Output};

const EXAMPLES: &str = "\
Examples:
  socorro queue create --queue sqlite:///srv/queue.sqlite
  socorro queue create --queue pubsub://my-project/crashes-

Says of each part whether it was made or was there. May be repeated.

Needs programs that were built with the feature of that queue: pubsub, sqs.";

/// Make what a queue needs and does not have yet: its file, its topics and subscriptions, its queues.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CreateArguments {
    #[command(flatten)]
    queue: QueueArguments,
}

pub(crate) async fn run(arguments: &CreateArguments, output: &mut Output) -> Result<Exit, Failure> {
    let (queue, parts) = arguments.queue.create().await?;
    for part in parts {
        let made = if part.changed { "made" } else { "there" };
        output.line(format_args!("{part} was {made}"))?;
    }
    output.line(format_args!("{queue} is ready"))?;
    Ok(Exit::Success)
}
