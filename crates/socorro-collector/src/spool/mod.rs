//! Keeps reports on the local disk while storage or queue are down, and delivers them later.
//!
//! ```text
//! {directory}/
//!   lock          locked by the one process that works with the spool
//!   new/          one directory per entry, named by its crash id
//!   tmp/          what is being written, and large files of reports that are being read; emptied at start
//!   quarantine/   entries that cannot be delivered, each with a file `reason`; never deleted
//! ```
//!
//! An entry is written in `tmp`, flushed file by file, renamed into `new`, and counts from the moment
//! that `new` is flushed as well. It is deleted once its report is stored and its id published.
//!
//! An entry stays as long as it takes while storage or queue are down, refuse access, or are set up
//! wrongly: nothing of that is the fault of the report. It is quarantined when it is damaged, or when the
//! storage will never take it (it is too large for it, for example).

mod claim;
mod entry;
pub(crate) mod hooks;
mod index;
mod lock;
mod open;
mod replay;

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use socorro_core::{CrashId, Environment, time::Timestamp};
use tempfile::TempDir;
use tokio::sync::Notify;

use self::{
    entry::{Draft, State, WriteError},
    hooks::Hooks,
    index::{Index, Waiting},
};
pub use self::{
    hooks::{Hooks as SpoolHooks, Step},
    replay::Drained,
};
pub(crate) use self::{
    open::warn_of_entries,
    replay::{drain, replay},
};
use crate::{metrics, report::Crash};

/// What the spool is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Reports go to storage, and here only when that fails or takes too long.
    #[default]
    OnFailure,
    /// Every report goes here first and to storage later: the fastest answer.
    Always,
    /// Not at all: a report that cannot be stored is refused, and an id that cannot be published is
    /// left to others to find.
    Off,
}

/// How the spool works.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its directory, made when it is not there.
    pub directory: PathBuf,
    /// What it is for.
    pub mode: Mode,
    /// The most bytes that entries may have together; 0 for no such limit. Default: 10 GiB.
    pub max_bytes: u64,
    /// Bytes that stay free on the disk; 0 for none. Default: 256 MiB.
    pub min_free_bytes: u64,
    /// How many entries are delivered at the same time. Default: 4.
    pub replayers: usize,
    /// The longest wait before an entry is tried again. Default: 60 s.
    pub longest_wait: Duration,
    /// How long storage or queue may take for one entry. Default: 5 min.
    pub attempt_time: Duration,
}

impl Options {
    /// The defaults, in this directory.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            mode: Mode::default(),
            max_bytes: 10 << 30,
            min_free_bytes: 256 << 20,
            replayers: 4,
            longest_wait: Duration::from_secs(60),
            attempt_time: Duration::from_secs(300),
        }
    }
}

/// What is in the spool.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Status {
    /// Entries that wait.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How long the report of the oldest one has been here.
    #[serde(rename = "oldest_age_seconds", serialize_with = "seconds")]
    pub oldest_age: Option<Duration>,
    /// Why an entry could not be delivered, the last time that this happened; forgotten when the spool
    /// is empty.
    pub last_error: Option<String>,
    /// Entries that were set aside.
    pub quarantined: u64,
}

#[expect(clippy::ref_option, reason = "this is how serde calls it")]
fn seconds<S: serde::Serializer>(age: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    match age {
        None => to.serialize_none(),
        Some(age) => to.serialize_some(&age.as_secs_f64()),
    }
}

/// The directories.
#[derive(Debug)]
struct Places {
    root: PathBuf,
    new: PathBuf,
    tmp: Arc<PathBuf>,
    quarantine: PathBuf,
}

/// The spool of this process. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Spool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: Options,
    places: Places,
    index: Mutex<Index>,
    /// Held by whoever changes what is in `new`, on a thread that may wait for the disk.
    changing: Mutex<()>,
    /// Woken when there may be something to deliver.
    changed: Notify,
    hooks: Arc<dyn Hooks>,
    environment: Environment,
    /// Locked as long as this lives.
    _lock: File,
}

