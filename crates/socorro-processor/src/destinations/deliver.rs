//! Giving one crash to all destinations.

use std::time::Duration;

use futures::future::join_all;
use socorro_core::{CrashId, ProcessedCrash};
use socorro_storage::{CrashStorage, Version};
use tokio::time::timeout;

use crate::metrics;

use super::{DestinationError, Destinations, Entry, count};

/// A processed crash as it was saved in main storage.
#[derive(Debug)]
pub(crate) struct Saved {
    pub(crate) processed: ProcessedCrash,
    pub(crate) version: Version,
    /// Whether there was another result before. Only then can there be notes about the crash.
    pub(crate) replaced: bool,
}

/// A required destination did not take a crash, or may not have, and that could not be noted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotNoted {
    #[error("destination {destination} did not take the crash, and that cannot be noted")]
    Storage {
        destination: String,
        source: socorro_storage::Error,
    },
    #[error("what destinations did not take is not noted within {limit:?}")]
    TooSlow { limit: Duration },
}

/// What became of a crash at one destination.
struct Offered<'a> {
    entry: &'a Entry,
    result: Result<(), DestinationError>,
}

impl Destinations {
    /// Gives a crash to all destinations at the same time, and notes in `storage` which did not
    /// take it. `limit` is for all tries of a destination together, and then for the notes.
    pub(crate) async fn deliver(
        &self,
        storage: &dyn CrashStorage,
        id: &CrashId,
        saved: &Saved,
        limit: Duration,
    ) -> Result<(), NotNoted> {
        if self.is_empty() {
            return Ok(());
        }
        let offers = self.0.iter().map(|entry| async {
            let delivery = timeout(limit, entry.deliver(id, &saved.processed));
            let result = delivery.await.unwrap_or_else(|_| {
                let reason = format!("not done within {limit:?}");
                Err(DestinationError::unavailable(
                    entry.destination.to_string(),
                    reason,
                ))
            });
            Offered { entry, result }
        });
        let offered = join_all(offers).await;
        timeout(limit, settle(storage, id, saved, &offered))
            .await
            .unwrap_or(Err(NotNoted::TooSlow { limit }))
    }
}

/// Brings the ledger up to date after a delivery.
async fn settle(
    storage: &dyn CrashStorage,
    id: &CrashId,
    saved: &Saved,
    offered: &[Offered<'_>],
) -> Result<(), NotNoted> {
    for Offered { entry, result } in offered {
        match result {
            Ok(()) => {
                count(&entry.counters.taken);
                if saved.replaced
                    && let Err(error) = entry.clear(storage, id).await
                {
                    // The sweep will send the crash once more, which does no harm.
                    tracing::warn!(destination = entry.name, %error, "cannot take a note away");
                }
            }
            Err(error) => {
                let name = &entry.name;
                metrics::DESTINATION_ERROR.count(&[("name", name.clone().into())]);
                tracing::error!(
                    crash_id = %id, destination = name,
                    "error: crash id {id}: {error} ({name})"
                );
                owe(storage, id, entry, error).await?;
            }
        }
    }
    // The notes that were just taken away may have been about a newer result, and that result may
    // have arrived before this one.
    if is_current(storage, id, saved).await {
        return Ok(());
    }
    for Offered { entry, result } in offered {
        if result.is_ok() {
            owe(
                storage,
                id,
                entry,
                &"the result may have been replaced meanwhile",
            )
            .await?;
        }
    }
    Ok(())
}

/// Notes that a destination has to get a crash (once more).
async fn owe(
    storage: &dyn CrashStorage,
    id: &CrashId,
    entry: &Entry,
    reason: &(dyn std::fmt::Display + Sync),
) -> Result<(), NotNoted> {
    let destination = &entry.name;
    match entry.note(storage, id, &reason.to_string()).await {
        Ok(()) => {
            tracing::warn!(destination, "noted for a later try");
            count(&entry.counters.noted);
        }
        Err(source) if entry.options.required => {
            return Err(NotNoted::Storage {
                destination: destination.clone(),
                source,
            });
        }
        Err(error) => {
            tracing::error!(
                destination, %reason, %error,
                "the destination goes without this crash: it is not required, and no note can be written"
            );
            count(&entry.counters.lost);
        }
    }
    Ok(())
}

/// Whether a result is known to be the one in main storage still.
async fn is_current(storage: &dyn CrashStorage, id: &CrashId, saved: &Saved) -> bool {
    match storage.processed_crash_version(id).await {
        // When it was deleted meanwhile, there is nothing newer to send.
        Ok(version) => version.is_none_or(|version| version == saved.version),
        Err(_) => false,
    }
}
