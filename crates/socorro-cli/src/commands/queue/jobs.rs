//! Jobs as people hand them over, and what becomes of them when they are published.

use std::collections::HashSet;

use socorro_queue::{CrashQueue, Error, Job, Lane, RulesetName};

use crate::{
    crash_ids::{CrashIds, given_texts},
    failure::{Failure, with_causes},
};

/// How many jobs are published at a time.
const BATCH: usize = 500;

/// Jobs, each once and in the order in which they were given.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    pub(crate) jobs: Vec<Job>,
    /// The texts that are none, and what is wrong with them.
    pub(crate) bad: Vec<(String, Failure)>,
}

impl Jobs {
    /// The jobs that a command is given as arguments or on standard input: crash ids in all their
    /// forms, and a ruleset behind a colon, as messages have it.
    ///
    /// # Errors
    ///
    /// As [`given_texts`].
    pub(crate) fn given(arguments: &[String], ruleset: &RulesetName) -> Result<Self, Failure> {
        Ok(Self::among(&given_texts(arguments)?, ruleset))
    }

    fn among(texts: &[String], ruleset: &RulesetName) -> Self {
        let (mut seen, mut found) = (HashSet::new(), Self::default());
        for text in texts {
            let (id, ruleset) = taken_apart(text.trim(), ruleset);
            let CrashIds { ids, bad } = CrashIds::among([id]);
            let jobs = ids
                .into_iter()
                .map(|id| Job::with_ruleset(id, ruleset.clone()));
            found
                .jobs
                .extend(jobs.filter(|job| seen.insert(job.clone())));
            found.bad.extend(bad.iter().map(|error| {
                let failure = Failure::because("not published", error);
                (text.trim().to_owned(), failure)
            }));
        }
        found
    }
}

/// The crash id and the ruleset of `id:ruleset`, or all of the text and the usual ruleset. (The
/// URL of a report has colons, too, but what follows them names no ruleset.)
fn taken_apart<'a>(text: &'a str, usual: &RulesetName) -> (&'a str, RulesetName) {
    let named = text.rsplit_once(':').and_then(|(id, name)| {
        let ruleset = name.parse::<RulesetName>().ok()?;
        Some((id, ruleset))
    });
    named.unwrap_or_else(|| (text, usual.clone()))
}

/// Publishes jobs to a lane, and tells each what became of it, in their order. Says whether all are
/// in the queue. After a failure, the rest is left out where that is wanted.
///
/// # Errors
///
/// What `told` fails with.
pub(crate) async fn publish(
    queue: &dyn CrashQueue,
    lane: Lane,
    jobs: &[Job],
    fail_fast: bool,
    mut told: impl FnMut(&Job, Result<(), Failure>) -> Result<(), Failure>,
) -> Result<bool, Failure> {
    let mut all = true;
    for batch in jobs.chunks(BATCH) {
        match queue.publish(lane, batch).await {
            Ok(report) => {
                for outcome in report.outcomes() {
                    all &= outcome.result.is_ok();
                    let result = match &outcome.result {
                        Ok(()) => Ok(()),
                        Err(error) => Err(not_published(&outcome.job, error)),
                    };
                    told(&outcome.job, result)?;
                }
            }
            Err(error) => {
                all = false;
                for job in batch {
                    told(job, Err(not_published(job, &error)))?;
                }
            }
        }
        if fail_fast && !all {
            break;
        }
    }
    Ok(all)
}

pub(crate) fn not_published(job: &Job, error: &Error) -> Failure {
    Failure::new(format!("{job} was not published: {}", with_causes(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "de1bb258-cbbf-4589-a673-34f800160918";

    #[test]
    fn a_ruleset_may_follow_an_id() {
        let texts = [
            ID.to_owned(),
            format!("bp-{ID}:regenerate_signature"),
            format!("http://localhost:8000/report/index/{ID}"),
            format!("{ID}:not a name"),
            "# note: x".to_owned(),
            String::new(),
        ];
        let found = Jobs::among(&texts, &RulesetName::DEFAULT);
        let jobs: Vec<String> = found.jobs.iter().map(Job::to_string).collect();
        assert_eq!(jobs, [ID.to_owned(), format!("{ID}:regenerate_signature")]);
        assert_eq!(found.bad.len(), 1);
        assert_eq!(found.bad[0].0, texts[3]);
    }
}