/// Why a report is not in the spool.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// There is no room; the report is as it was.
    Full(Box<Crash>, String),
    /// The disk fails, or ran full in the middle.
    Failed(String),
}

impl Spool {
    pub(crate) fn mode(&self) -> Mode {
        self.0.options.mode
    }

    /// Where the large files of reports are to be written.
    pub(crate) fn scratch(&self) -> Arc<PathBuf> {
        self.0.places.tmp.clone()
    }

    /// Whether there is an entry for this crash. Then a report with the same id has to go the same way, or
    /// the older one would be stored last.
    pub(crate) fn holds(&self, id: &CrashId) -> bool {
        self.index().holds(id)
    }

    /// Keeps a report. When this returns, it is durable.
    pub(crate) async fn keep(&self, crash: Crash, received: Timestamp) -> Result<(), Refusal> {
        let spool = self.clone();
        let kept = tokio::task::spawn_blocking(move || spool.write(crash, received)).await;
        kept.unwrap_or_else(|error| Err(Refusal::Failed(error.to_string())))
    }

    /// Keeps an id whose report is stored, to be published later. There is always room for one.
    pub(crate) async fn keep_id(&self, id: CrashId, received: Timestamp) -> Result<(), String> {
        let spool = self.clone();
        let kept = tokio::task::spawn_blocking(move || {
            let draft = spool.draft()?;
            let state = State::of_publication(received);
            let state = entry::write_state(draft.path(), state, &*spool.0.hooks)?;
            spool.commit(draft, id, &state)
        });
        match kept.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    pub(crate) fn status(&self) -> Status {
        let now = self.0.environment.now();
        let index = self.index();
        let oldest_age = index
            .oldest()
            .map(|oldest| Duration::try_from(now.duration_since(oldest)).unwrap_or_default());
        Status {
            entries: index.entries(),
            bytes: index.bytes(),
            oldest_age,
            last_error: index.last_error.clone(),
            quarantined: index.quarantined,
        }
    }

    /// Why there is no room for a report, if there is none.
    pub(crate) async fn no_room(&self) -> Option<String> {
        let spool = self.clone();
        let found = tokio::task::spawn_blocking(move || {
            let max = spool.max_bytes();
            if spool.index().bytes() >= max {
                return Some(format!("it has reached its limit of {max} bytes"));
            }
            spool.disk_is_full(0)
        });
        found.await.unwrap_or_else(|error| Some(error.to_string()))
    }

    fn write(&self, crash: Crash, received: Timestamp) -> Result<(), Refusal> {
        let raw_crash = crash.raw_crash.to_json();
        let on_disk = crash.scratch.as_ref().map(TempDir::path);
        let (mut moved_bytes, mut new_bytes) = (0, raw_crash.len() as u64);
        for (_, dump) in crash.dumps.iter() {
            let there = on_disk
                .zip(dump.path())
                .is_some_and(|(scratch, path)| path.starts_with(scratch));
            *(if there {
                &mut moved_bytes
            } else {
                &mut new_bytes
            }) += dump.size();
        }
        let bytes = moved_bytes + new_bytes;
        let max = self.max_bytes();
        if !self.index().reserve(bytes, max) {
            return Err(self.full(crash, format!("it would pass its limit of {max} bytes")));
        }
        let _reserved = Reserved { spool: self, bytes };
        if let Some(reason) = self.disk_is_full(new_bytes) {
            return Err(self.full(crash, reason));
        }
        let draft = Draft {
            raw_crash: &raw_crash,
            dumps: &crash.dumps,
            scratch: on_disk,
        };
        let state = State::of_report(received, crash.publish);
        match self.write_draft(&draft, state, crash.id) {
            Ok(()) => Ok(()),
            Err(WriteError { error, moved }) if !moved && is_full(&error) => {
                Err(self.full(crash, error.to_string()))
            }
            Err(WriteError { error, .. }) => {
                metrics::SPOOL_REFUSED.count(&[("reason", "disk".into())]);
                Err(Refusal::Failed(error.to_string()))
            }
        }
    }

    fn write_draft(&self, draft: &Draft<'_>, state: State, id: CrashId) -> Result<(), WriteError> {
        let failed = |error| WriteError {
            error,
            moved: false,
        };
        let directory = self.draft().map_err(failed)?;
        let state = entry::write(directory.path(), draft, state, &*self.0.hooks)?;
        self.commit(directory, id, &state)
            .map_err(|error| WriteError { error, moved: true })
    }

    fn full(&self, crash: Crash, reason: String) -> Refusal {
        metrics::SPOOL_REFUSED.count(&[("reason", "full".into())]);
        Refusal::Full(Box::new(crash), reason)
    }

    /// Why so many more bytes would leave too few free on the disk, if they would.
    fn disk_is_full(&self, bytes: u64) -> Option<String> {
        let least = self.0.options.min_free_bytes;
        if least == 0 {
            return None;
        }
        match self.0.hooks.free_bytes(&self.0.places.root) {
            Ok(free) if free.saturating_sub(bytes) < least => Some(format!(
                "the disk has {free} bytes left, of which {least} are to stay free"
            )),
            // When the disk does not say, writing tells.
            Ok(_) | Err(_) => None,
        }
    }

    fn max_bytes(&self) -> u64 {
        match self.0.options.max_bytes {
            0 => u64::MAX,
            max => max,
        }
    }

    /// A directory for an entry that is to be written.
    fn draft(&self) -> io::Result<TempDir> {
        TempDir::with_prefix_in("entry-", &*self.0.places.tmp)
    }

    /// Puts a whole and flushed entry in its place, where another one of the same id makes way for it.
    fn commit(&self, draft: TempDir, id: CrashId, state: &State) -> io::Result<()> {
        let new = &self.0.places.new;
        let place = new.join(id.as_str());
        let aside = new.join(set_aside_name(&id));
        let replaced = {
            let _changing = self.change();
            let replaced = self.holds(&id);
            if replaced {
                entry::ignore_absent(std::fs::remove_dir_all(&aside))?;
                std::fs::rename(&place, &aside)?;
            }
            let named = self
                .0
                .hooks
                .reached(Step::EntrySetAside)
                .and_then(|()| std::fs::rename(draft.path(), &place));
            if let Err(error) = named {
                if replaced {
                    std::fs::rename(&aside, &place)?;
                }
                return Err(error);
            }
            // It is not there any more.
            let _ = draft.keep();
            let waiting = Waiting::new(id, state.bytes, state.saved);
            self.index().insert(state.received(), waiting);
            replaced
        };
        self.0.changed.notify_one();
        self.report();
        self.0.hooks.reached(Step::EntryNamed)?;
        entry::sync_directory(new)?;
        self.0.hooks.reached(Step::EntryKept)?;
        if replaced && let Err(error) = std::fs::remove_dir_all(&aside) {
            // It goes at the next start, or when it is replaced once more.
            tracing::warn!("cannot delete {}: {error}", aside.display());
        }
        Ok(())
    }

    /// Tells how much there is.
    fn report(&self) {
        let status = self.status();
        metrics::SPOOL_ENTRIES.set(status.entries, &[]);
        metrics::SPOOL_BYTES.set(status.bytes, &[]);
        metrics::SPOOL_QUARANTINED.set(status.quarantined, &[]);
        let oldest = status.oldest_age.unwrap_or_default();
        metrics::SPOOL_OLDEST.set(oldest.as_secs(), &[]);
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.0.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> MutexGuard<'_, ()> {
        self.0
            .changing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, id: &CrashId) -> PathBuf {
        self.0.places.new.join(id.as_str())
    }
}

/// Room that was set aside, until the entry counts itself or is given up.
struct Reserved<'a> {
    spool: &'a Spool,
    bytes: u64,
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        self.spool.index().give_back(self.bytes);
    }
}

const SET_ASIDE: &str = ".replaced";

fn set_aside_name(id: &CrashId) -> String {
    format!("{id}{SET_ASIDE}")
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// The name of a path, for messages.
fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
