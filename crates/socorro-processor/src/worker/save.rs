//! Saving a result without losing somebody else's.

use std::time::Instant;

use serde_json::Value;
use socorro_core::{ProcessedCrash, json::is_truthy};
use socorro_queue::Job;
use socorro_storage::{ErrorKind, Expected};

use super::{Failure, StageTimes, Worker};

/// How often a result is merged with one that was saved in between before it just replaces it.
const MERGES: u32 = 3;

impl Worker {
    /// Saves a processed crash. When another worker saved one since this one was fetched, that
    /// run's notes are taken into the history first.
    pub(super) async fn save(
        &self,
        job: &Job,
        mut processed: ProcessedCrash,
        mut expected: Expected,
        times: &mut StageTimes,
    ) -> Result<ProcessedCrash, Failure> {
        let started = Instant::now();
        let storage = &self.0.storage;
        for merge in 0.. {
            match storage
                .save_processed_crash(&job.crash_id, &processed, expected)
                .await
            {
                Ok(_) => break,
                Err(error) if error.kind() != ErrorKind::Conflict || merge > MERGES => {
                    return Err(Failure::storage(&error));
                }
                Err(_) if merge == MERGES => expected = Expected::Any,
                Err(_) => match storage.processed_crash(&job.crash_id).await {
                    Ok(stored) => {
                        take_history(&mut processed, &stored.value);
                        expected = Expected::Version(stored.version);
                    }
                    Err(error) if error.kind() == ErrorKind::NotFound => {
                        expected = Expected::Absent
                    }
                    Err(error) if error.kind() == ErrorKind::Corrupt => expected = Expected::Any,
                    Err(error) => return Err(Failure::storage(&error)),
                },
            }
        }
        times.save += started.elapsed();
        Ok(processed)
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
