//! Crashes that lacked symbols that are there now.

use std::{collections::HashSet, sync::Arc};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use socorro_core::CrashId;
use socorro_queue::{CrashQueue, Job, Lane, PublishReport};
use socorro_storage::{CrashStorage, Item, MissingModule, MissingSymbols};

use super::refusal::Refusal;

/// Crashes that are looked at, and published, together.
const BATCH: usize = 500;
const CONCURRENT_REQUESTS: usize = 8;
/// How many crashes of one upload are known not to be published twice: some 100 MB.
const MOST_KNOWN: usize = 1_000_000;

/// Where crashes that lacked symbols are found, and who gets them.
#[derive(Debug, Clone)]
pub struct Reprocessing {
    index: MissingSymbols,
    queue: Arc<dyn CrashQueue>,
}

impl Reprocessing {
    /// Finds crashes in the index of missing symbols beside those in `storage`, and publishes them to
    /// the reprocessing lane of `queue`.
    #[must_use]
    pub fn new(storage: Arc<dyn CrashStorage>, queue: Arc<dyn CrashQueue>) -> Self {
        Self {
            index: MissingSymbols::of(storage),
            queue,
        }
    }

    /// Publishes the crashes that lacked the symbols of a module, those of `known` apart, and then
    /// takes them out of the index: who is killed in between publishes them once more. Gives back how
    /// many were published.
    pub(super) async fn publish(
        &self,
        module: &MissingModule,
        known: &mut HashSet<CrashId>,
    ) -> Result<u64, Refusal> {
        let mut batches = self.index.crashes(module).try_chunks(BATCH);
        let mut published = 0;
        while let Some(batch) = batches.next().await {
            // What came before an error will be found again.
            let batch = batch.map_err(|error| not_published(error.1))?;
            published += self.publish_batch(&batch, known).await?;
            self.index
                .forget(module, &batch)
                .await
                .map_err(not_published)?;
        }
        Ok(published)
    }

    async fn publish_batch(
        &self,
        batch: &[CrashId],
        known: &mut HashSet<CrashId>,
    ) -> Result<u64, Refusal> {
        let new = batch.iter().filter(|id| !known.contains(id)).copied();
        let new: Vec<_> = new.collect();
        let storage = self.index.storage();
        // A crash may have been deleted since.
        let jobs: Vec<_> = stream::iter(new.clone())
            .map(|id| async move {
                let is_there = storage.exists(&id, &Item::RawCrash).await?;
                Ok(is_there.then(|| Job::new(id)))
            })
            .buffered(CONCURRENT_REQUESTS)
            .try_filter_map(|job| async move { Ok(job) })
            .try_collect()
            .await
            .map_err(|error: socorro_storage::Error| not_published(error))?;
        if jobs.is_empty() {
            return Ok(0);
        }
        let report = self.queue.publish(Lane::Reprocessing, &jobs).await;
        report
            .and_then(PublishReport::into_result)
            .map_err(not_published)?;
        if known.len() < MOST_KNOWN {
            known.extend(new);
        }
        Ok(jobs.len() as u64)
    }
}

fn not_published(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Refusal {
    Refusal::NotPublished(error.into())
}
