//! Which crash queue.

use std::{sync::Arc, time::Duration};

use clap::Args;
use socorro_queue::{CrashQueue, QueueOptions};

use crate::failure::Failure;

/// Which crash queue.
#[derive(Debug, Args)]
pub(crate) struct QueueArguments {
    /// Which queue: sqlite:///FILE
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
        open(&self.queue, None).await
    }
}

/// Opens the queue at `url`, and makes sure that it answers.
///
/// # Errors
///
/// When it is not a queue this program has, or does not answer.
pub(crate) async fn open(
    url: &str,
    lease: Option<Duration>,
) -> Result<Arc<dyn CrashQueue>, Failure> {
    if url.starts_with("memory:") {
        return Err(Failure::usage(
            "a queue in memory ends with this program, and the messages with it",
        )
        .hint("use a file: --queue sqlite:///path/queue.sqlite"));
    }
    let mut options = QueueOptions::default();
    if let Some(lease) = lease {
        options.lease = lease;
    }
    let queue = socorro_queue::open(url, options).await?;
    queue.check().await?;
    Ok(queue)
}
