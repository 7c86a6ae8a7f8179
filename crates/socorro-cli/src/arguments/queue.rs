//! Which crash queue.

use std::sync::Arc;

use clap::Args;
use socorro_queue::{CrashQueue, QueueOptions, QueuePart};

use crate::failure::Failure;

/// Which crash queue.
#[derive(Debug, Args)]
pub(crate) struct QueueArguments {
    /// Which queue: sqlite:///FILE, pubsub://PROJECT/TOPIC-PREFIX or sqs://QUEUE-PREFIX
    #[arg(
        long,
        value_name = "URL",
        env = "SOCORRO_QUEUE",
        hide_env_values = true
    )]
    queue: String,
}

impl QueueArguments {
    /// Opens the queue with default options, and makes sure that it answers.
    ///
    /// # Errors
    ///
    /// As [`open`].
    pub(crate) async fn open(&self) -> Result<Arc<dyn CrashQueue>, Failure> {
        open(&self.queue, QueueOptions::default()).await
    }

    /// Opens the queue and makes what it needs. Gives back what it consists of, too.
    ///
    /// # Errors
    ///
    /// As [`open`], and when something cannot be made.
    pub(crate) async fn create(&self) -> Result<(Arc<dyn CrashQueue>, Vec<QueuePart>), Failure> {
        create(&self.queue).await
    }

    /// Opens a queue of which a part may be missing, to delete what there is.
    ///
    /// # Errors
    ///
    /// As [`open`], but for what is missing at the service of the queue.
    pub(crate) async fn open_incomplete(&self) -> Result<Arc<dyn CrashQueue>, Failure> {
        check_address(&self.queue)?;
        Ok(socorro_queue::open(&self.queue, existing()).await?)
    }

    /// [`QueueArguments::open`] for commands that only look: a mistyped address makes no new queue.
    ///
    /// # Errors
    ///
    /// As [`open`], and when there is no such queue.
    pub(crate) async fn open_existing(&self) -> Result<Arc<dyn CrashQueue>, Failure> {
        open(&self.queue, existing()).await
    }
}

fn existing() -> QueueOptions {
    QueueOptions {
        create: false,
        ..QueueOptions::default()
    }
}

/// Opens the queue at `url` and makes what it needs. Gives back what it consists of, too.
///
/// # Errors
///
/// As [`open`], and when something cannot be made.
pub(crate) async fn create(url: &str) -> Result<(Arc<dyn CrashQueue>, Vec<QueuePart>), Failure> {
    check_address(url)?;
    let queue = socorro_queue::open(url, QueueOptions::default()).await?;
    let parts = queue.create().await?;
    queue.check().await?;
    Ok((queue, parts))
}

/// Opens the queue at `url`, and makes sure that it answers.
///
/// # Errors
///
/// When it is not a queue this program has, or does not answer.
pub(crate) async fn open(url: &str, options: QueueOptions) -> Result<Arc<dyn CrashQueue>, Failure> {
    check_address(url)?;
    let queue = socorro_queue::open(url, options).await?;
    queue.check().await?;
    Ok(queue)
}

/// Looks at an address without touching the queue.
///
/// # Errors
///
/// When it is not a queue this program has.
pub(crate) fn check_address(url: &str) -> Result<(), Failure> {
    if url.starts_with("memory:") {
        return Err(Failure::usage(
            "a queue in memory ends with this program, and the messages with it",
        )
        .hint("use a file: --queue sqlite:///path/queue.sqlite"));
    }
    Ok(socorro_queue::check_url(url)?)
}
