//! Making the processed crash.

use std::{sync::Arc, time::Instant};

use socorro_core::{ProcessedCrash, time::Timestamp};
use socorro_queue::{Job, Lane};
use socorro_storage::Expected;

use super::{
    Worker,
    failure::{Failure, Late},
    fetch::{self, Fetched},
    milliseconds,
    safe_mode::{self, Past, Record},
    status::Stage,
    summary::StageTimes,
};

/// A processed crash that is not saved yet.
#[derive(Debug)]
pub(super) struct Transformed {
    pub(super) processed: ProcessedCrash,
    /// What has to be there still when it is saved.
    pub(super) expected: Expected,
    /// Whether most of it was in the earlier result.
    pub(super) in_place: bool,
    /// Whether it is the earlier result: there is nothing to save.
    pub(super) is_stored: bool,
    /// When the crash was submitted, if this is the first run of the ruleset `default`.
    pub(super) submitted: Option<Timestamp>,
}

impl Worker {
    /// Fetches a crash and runs the pipeline over it.
    pub(super) async fn transform(
        &self,
        job: &Job,
        past: &Past,
        record: &mut Option<Record>,
        times: &mut StageTimes,
    ) -> Result<Transformed, Failure> {
        let options = &self.0.options;
        let limit = options.max_processing;
        let started = Instant::now();
        let deaths = tokio::time::timeout(limit, self.begin_with_suspect(job, past, record))
            .await
            .unwrap_or_else(|_| Err(Failure::too_slow(Late::Fetch, limit)))?;
        // The dumps live as long as this directory.
        let directory = Arc::clone(&self.0.directories)
            .make()
            .await
            .map_err(|error| Failure::local(&error))?;
        let fetched = fetch::fetch(
            &*self.0.storage,
            &job.crash_id,
            past.failures,
            options,
            directory.path(),
        );
        let mut fetched = tokio::time::timeout(limit, fetched)
            .await
            .unwrap_or_else(|_| Err(Failure::too_slow(Late::Fetch, limit)))?;
        times.fetch += started.elapsed();
        if deaths >= options.safe_mode_after {
            fetched.crash = safe_mode::entered(fetched.crash, past, deaths)?;
        }

        let id = job.crash_id;
        self.0.monitor.fetched(&id, fetched.bytes);
        self.0.monitor.stage(&id, Stage::Transform);
        if options.skip_processed && self.is_processed_since(past, job, &fetched) {
            return Ok(Transformed {
                processed: fetched.crash.processed,
                expected: fetched.expected,
                in_place: false,
                is_stored: true,
                submitted: None,
            });
        }
        let started = Instant::now();
        let ruleset = self.ruleset_for(job, &mut fetched);
        let in_place = self.changes_in_place(ruleset);
        let submitted = submitted(ruleset, &fetched);
        tracing::info!(crash_id = %id, ruleset, "processing with {ruleset} for crash {id}");
        let crash = tokio::time::timeout(limit, self.0.pipeline.run(ruleset, fetched.crash))
            .await
            .map_err(|_| Failure::too_slow(Late::Transform, limit))?
            .map_err(|error| Failure::pipeline(&error))?;
        times.transform += started.elapsed();
        tracing::info!(
            crash_id = %id, ruleset, duration_ms = milliseconds(started.elapsed()),
            "finishing successful transform for crash: {id}"
        );
        Ok(Transformed {
            processed: crash.processed,
            expected: fetched.expected,
            in_place,
            is_stored: false,
            submitted,
        })
    }

    /// Whether another message led to a result that does for this one.
    fn is_processed_since(&self, past: &Past, job: &Job, fetched: &Fetched) -> bool {
        let begun = fetched.crash.processed.text("started_datetime");
        let begun = begun.and_then(|text| text.parse::<Timestamp>().ok());
        past.lane == Lane::Standard
            && !self.changes_in_place(job.ruleset.as_str())
            // Results tell whole seconds: within one, nobody knows what came first.
            && begun.is_some_and(|begun| begun.as_second() > past.published_at.as_second())
    }

    /// Notes the beginning when the crash may be what its last worker died of. Returns how many
    /// have died, as far as one knows.
    async fn begin_with_suspect(
        &self,
        job: &Job,
        past: &Past,
        record: &mut Option<Record>,
    ) -> Result<u32, Failure> {
        if past.lapses == 0 {
            return Ok(0);
        }
        let storage = &*self.0.storage;
        let record = record.insert(Record::read(storage, &job.crash_id, past).await?);
        if let Some(failure) = record.hopeless(&self.0.options) {
            return Err(failure);
        }
        record.begin(storage).await?;
        Ok(record.deaths())
    }

    /// The ruleset to run: one that changes an earlier result cannot begin without one.
    fn ruleset_for<'a>(&self, job: &'a Job, fetched: &mut Fetched) -> &'a str {
        let name = job.ruleset.as_str();
        if self.changes_in_place(name) && fetched.crash.processed.as_map().is_empty() {
            fetched.crash.note(format!(
                "Never processed before: running default instead of {name}"
            ));
            return "default";
        }
        name
    }

    fn changes_in_place(&self, ruleset: &str) -> bool {
        let ruleset = self.0.pipeline.ruleset(ruleset);
        ruleset.is_some_and(crate::Ruleset::is_in_place)
    }
}

/// When the crash was submitted, if it is processed for the first time by the ruleset `default`: how
/// long that took is what a delay of the whole system shows in.
fn submitted(ruleset: &str, fetched: &Fetched) -> Option<Timestamp> {
    let is_first = ruleset == "default" && fetched.crash.processed.as_map().is_empty();
    let submitted = fetched.crash.raw.annotation("submitted_timestamp");
    submitted.filter(|_| is_first)?.parse().ok()
}
