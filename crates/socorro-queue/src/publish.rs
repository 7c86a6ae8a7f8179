//! What became of each job of a publication.

use crate::{error::Error, message::Job};

/// What became of each job given to [`publish`](crate::CrashQueue::publish), in the order in which
/// they were given.
///
/// ```
/// # use socorro_queue::{Error, Job, PublishReport};
/// # fn look_at(report: PublishReport) {
/// for (job, error) in report.failed() {
///     eprintln!("{job} is not in the queue: {error}");
/// }
/// # }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "some of the jobs may not have been published"]
pub struct PublishReport {
    outcomes: Vec<PublishOutcome>,
}

/// What became of one job.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PublishOutcome {
    /// The job.
    pub job: Job,
    /// Nothing, or why it is not in the queue.
    pub result: Result<(), Error>,
}

impl PublishReport {
    /// A report that holds nothing yet; for backends.
    pub fn new() -> Self {
        Self::default()
    }

    /// A report that says that all of `jobs` were published.
    pub fn all_published(jobs: &[Job]) -> Self {
        let mut report = Self::new();
        for job in jobs {
            report.push(job.clone(), Ok(()));
        }
        report
    }

    /// Adds what became of the next job.
    pub fn push(&mut self, job: Job, result: Result<(), Error>) {
        self.outcomes.push(PublishOutcome { job, result });
    }

    /// One outcome per job, in order.
    #[must_use]
    pub fn outcomes(&self) -> &[PublishOutcome] {
        &self.outcomes
    }

    /// How many jobs are in the queue now.
    #[must_use]
    pub fn published(&self) -> usize {
        self.outcomes.len() - self.failed().count()
    }

    /// The jobs that are not in the queue, and why.
    pub fn failed(&self) -> impl Iterator<Item = (&Job, &Error)> {
        self.outcomes
            .iter()
            .filter_map(|outcome| Some((&outcome.job, outcome.result.as_ref().err()?)))
    }

    /// Nothing when all jobs are in the queue.
    ///
    /// # Errors
    ///
    /// The error of the first job that is not.
    pub fn into_result(self) -> Result<(), Error> {
        self.outcomes
            .into_iter()
            .find_map(|outcome| outcome.result.err())
            .map_or(Ok(()), Err)
    }
}
