//! Saving a result without losing somebody else's, and giving it to all destinations.

use std::time::{Duration, Instant};

use serde_json::Value;
use socorro_core::{CrashId, ProcessedCrash, json::is_truthy};
use socorro_queue::Job;
use socorro_storage::{ErrorKind, Expected};

use super::{
    Stage, StageTimes, Worker,
    failure::{Failure, Late},
    transform::Transformed,
};
use crate::{destinations::Saved, metrics};

/// How often a result is merged with one that was saved in between before it just replaces it.
const MERGES: u32 = 3;

impl Worker {
    /// Saves a processed crash, gives it to all destinations, and returns it as it was saved.
    pub(super) async fn save(
        &self,
        job: &Job,
        transformed: Transformed,
        times: &mut StageTimes,
    ) -> Result<ProcessedCrash, Failure> {
        let id = &job.crash_id;
        let limit = self.0.options.max_processing;
        let submitted = transformed.submitted;
        self.0.monitor.stage(id, Stage::Save);
        let started = Instant::now();
        let saved = tokio::time::timeout(limit, self.save_merged(id, transformed))
            .await
            .unwrap_or_else(|_| Err(Failure::too_slow(Late::Save, limit)));
        times.save += started.elapsed();
        // Main storage has it: from here on the crash cannot be lost, only late.
        let saved = saved?;
        metrics::STORAGE_SAVE.time(started.elapsed(), &[]);
        tracing::info!(crash_id = %id, "saved {id}");
        self.0.monitor.stage(id, Stage::Deliver);
        let started = Instant::now();
        let delivered = self
            .0
            .destinations
            .deliver(&*self.0.storage, id, &saved, limit);
        let delivered = delivered.await;
        times.deliver += started.elapsed();
        delivered.map_err(|error| Failure::not_noted(&error))?;
        metrics::SAVE_PROCESSED_CRASH.count(&[]);
        if let Some(submitted) = submitted {
            let now = self.0.pipeline.environment().now();
            let taken = Duration::try_from(now.duration_since(submitted)).unwrap_or_default();
            metrics::INGESTION_TIMING.time(taken, &[]);
        }
        Ok(saved.processed)
    }

    /// When another worker saved a result since this one's was fetched, that run's notes are taken
    /// into the history first.
    async fn save_merged(&self, id: &CrashId, transformed: Transformed) -> Result<Saved, Failure> {
        let Transformed {
            mut processed,
            mut expected,
            in_place,
            is_stored,
            submitted: _,
        } = transformed;
        if let (true, Expected::Version(version)) = (is_stored, &expected) {
            return Ok(Saved {
                processed,
                version: version.clone(),
                replaced: true,
            });
        }
        let storage = &self.0.storage;
        let mut replaced = !matches!(expected, Expected::Absent);
        let mut merges = 0;
        loop {
            let saved = storage.save_processed_crash(id, &processed, expected).await;
            let error = match saved {
                Ok(receipt) => {
                    return Ok(Saved {
                        processed,
                        version: receipt.version,
                        replaced,
                    });
                }
                Err(error) => error,
            };
            if error.kind() != ErrorKind::Conflict || merges > MERGES {
                return Err(Failure::storage(&error));
            }
            if in_place {
                // What was changed here is not what is there now.
                return Err(Failure::overtaken(&error));
            }
            replaced = true;
            expected = match storage.processed_crash(id).await {
                Ok(stored) => {
                    take_history(&mut processed, &stored.value);
                    if merges < MERGES {
                        Expected::Version(stored.version)
                    } else {
                        Expected::Any
                    }
                }
                Err(error) if error.kind() == ErrorKind::NotFound => Expected::Absent,
                Err(error) if error.kind() == ErrorKind::Corrupt => Expected::Any,
                Err(error) => return Err(Failure::storage(&error)),
            };
            merges += 1;
        }
    }
}

/// Makes the history of `processed` that of a run after `earlier`.
fn take_history(processed: &mut ProcessedCrash, earlier: &ProcessedCrash) {
    let mut history = match earlier.get("processor_history") {
        Some(Value::Array(history)) => history.clone(),
        _ => Vec::new(),
    };
    if let Some(notes) = earlier
        .get("processor_notes")
        .filter(|notes| is_truthy(notes))
    {
        history.insert(0, notes.clone());
    }
    processed.set("processor_history", history);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_history_continues_that_of_the_other_run() {
        let of = |value: Value| match value {
            Value::Object(fields) => ProcessedCrash::from(fields),
            _ => ProcessedCrash::new(),
        };
        let mut mine = of(json!({"processor_notes": "mine", "processor_history": ["first"]}));
        let theirs = of(json!({"processor_notes": "theirs", "processor_history": ["first"]}));
        take_history(&mut mine, &theirs);
        assert_eq!(
            mine.get("processor_history"),
            Some(&json!(["theirs", "first"]))
        );
        assert_eq!(mine.text("processor_notes"), Some("mine"));
    }
}
