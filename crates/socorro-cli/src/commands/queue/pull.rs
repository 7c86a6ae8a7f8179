//! `socorro queue pull`.

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
  socorro queue pull --queue sqlite:///srv/queue.sqlite
  socorro queue pull --queue sqlite:///srv/queue.sqlite --ack --max-messages 100 > ids.txt

Prints a message on each line, as `socorro queue publish` takes them. With --ack, a message leaves
the queue when it has been printed. Without, it is given back at once; `socorro queue peek` tells
more about messages that stay.

Exit code 3: there was nothing.";

/// Take messages from a queue and print them.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PullArguments {
    #[command(flatten)]
    queue: QueueArguments,
    #[command(flatten)]
    pull: Pull,
    #[command(flatten)]
    list: ListArguments,
}

/// How much to pull, and whether it leaves the queue.
#[derive(Debug, Args)]
pub(crate) struct Pull {
    /// Take the messages out of the queue
    #[arg(long, overrides_with = "no_ack")]
    ack: bool,
    /// Give the messages back; this is how it is without --ack
    #[arg(long, overrides_with = "ack")]
    no_ack: bool,
    /// How many messages to pull at most
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = super::count())]
    max_messages: u16,
    /// How long to wait for the first one
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = values::duration)]
    wait: Duration,
}

impl Pull {
    /// Whether messages leave the queue.
    fn takes(&self) -> bool {
        self.ack && !self.no_ack
    }

    /// Receives messages, has them printed, and lets go of them. Says how many there were.
    ///
    /// # Errors
    ///
    /// When the queue cannot be asked, and what `print` fails with.
    pub(crate) async fn run(
        &self,
        queue: &dyn socorro_queue::CrashQueue,
        output: &mut Output,
        mut print: impl FnMut(&socorro_queue::Delivery, &mut Output) -> Result<(), Failure>,
    ) -> Result<usize, Failure> {
        let max = usize::from(self.max_messages);
        let deliveries = messages::receive(queue, max, self.wait).await?;
        let mut taken = 0;
        let mut result = Ok(());
        for delivery in &deliveries {
            result = print(delivery, output);
            // What nobody has read stays in the queue.
            if result.is_err() || output.is_closed() {
                break;
            }
            if self.takes() {
                result = queue.ack(&delivery.receipt).await.map_err(Failure::from);
                if result.is_err() {
                    break;
                }
                taken += 1;
            }
        }
        messages::give_back(queue, &deliveries[taken..]).await?;
        queue.pause().await;
        result.map(|()| deliveries.len())
    }
}

pub(crate) async fn run(arguments: &PullArguments, output: &mut Output) -> Result<Exit, Failure> {
    let queue = arguments.queue.open_existing().await?;
    let mut listing = arguments.list.begin(&COLUMNS);
    let count = arguments
        .pull
        .run(&*queue, output, |delivery, output| {
            let text = messages::text(delivery);
            listing.item(&messages::members(delivery), text, output)
        })
        .await?;
    listing.finish(output)?;
    Ok(match count {
        0 => Exit::NothingFound,
        _ => Exit::Success,
    })
}
