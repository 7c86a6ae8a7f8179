//! What follows when a crash is in the storage.

use std::sync::Arc;

use socorro_core::{CrashId, ProcessedCrash};
use socorro_processor::Worker;
use socorro_queue::{CrashQueue, Job, Lane, QueueOptions};
use socorro_storage::{CrashStorage, layout};

use super::ProcessCrashesArguments;
use crate::{arguments, commands::fetch_crash_data::NotDone, failure::Failure, pipeline::pipeline};

/// What follows when a crash is in the storage.
pub(super) enum After {
    /// Its id is published.
    Published(Arc<dyn CrashQueue>),
    /// It is processed here.
    Processed {
        worker: Worker,
        storage: Arc<dyn CrashStorage>,
    },
}

/// What was done.
pub(super) enum Done {
    Published,
    Processed {
        /// None where the crash has none.
        signature: String,
        /// Where the processed crash is.
        place: String,
    },
}

impl After {
    /// Prepares what is asked for.
    ///
    /// # Errors
    ///
    /// When there is no such queue, or crashes cannot be processed here.
    pub(super) async fn of(
        arguments: &ProcessCrashesArguments,
        storage: Arc<dyn CrashStorage>,
        jobs: usize,
    ) -> Result<Self, Failure> {
        if !arguments.process {
            let Some(url) = &arguments.queue else {
                return Err(Failure::usage("no queue: --queue says which"));
            };
            let queue = arguments::open_queue(url, QueueOptions::default()).await?;
            return Ok(Self::Published(queue));
        }
        let signatures = arguments.signature.generator()?;
        let walker = arguments.walkers.start(&arguments.walk, &[], jobs).await?;
        let pipeline = pipeline(walker, &signatures, &arguments.rulesets)?;
        let no_queue = socorro_queue::open("memory:", QueueOptions::default()).await?;
        let worker = Worker::new(Arc::clone(&storage), no_queue, pipeline);
        Ok(Self::Processed { worker, storage })
    }

    /// Publishes or processes a crash.
    ///
    /// # Errors
    ///
    /// What kept it from that.
    pub(super) async fn go_on(&self, id: CrashId) -> Result<Done, NotDone> {
        match self {
            Self::Published(queue) => publish(&**queue, id).await.map(|()| Done::Published),
            Self::Processed { worker, storage } => {
                let processed = worker.process(id).await.map_err(|failure| {
                    let told = Failure::new(failure.to_string());
                    if failure.is_outage() {
                        NotDone::outage(told)
                    } else {
                        told.into()
                    }
                })?;
                Ok(Done::Processed {
                    signature: signature(&processed),
                    place: format!(
                        "{}/{}",
                        storage.to_string().trim_end_matches('/'),
                        layout::processed_crash(&id)
                    ),
                })
            }
        }
    }
}

async fn publish(queue: &dyn CrashQueue, id: CrashId) -> Result<(), NotDone> {
    let failed = |error: &socorro_queue::Error| {
        NotDone::outage(Failure::because(
            "it is stored, but was not published",
            error,
        ))
    };
    let report = queue.publish(Lane::Standard, &[Job::new(id)]).await;
    let report = report.map_err(|error| failed(&error))?;
    match report.outcomes().first().map(|outcome| &outcome.result) {
        Some(Err(error)) => Err(failed(error)),
        _ => Ok(()),
    }
}

fn signature(processed: &ProcessedCrash) -> String {
    processed.text("signature").unwrap_or_default().to_owned()
}
