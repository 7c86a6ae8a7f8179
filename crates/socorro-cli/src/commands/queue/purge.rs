//! `socorro queue purge`.

use clap::{ArgGroup, Args};
use serde_json::{Map, Value};
use socorro_queue::Lane;

use super::status::SERVED;
use crate::{
    arguments::QueueArguments, exit::Exit, failure::Failure, listing::ListArguments,
    output::Output, question::agreed,
};

const EXAMPLES: &str = "\
Examples:
  socorro queue purge --queue sqlite:///srv/queue.sqlite --all
  socorro queue purge --queue sqs://crashes- --lane reprocessing --lane priority

Forgets messages without delivering them, those included that somebody works on; dead letters stay.
Prints lane and number of messages, where the queue tells it. Asks first when a person is at the
terminal. The crashes themselves stay in their storage: `socorro storage verify --republish` finds
those that were never processed.

SQS purges a queue once a minute at most, and may take a minute for it. Pub/Sub moves the
subscription to the present.";

/// What is told of a lane.
const COLUMNS: [&str; 2] = ["lane", "messages"];

/// Forget all messages of a queue, or of some of its lanes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, group = ArgGroup::new("which").required(true).args(["lanes", "all"]))]
pub(crate) struct PurgeArguments {
    #[command(flatten)]
    queue: QueueArguments,
    /// Which lane; may be repeated
    #[arg(long = "lane", value_name = "LANE")]
    lanes: Vec<Lane>,
    /// All lanes
    #[arg(long)]
    all: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    list: ListArguments,
}

pub(crate) async fn run(arguments: &PurgeArguments, output: &mut Output) -> Result<Exit, Failure> {
    let queue = arguments.queue.open_existing().await?;
    let lanes = if arguments.all {
        SERVED.to_vec()
    } else {
        arguments.lanes.clone()
    };
    let names: Vec<&str> = lanes.iter().map(|lane| lane.as_str()).collect();
    let names = names.join(", ");
    let question = format_args!("Forget all messages of {queue} ({names})?");
    if !arguments.yes && !agreed(question)? {
        return Err(Failure::new("nothing was purged"));
    }
    let mut listing = arguments.list.begin(&COLUMNS);
    let mut failed = false;
    for lane in lanes {
        let count = match queue.purge(lane).await {
            Ok(count) => count,
            Err(error) => {
                failed = true;
                let failure = Failure::from(error);
                output.report(&failure.within(format_args!("lane {lane} was not purged")));
                continue;
            }
        };
        let members = Map::from_iter([
            ("lane".to_owned(), Value::from(lane.as_str())),
            ("messages".to_owned(), count.into()),
        ]);
        let shown = count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        listing.item(&members, format_args!("{lane}\t{shown}"), output)?;
    }
    listing.finish(output)?;
    Ok(Exit::failure_if(failed))
}
