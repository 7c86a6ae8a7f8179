//! Asking for groups of crashes.

use std::{collections::VecDeque, time::Duration};

use socorro_core::CrashId;
use socorro_crash_stats::client::{CrashStats, Error, MAX_GROUP, ReprocessingJob};

use super::state::State;
use crate::{failure::Failure, output::Output};

/// Asks for groups of crashes.
pub(super) struct Groups {
    pub(super) crash_stats: CrashStats,
    /// How long to wait between groups.
    pub(super) sleep: Duration,
    pub(super) state: State,
}

impl Groups {
    /// Asks for all, group after group. Returns whether the server did not take some of them.
    ///
    /// # Errors
    ///
    /// What would keep all others from being taken.
    pub(super) async fn ask_for(
        mut self,
        jobs: &[ReprocessingJob],
        output: &mut Output,
    ) -> Result<bool, Failure> {
        let mut groups: VecDeque<&[ReprocessingJob]> = jobs.chunks(MAX_GROUP).collect();
        let mut failed = false;
        while let Some(group) = groups.pop_front() {
            match self.crash_stats.reprocess(group).await {
                Ok(()) => self.taken(group, output)?,
                Err(Error::BadRequest { reason, .. }) if is_about_ruleset(&reason) => {
                    return Err(Failure::new(reason)
                        .hint("--ruleset names a ruleset of the server, such as default or regenerate_signature"));
                }
                Err(error @ Error::BadRequest { .. }) => match group {
                    [job] => {
                        failed = true;
                        let what = format!("{} was not taken", job.id);
                        output.report(&Failure::because(what, &error));
                        continue;
                    }
                    // One bad id fails the whole call: halves lead to it.
                    _ => {
                        let (first, second) = group.split_at(group.len() / 2);
                        groups.push_front(second);
                        groups.push_front(first);
                        continue;
                    }
                },
                Err(error) => return Err(self.given_up(error)),
            }
            if !groups.is_empty() {
                tokio::time::sleep(self.sleep).await;
            }
        }
        Ok(failed)
    }

    fn taken(&mut self, group: &[ReprocessingJob], output: &mut Output) -> Result<(), Failure> {
        let ids: Vec<CrashId> = group.iter().map(|job| job.id).collect();
        self.state.add(&ids)?;
        if let Some(last) = ids.last() {
            tracing::info!(count = ids.len(), "group ending with {last}");
        }
        for id in ids {
            output.line(id)?;
        }
        Ok(())
    }

    /// The failure that ends the work.
    fn given_up(&self, error: Error) -> Failure {
        let is_temporary = error.is_temporary() && !error.is_final();
        let failure = Failure::from(error);
        match (is_temporary, self.state.is_kept()) {
            (true, true) => failure.hint("run it again later: what was taken is passed over"),
            (true, false) => failure.hint(
                "what was taken is printed; with --resume FILE it is passed over the next time",
            ),
            (false, _) => failure,
        }
    }
}

fn is_about_ruleset(reason: &str) -> bool {
    reason.contains("Ruleset '")
}
