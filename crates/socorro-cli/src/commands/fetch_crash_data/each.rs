//! Doing something for each of many crashes, several at a time and independent of each other.

use std::{collections::HashSet, future::Future};

use futures::{StreamExt as _, stream};
use indicatif::{ProgressBar, ProgressStyle};
use socorro_core::CrashId;
use socorro_crash_stats::client::Error as ClientError;
use socorro_storage::Error as StorageError;

use crate::{failure::Failure, interrupt};

/// After so many crashes in a row that failed for a reason that is not theirs, all others would.
const OUTAGE: usize = 20;
/// From how many crashes on the work is long enough to show how far it is.
const MANY: usize = 5;

/// Why something was not done for a crash.
#[derive(Debug)]
pub(crate) struct NotDone {
    pub(crate) failure: Failure,
    scope: Scope,
    is_not_found: bool,
}

/// Whom a failure concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// This crash.
    Crash,
    /// Perhaps the next ones, too.
    Outage,
    /// All.
    Everything,
}

impl NotDone {
    fn new(failure: Failure, scope: Scope) -> Self {
        Self {
            failure,
            scope,
            is_not_found: false,
        }
    }

    /// Something is out of order that others need, too.
    pub(crate) fn outage(failure: Failure) -> Self {
        Self::new(failure, Scope::Outage)
    }

    /// Nothing will work.
    pub(crate) fn everything(failure: Failure) -> Self {
        Self::new(failure, Scope::Everything)
    }

    /// Whether the server has no such thing.
    pub(super) fn is_not_found(&self) -> bool {
        self.is_not_found
    }
}

impl From<Failure> for NotDone {
    fn from(failure: Failure) -> Self {
        Self::new(failure, Scope::Crash)
    }
}

impl From<ClientError> for NotDone {
    fn from(error: ClientError) -> Self {
        let scope = match &error {
            error if error.is_final() => Scope::Everything,
            ClientError::WrongChecksum { .. } => Scope::Crash,
            ClientError::WebPage { .. } | ClientError::LocalFile { .. } => Scope::Outage,
            error if error.is_temporary() => Scope::Outage,
            _ => Scope::Crash,
        };
        Self {
            is_not_found: matches!(error, ClientError::NotFound { .. }),
            failure: error.into(),
            scope,
        }
    }
}

impl From<StorageError> for NotDone {
    fn from(error: StorageError) -> Self {
        let scope = if error.is_temporary() {
            Scope::Outage
        } else {
            Scope::Crash
        };
        Self::new(error.into(), scope)
    }
}

/// How the work ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) how: How,
    /// The crashes for which nothing was begun, or nothing finished.
    pub(crate) remaining: Vec<CrashId>,
}

#[derive(Debug)]
pub(crate) enum How {
    /// Everything was tried.
    Through,
    /// A signal came.
    Interrupted(u8),
    /// The others would fail, too.
    GivenUp(Failure),
}

/// Does `work` for each crash, `jobs` at a time, and tells what became of it, as it comes.
///
/// # Errors
///
/// What `tell` gives back, which ends the work.
pub(crate) async fn each<T, F: Future<Output = Result<T, NotDone>>>(
    ids: Vec<CrashId>,
    jobs: usize,
    fail_fast: bool,
    work: impl Fn(CrashId) -> F,
    mut tell: impl FnMut(CrashId, Result<T, Failure>) -> Result<(), Failure>,
) -> Result<Ended, Failure> {
    let progress = progress(ids.len());
    let mut told = HashSet::new();
    let mut patience = Patience {
        outages: 0,
        fail_fast,
    };
    let through = async {
        let mut outcomes = stream::iter(ids.iter().copied())
            .map(|id| {
                let done = work(id);
                async move { (id, done.await) }
            })
            .buffer_unordered(jobs.max(1));
        while let Some((id, outcome)) = outcomes.next().await {
            progress.inc(1);
            let end = patience.after(outcome.as_ref().err());
            // What concerns all is told once, for all.
            let concerns_all = matches!(
                &outcome,
                Err(NotDone {
                    scope: Scope::Everything,
                    ..
                })
            );
            if !concerns_all {
                told.insert(id);
                let outcome = outcome.map_err(|not_done| not_done.failure);
                progress.suspend(|| tell(id, outcome))?;
            }
            if let Some(failure) = end {
                return Ok::<_, Failure>(How::GivenUp(failure));
            }
        }
        Ok(How::Through)
    };
    let how = tokio::select! {
        how = through => how?,
        signal = interrupt::signal() => How::Interrupted(signal?),
    };
    progress.finish_and_clear();
    let remaining = ids.into_iter().filter(|id| !told.contains(id)).collect();
    Ok(Ended { how, remaining })
}

/// When to end before all was tried.
#[derive(Debug)]
struct Patience {
    /// How many crashes in a row failed for a reason that is not theirs.
    outages: usize,
    fail_fast: bool,
}

impl Patience {
    /// What ends the work after a crash, if anything.
    fn after(&mut self, not_done: Option<&NotDone>) -> Option<Failure> {
        let scope = not_done.map(|not_done| not_done.scope);
        self.outages = match scope {
            Some(Scope::Outage) => self.outages + 1,
            _ => 0,
        };
        let not_done = not_done?;
        if scope == Some(Scope::Everything) {
            return Some(not_done.failure.clone());
        }
        if self.outages == OUTAGE {
            let message = format!(
                "given up after {OUTAGE} crashes in a row that failed for reasons that are not theirs"
            );
            return Some(
                Failure::new(message)
                    .hint("run it again when this is repaired: what is there is passed over"),
            );
        }
        self.fail_fast
            .then(|| Failure::new("ended at the first failure, as asked for"))
    }
}

/// Shows how far the work is: on a terminal, where it is long, and unless quiet is wanted.
fn progress(crashes: usize) -> ProgressBar {
    if crashes < MANY || !tracing::enabled!(tracing::Level::WARN) {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{pos}/{len} crashes {wide_bar} {per_sec} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(crashes as u64).with_style(style)
}
