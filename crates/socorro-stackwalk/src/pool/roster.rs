//! Which children there are.

use std::fs::File;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tracing::{info, warn};

use super::builder::Settings;
use super::child::{Child, NoAnswer};
use super::document::Document;
use super::isolation::Isolation;
use super::message::{Answer, Walk};
use crate::metrics;
use crate::symbols::SymbolStore;

/// How long no child is started after one did not become ready, and the longest that this grows to.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The children of a pool.
#[derive(Debug)]
pub(super) struct Roster {
    settings: Settings,
    /// One permit for each child that may be at work.
    places: Arc<Semaphore>,
    idle: Mutex<Vec<Child>>,
    trouble: Mutex<Option<Trouble>>,
    isolation: OnceLock<Isolation>,
}

/// Why no child is started for the moment.
#[derive(Clone, Debug)]
struct Trouble {
    reason: String,
    pause: Duration,
    until: Instant,
}

/// A child at work. Unless it is given back, it is killed: it is in the midst of something.
#[derive(Debug)]
pub(super) struct AtWork {
    child: Option<Child>,
    roster: Arc<Roster>,
    _busy: Busy,
    _place: OwnedSemaphorePermit,
}

/// Why a child is replaced; values of the tag `reason`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Restart {
    /// It has walked its share of minidumps.
    Retired,
    /// It ended in the midst of a walk.
    Died,
    /// It was killed because it did not stop at its deadline, or talked nonsense.
    Killed,
    /// It was killed because nobody waited for its walk any more.
    Cancelled,
    /// It ended while it had nothing to do.
    DiedIdle,
}

impl Restart {
    fn name(self) -> &'static str {
        match self {
            Self::Retired => "retired",
            Self::Died => "died",
            Self::Killed => "killed",
            Self::Cancelled => "cancelled",
            Self::DiedIdle => "died_idle",
        }
    }

    fn count(self) {
        metrics::count_tagged(&metrics::WALKERS_RESTARTED, "reason", self.name());
    }
}

impl Roster {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            places: Arc::new(Semaphore::new(settings.children)),
            settings,
            idle: Mutex::default(),
            trouble: Mutex::default(),
            isolation: OnceLock::new(),
        }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn isolation(&self) -> Option<&Isolation> {
        self.isolation.get()
    }

    /// Finds a child that has nothing to do, or starts one, as soon as there may be one.
    ///
    /// # Errors
    ///
    /// When no child can be started, in words. For a while after that none is tried.
    pub(super) async fn child(self: &Arc<Self>) -> Result<AtWork, String> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|_| "the pool is closed".to_owned())?;
        let child = match self.idle_child() {
            Some(child) => child,
            None => self.start().await?,
        };
        Ok(AtWork {
            child: Some(child),
            roster: Arc::clone(self),
            _busy: Busy::new(),
            _place: place,
        })
    }

    fn idle_child(&self) -> Option<Child> {
        loop {
            let child = lock(&self.idle).pop()?;
            if child.is_alive() {
                return Some(child);
            }
            Restart::DiedIdle.count();
        }
    }

    async fn start(&self) -> Result<Child, String> {
        let trouble = lock(&self.trouble).clone();
        let last_pause = match trouble {
            Some(trouble) if Instant::now() < trouble.until => return Err(trouble.reason),
            Some(trouble) => Some(trouble.pause),
            None => None,
        };
        match Child::start(&self.settings).await {
            Ok((child, isolation)) => {
                *lock(&self.trouble) = None;
                self.report(isolation);
                Ok(child)
            }
            Err(reason) => {
                let pause = last_pause.map_or(FIRST_PAUSE, |pause| (2 * pause).min(LONGEST_PAUSE));
                warn!(reason, retry_in = ?pause, "cannot start a walker");
                *lock(&self.trouble) = Some(Trouble {
                    reason: reason.clone(),
                    pause,
                    until: Instant::now() + pause,
                });
                Err(reason)
            }
        }
    }

    /// All children report the same, so it is said once.
    fn report(&self, isolation: Isolation) {
        self.isolation.get_or_init(|| {
            info!(%isolation, children = self.settings.children, "walking in child processes");
            isolation
        });
    }

    /// Lets children at work finish, and ends them all.
    pub(super) async fn close(&self) {
        let all = u32::try_from(self.settings.children).unwrap_or(u32::MAX);
        // Fails only if somebody else closes the pool meanwhile.
        let _all_places = self.places.acquire_many(all).await;
        self.places.close();
        let idle = std::mem::take(&mut *lock(&self.idle));
        for child in idle {
            child.close().await;
        }
    }
}

impl AtWork {
    /// Lets the child walk a minidump.
    pub(super) async fn walk(
        &mut self,
        walk: &Walk,
        dump: &File,
        symbols: &SymbolStore,
    ) -> Result<Answer<Document>, NoAnswer> {
        match &mut self.child {
            Some(child) => {
                let grace = self.roster.settings.grace;
                child.walk(walk, dump, symbols, grace).await
            }
            None => Err(NoAnswer::NotBegun("the walker is gone".to_owned())),
        }
    }

    /// The child has answered and can do more.
    pub(super) fn give_back(mut self) {
        if let Some(child) = self.child.take() {
            if child.walks < self.roster.settings.walks_per_child {
                lock(&self.roster.idle).push(child);
            } else {
                Restart::Retired.count();
            }
        }
    }

    /// The child is of no more use.
    pub(super) fn let_go(mut self, why: Restart) {
        self.child = None;
        why.count();
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        if self.child.is_some() {
            Restart::Cancelled.count();
        }
    }
}

/// Counts as a child at work.
#[derive(Debug)]
struct Busy;

impl Busy {
    fn new() -> Self {
        metrics::raise(&metrics::WALKERS_BUSY, 1.0);
        Self
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        metrics::raise(&metrics::WALKERS_BUSY, -1.0);
    }
}

/// No code panics while it holds a lock, so a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
