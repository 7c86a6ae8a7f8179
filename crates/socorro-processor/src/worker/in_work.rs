//! Crashes that are in work here, so that a second delivery of one does not start it again.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use socorro_core::CrashId;
use socorro_queue::{Job, RulesetName};
use tokio::sync::watch;

/// The crashes in work in this worker.
#[derive(Debug, Default)]
pub(super) struct InWork {
    crashes: Mutex<HashMap<CrashId, Work>>,
}

/// What is known about a crash in work.
#[derive(Debug)]
struct Work {
    ruleset: RulesetName,
    /// Tells those who wait; closed when the work ends.
    ended: watch::Receiver<bool>,
}

/// Whose turn it is.
#[derive(Debug)]
pub(super) enum Turn<'a> {
    /// This delivery may start.
    Mine(Place<'a>),
    /// Another delivery of the crash is in work.
    Behind(Ahead),
}

/// The right to work on a crash. Ends when dropped.
#[derive(Debug)]
pub(super) struct Place<'a> {
    in_work: &'a InWork,
    id: CrashId,
    ended: watch::Sender<bool>,
}

/// The delivery that is in work.
#[derive(Debug)]
pub(super) struct Ahead {
    same_ruleset: bool,
    ended: watch::Receiver<bool>,
}

impl InWork {
    /// Asks for the right to work on a crash.
    pub(super) fn enter(&self, job: &Job) -> Turn<'_> {
        let mut crashes = self.crashes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(work) = crashes.get(&job.crash_id) {
            return Turn::Behind(Ahead {
                same_ruleset: work.ruleset == job.ruleset,
                ended: work.ended.clone(),
            });
        }
        let (sender, ended) = watch::channel(false);
        let ruleset = job.ruleset.clone();
        crashes.insert(job.crash_id, Work { ruleset, ended });
        Turn::Mine(Place {
            in_work: self,
            id: job.crash_id,
            ended: sender,
        })
    }
}

impl Place<'_> {
    /// Ends the work with a saved result, which is also that of those who wait with the same ruleset.
    pub(super) fn saved(self) {
        self.ended.send_replace(true);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut crashes = self
            .in_work
            .crashes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        crashes.remove(&self.id);
    }
}

impl Ahead {
    /// Waits until the work ends, and tells whether its result will do for this delivery too.
    pub(super) async fn result_will_do(mut self) -> bool {
        while self.ended.changed().await.is_ok() {}
        self.same_ruleset && *self.ended.borrow()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(ruleset: &str) -> Job {
        let id = CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918").unwrap();
        Job {
            ruleset: RulesetName::parse(ruleset).unwrap(),
            ..Job::new(id)
        }
    }

    fn mine<'a>(in_work: &'a InWork, ruleset: &str) -> Place<'a> {
        match in_work.enter(&job(ruleset)) {
            Turn::Mine(place) => place,
            Turn::Behind(ahead) => panic!("{ahead:?}"),
        }
    }

    fn behind(in_work: &InWork, ruleset: &str) -> Ahead {
        match in_work.enter(&job(ruleset)) {
            Turn::Mine(place) => panic!("{place:?}"),
            Turn::Behind(ahead) => ahead,
        }
    }

    #[tokio::test]
    async fn a_saved_result_result_will_do_for_the_same_ruleset_only() {
        let in_work = InWork::default();
        let place = mine(&in_work, "default");
        let (same, other) = (behind(&in_work, "default"), behind(&in_work, "other"));
        place.saved();
        assert!(same.result_will_do().await);
        assert!(!other.result_will_do().await);
        mine(&in_work, "default");
    }

    #[tokio::test]
    async fn work_without_a_result_is_not_enough() {
        let in_work = InWork::default();
        let place = mine(&in_work, "default");
        let ahead = behind(&in_work, "default");
        drop(place);
        assert!(!ahead.result_will_do().await);
    }
}
