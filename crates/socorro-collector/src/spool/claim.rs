//! An entry in the hands of a replayer.

use std::{io, time::Duration};

use socorro_core::{CrashId, Dumps, RawCrash, time::Timestamp};

use super::{
    Spool, Step,
    entry::{self, ReadError, State},
    index::{Place, Waiting},
};
use crate::{collector::delivery::jittered, metrics};

/// The first wait before an entry is tried again; doubled each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// An entry that nobody else has. What is done with it counts only if it was not replaced meanwhile. When
/// this is dropped without a word, the entry is soon tried again.
#[derive(Debug)]
pub(super) struct Claim {
    spool: Spool,
    place: Place,
    waiting: Waiting,
    settled: bool,
}

/// What an entry asks for.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) state: State,
    /// `None` when it is stored already.
    pub(super) report: Option<(RawCrash, Dumps)>,
}

impl Claim {
    pub(super) fn new(spool: Spool, place: Place, waiting: Waiting) -> Self {
        Self {
            spool,
            place,
            waiting,
            settled: false,
        }
    }

    pub(super) fn id(&self) -> CrashId {
        self.waiting.id
    }

    pub(super) fn received(&self) -> Timestamp {
        self.place.received
    }

    /// What is to be done.
    pub(super) fn read(&self) -> Result<Content, ReadError> {
        let directory = self.spool.place(&self.waiting.id);
        let state = entry::read_state(&directory)?;
        let report = if state.saved {
            None
        } else {
            Some(entry::read_report(&directory, &state)?)
        };
        Ok(Content { state, report })
    }

    /// It is delivered: deletes it.
    pub(super) fn done(mut self) -> io::Result<()> {
        self.settled = true;
        let trash = self.spool.draft()?;
        {
            let _changing = self.spool.change();
            if !self.is_there() {
                return Ok(());
            }
            let directory = self.spool.place(&self.waiting.id);
            let removed = std::fs::rename(directory, trash.path().join("entry"));
            let mut index = self.spool.index();
            if removed.is_err() {
                index.put_back(&self.place, FIRST_WAIT);
                return removed;
            }
            index.remove(&self.place);
            if index.entries() == 0 {
                index.last_error = None;
            }
        }
        let _ = self.spool.0.hooks.reached(Step::ReplayRemoved);
        self.spool.report();
        Ok(())
    }

    /// The report is stored, the id not published: keeps the id only.
    pub(super) fn saved(&self, state: &mut State) -> io::Result<()> {
        let _changing = self.spool.change();
        if !self.is_there() {
            return Ok(());
        }
        let directory = self.spool.place(&self.waiting.id);
        state.saved = true;
        state.bytes = 0;
        entry::update_state(&directory, state)?;
        self.spool.index().mark_saved(&self.place);
        entry::remove_report(&directory)
    }

    /// It could not be delivered: it goes back to the line for a while.
    pub(super) fn failed(mut self, state: Option<State>, error: &str) {
        self.settled = true;
        let _changing = self.spool.change();
        let failures = {
            let mut index = self.spool.index();
            index.last_error = Some(error.to_owned());
            index.count_failure(&self.place)
        };
        let Some(failures) = failures else { return };
        if let Some(mut state) = state {
            state.failed(error);
            let directory = self.spool.place(&self.waiting.id);
            // For people who look; what counts is in memory.
            if let Err(error) = entry::update_state(&directory, &state) {
                tracing::warn!("cannot note a failure in {}: {error}", directory.display());
            }
        }
        let longest = self.spool.0.options.longest_wait;
        let factor = 2_u32.saturating_pow(failures.saturating_sub(1));
        let wait = FIRST_WAIT.saturating_mul(factor).min(longest);
        self.spool.index().put_back(&self.place, jittered(wait));
    }

    /// It was not tried at all.
    pub(super) fn not_tried(mut self) {
        self.settled = true;
        self.spool.index().put_back(&self.place, Duration::ZERO);
    }

    /// It will never be delivered as it is.
    pub(super) fn quarantine(mut self, reason: &str) {
        self.settled = true;
        let _changing = self.spool.change();
        if !self.is_there() {
            return;
        }
        let directory = self.spool.place(&self.waiting.id);
        let moved = self.spool.set_aside(&directory, reason);
        let mut index = self.spool.index();
        if let Err(error) = moved {
            tracing::error!("cannot quarantine {}: {error}", directory.display());
            index.put_back(&self.place, self.spool.0.options.longest_wait);
            return;
        }
        index.last_error = Some(reason.to_owned());
        index.remove(&self.place);
        drop(index);
        metrics::SPOOL_REPLAYED.count(&[("result", "quarantined".into())]);
        self.spool.report();
    }

    /// Whether it was not replaced. Stays so while changes are held off.
    fn is_there(&self) -> bool {
        self.spool.index().has(&self.place)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.settled {
            self.spool.index().put_back(&self.place, FIRST_WAIT);
        }
    }
}
