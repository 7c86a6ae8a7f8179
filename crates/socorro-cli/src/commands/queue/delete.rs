//! `socorro queue delete`.

use clap::Args;
use socorro_queue::CrashQueue;

use crate::{
    arguments::QueueArguments, exit::Exit, failure::Failure, output::Output, question::agreed,
};

const EXAMPLES: &str = "\
Examples:
  socorro queue delete --queue sqlite:///srv/queue.sqlite
  socorro queue delete --queue pubsub://my-project/crashes- --force

Deletes what `socorro queue create` makes, that for dead letters included: the file, the topics with
all their subscriptions, or the queues. A queue that holds messages or dead letters, or cannot tell
(Pub/Sub), is deleted with --force only. Asks first when a person is at the terminal.

Needs programs that were built with the feature of that queue: pubsub, sqs.";

/// Delete a queue itself: its file, its topics and subscriptions, its queues at the service.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DeleteArguments {
    #[command(flatten)]
    queue: QueueArguments,
    /// Delete it with all messages and dead letters that are in it
    #[arg(long)]
    force: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

pub(crate) async fn run(arguments: &DeleteArguments, output: &mut Output) -> Result<Exit, Failure> {
    let queue = arguments.queue.open_incomplete().await?;
    if !arguments.force {
        refuse_unless_empty(&*queue).await?;
    }
    if !arguments.yes && !agreed(format_args!("Delete {queue} for good?"))? {
        return Err(Failure::new("nothing was deleted"));
    }
    for part in queue.delete().await? {
        let what = if part.changed { "deleted" } else { "not there" };
        output.line(format_args!("{part} was {what}"))?;
    }
    Ok(Exit::Success)
}

async fn refuse_unless_empty(queue: &dyn CrashQueue) -> Result<(), Failure> {
    let refused = |why: String| {
        Err(Failure::new(why)
            .hint("`socorro queue drain` takes messages out; --force deletes them, too"))
    };
    match queue.depth().await {
        // Of what is incomplete, nothing can be received.
        Err(socorro_queue::Error::Missing { .. }) => Ok(()),
        Err(error) => Err(error.into()),
        Ok(None) => refused(format!("{queue} cannot tell whether it is empty")),
        Ok(Some(depth)) => {
            let total = depth.total();
            match (total.outstanding(), total.dead) {
                (0, 0) => Ok(()),
                (messages, dead) => refused(format!(
                    "{queue} is not empty: it has {messages} messages and {dead} dead letters"
                )),
            }
        }
    }
}
