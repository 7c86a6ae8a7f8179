//! `socorro queue peek`.

use std::time::Duration;

use clap::Args;

use super::messages::{self, COLUMNS};
use crate::{
    arguments::{QueueArguments, values},
    exit::Exit,
    failure::Failure,
    listing::ListArguments,
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  socorro queue peek --queue sqlite:///srv/queue.sqlite
  socorro queue peek --queue sqs://crashes- --max-messages 100 --format csv > messages.csv

Prints message, lane, deliveries and time of publication, and gives the messages back at once. It
counts as a delivery, and at Pub/Sub and SQS they come back behind the others. What is leased or
delayed is not shown.";

/// Show what a queue would deliver next, and leave it there.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PeekArguments {
    #[command(flatten)]
    queue: QueueArguments,
    /// How many messages to show at most
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = super::count())]
    max_messages: u16,
    /// How long to wait for the first one
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = values::duration)]
    wait: Duration,
    #[command(flatten)]
    list: ListArguments,
}

pub(crate) async fn run(arguments: &PeekArguments, output: &mut Output) -> Result<Exit, Failure> {
    let queue = arguments.queue.open_existing().await?;
    let max = usize::from(arguments.max_messages);
    let deliveries = messages::receive(&*queue, max, arguments.wait).await?;
    // Before anything else: printing may fail.
    let given_back = messages::give_back(&*queue, &deliveries).await;
    queue.pause().await;
    let mut listing = arguments.list.begin(&COLUMNS);
    for delivery in &deliveries {
        let text = messages::text(delivery);
        let line = format_args!(
            "{text}\t{}\t{}\t{}",
            delivery.lane, delivery.attempt, delivery.published_at
        );
        listing.item(&messages::members(delivery), line, output)?;
    }
    listing.finish(output)?;
    given_back.map(|()| Exit::Success)
}
