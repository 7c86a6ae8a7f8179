//! `socorro setup`: everything that a processor needs to begin.

use clap::Args;

use crate::{
    arguments::{OptionalStorageArguments, create_queue, create_storage},
    exit::Exit,
    failure::Failure,
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  export SOCORRO_STORAGE=file:///srv/crashes SOCORRO_QUEUE=sqlite:///srv/queue.sqlite
  socorro setup

  socorro setup --storage s3://dev-bucket --queue pubsub://my-project/crashes-

Makes what the storage and the queue of the settings need and do not have: bucket or directory,
topics and subscriptions, queues, the file of a queue. Says what was made and what was there;
deletes nothing, and may be repeated. `socorro doctor` says whether everything is in order.";

/// Make what the configured storage and queue need.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SetupArguments {
    #[command(flatten)]
    storage: OptionalStorageArguments,
    /// Which queue: sqlite:///FILE, pubsub://PROJECT/TOPIC-PREFIX or sqs://QUEUE-PREFIX
    #[arg(
        long,
        value_name = "URL",
        env = "SOCORRO_QUEUE",
        hide_env_values = true
    )]
    queue: Option<String>,
}

pub(super) async fn run(arguments: &SetupArguments, output: &mut Output) -> Result<Exit, Failure> {
    let (storage, queue) = (arguments.storage.address(), &arguments.queue);
    if storage.is_none() && queue.is_none() {
        return Err(
            Failure::usage("neither a storage nor a queue is configured")
                .hint("set SOCORRO_STORAGE and SOCORRO_QUEUE, or give --storage and --queue"),
        );
    }
    let mut failed = false;
    // One does not need the other.
    if let Some(address) = storage
        && let Err(failure) = make_storage(address, output).await
    {
        failed = true;
        output.report(&failure);
    }
    if let Some(url) = queue
        && let Err(failure) = make_queue(url, output).await
    {
        failed = true;
        output.report(&failure);
    }
    Ok(Exit::failure_if(failed))
}

async fn make_storage(address: &str, output: &mut Output) -> Result<(), Failure> {
    let (storage, is_new) = create_storage(address).await?;
    output.line(format_args!("storage {storage} {}", told(is_new)))
}

async fn make_queue(url: &str, output: &mut Output) -> Result<(), Failure> {
    let (queue, parts) = create_queue(url).await?;
    for part in parts {
        output.line(format_args!("{part} {}", told(part.changed)))?;
    }
    output.line(format_args!("queue {queue} is ready"))
}

fn told(is_new: bool) -> &'static str {
    if is_new { "was made" } else { "was there" }
}
