//! `socorro queue drain`.

use std::time::Duration;

use clap::Args;
use socorro_queue::{CrashQueue, DeadLetterCause, Delivery, Message};

use super::{
    messages::{self, COLUMNS},
    status::what_is_left,
};
use crate::{
    arguments::{QueueArguments, values},
    exit::Exit,
    failure::Failure,
    listing::{ListArguments, Listing},
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  socorro queue drain --queue sqlite:///srv/queue.sqlite > messages.txt
  socorro queue drain --queue sqs://old- | socorro queue publish --queue sqlite:///srv/queue.sqlite

Receives message after message, prints each on a line, as `socorro queue publish` takes them, and
takes it out of the queue: nothing is processed, and what was printed is nowhere else. Priority
messages come first. What is no crash id becomes a dead letter, as with a processor; the test
messages of collectors are dropped.

Ends when nothing is waiting any more. What somebody has on lease, or is delayed, stays; the exit
code is 1 then. `socorro processor --drain` processes what is there; `socorro queue purge` forgets
it.";

/// How many messages are received at a time.
const BATCH: usize = 100;

/// Take everything out of a queue and print it, to publish it elsewhere or later.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DrainArguments {
    #[command(flatten)]
    queue: QueueArguments,
    /// Where a queue cannot tell how much is in it: end when nothing came for so long
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = values::duration)]
    wait: Duration,
    #[command(flatten)]
    list: ListArguments,
}

pub(crate) async fn run(arguments: &DrainArguments, output: &mut Output) -> Result<Exit, Failure> {
    let queue = arguments.queue.open_existing().await?;
    let wait = match queue.depth().await? {
        Some(_) => Duration::ZERO,
        None => arguments.wait,
    };
    let mut listing = arguments.list.begin(&COLUMNS);
    let mut drained: u64 = 0;
    loop {
        let deliveries = queue.receive(BATCH, wait).await?;
        if deliveries.is_empty() {
            break;
        }
        for (index, delivery) in deliveries.iter().enumerate() {
            let result = take_out(&*queue, delivery, &mut listing, output).await;
            if result.is_err() || output.is_closed() {
                // What nobody has read stays in the queue.
                messages::give_back(&*queue, &deliveries[index..]).await?;
                queue.pause().await;
                result?;
                return Err(Failure::new("nobody reads the messages any more")
                    .hint("what was not read is still in the queue"));
            }
            drained += 1;
        }
    }
    listing.finish(output)?;
    queue.pause().await;
    tracing::info!(drained, %queue, "drained");
    let left = queue
        .depth()
        .await?
        .and_then(|depth| what_is_left(&depth.total()));
    match left {
        Some(left) => Err(Failure::new(left)
            .hint("run it again when leases and delays are over: `socorro queue status`")),
        None => Ok(Exit::Success),
    }
}

/// Prints a message, then ends it.
async fn take_out(
    queue: &dyn CrashQueue,
    delivery: &Delivery,
    listing: &mut Listing,
    output: &mut Output,
) -> Result<(), Failure> {
    match &delivery.message {
        Ok(Message::Process(_)) => {
            let text = messages::text(delivery);
            listing.item(&messages::members(delivery), text, output)?;
            if output.is_closed() {
                return Ok(());
            }
        }
        Ok(Message::Test) => {}
        Err(bad) => {
            let cause = DeadLetterCause::from(bad);
            queue.dead_letter(delivery, &cause).await?;
            let why = cause.last_error;
            output.report(&Failure::new(format!(
                "a message became a dead letter: {why}"
            )));
            return Ok(());
        }
    }
    Ok(queue.ack(&delivery.receipt).await?)
}
