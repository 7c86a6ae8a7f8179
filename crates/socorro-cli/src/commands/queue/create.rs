//! `socorro queue create`.

use clap::Args;

use crate::{arguments::QueueArguments, exit::Exit, failure::Failure, output::Output};

const EXAMPLES: &str = "\
Examples:
  socorro queue create --queue sqlite:///srv/queue.sqlite
  socorro queue create --queue pubsub://my-project/crashes-

Needs programs that were built with the feature of that queue: pubsub.";

/// Make what a queue needs and does not have yet: its file, its topics and subscriptions, its queues.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CreateArguments {
    #[command(flatten)]
    queue: QueueArguments,
}

pub(crate) async fn run(arguments: &CreateArguments, output: &mut Output) -> Result<Exit, Failure> {
    let queue = arguments.queue.create().await?;
    output.line(format_args!("{queue} is ready"))?;
    Ok(Exit::Success)
}
