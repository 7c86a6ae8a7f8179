//! Opening a spool: what an earlier process left there.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use socorro_core::{CrashId, Environment};
use tokio::sync::Notify;

use super::{
    Inner, Options, Places, SET_ASIDE, Spool,
    entry::{self, ReadError},
    hooks::Hooks,
    index::{Index, Waiting},
    lock::lock,
    name_of,
};
use crate::Error;

/// The file of a quarantined entry that says why.
const REASON: &str = "reason";

impl Spool {
    /// Opens the spool: takes the lock, throws away what was never finished, and finds what waits.
    pub(crate) async fn open(
        options: Options,
        hooks: Arc<dyn Hooks>,
        environment: Environment,
    ) -> Result<Self, Error> {
        let directory = options.directory.clone();
        let opened = tokio::task::spawn_blocking(move || open(options, hooks, environment)).await;
        opened.unwrap_or_else(|error| {
            Err(Error::Spool {
                action: "open",
                path: directory,
                source: io::Error::other(error),
            })
        })
    }
}

/// Warns when the spool is switched off, and something from earlier is in it.
pub(crate) fn warn_of_entries(directory: &Path) {
    let new = directory.join("new");
    if fs::read_dir(new).is_ok_and(|mut entries| entries.next().is_some()) {
        tracing::warn!(
            "the spool is off, but there are reports in {}: deliver them with `socorro collector drain-spool`",
            directory.display()
        );
    }
}

fn open(
    mut options: Options,
    hooks: Arc<dyn Hooks>,
    environment: Environment,
) -> Result<Spool, Error> {
    // The working directory may change later.
    if let Ok(absolute) = std::path::absolute(&options.directory) {
        options.directory = absolute;
    }
    let root = options.directory.clone();
    let make = |path: PathBuf| match entry::make_directory(&path) {
        Ok(()) => Ok(path),
        Err(source) => Err(failed("make the directory", &path, source)),
    };
    make(root.clone())?;
    let lock = lock(&root, &root.join("lock"))?;
    let tmp = root.join("tmp");
    entry::ignore_absent(fs::remove_dir_all(&tmp))
        .map_err(|source| failed("empty", &tmp, source))?;
    let places = Places {
        new: make(root.join("new"))?,
        tmp: Arc::new(make(tmp)?),
        quarantine: make(root.join("quarantine"))?,
        root,
    };
    entry::sync_directory(&places.root).map_err(|source| failed("flush", &places.root, source))?;
    let spool = Spool(Arc::new(Inner {
        options,
        places,
        index: Mutex::new(Index::default()),
        changing: Mutex::new(()),
        changed: Notify::new(),
        hooks,
        environment,
        _lock: lock,
    }));
    spool.find_entries()?;
    spool.report();
    Ok(spool)
}

impl Spool {
    fn find_entries(&self) -> Result<(), Error> {
        let Places {
            new, quarantine, ..
        } = &self.0.places;
        self.index().quarantined = directories(quarantine)?.len() as u64;
        // First, so that what they are put back as is found below.
        for path in directories(new)? {
            if let Some(name) = name_of(&path).strip_suffix(SET_ASIDE) {
                settle(&path, &new.join(name))?;
            }
        }
        for path in directories(new)? {
            self.find_entry(&path)?;
        }
        Ok(())
    }

    fn find_entry(&self, path: &Path) -> Result<(), Error> {
        let name = name_of(path);
        let found = match CrashId::parse(&name) {
            Ok(id) => entry::read_state(path).map(|state| (id, state)),
            Err(error) => Err(ReadError::Damaged(error.to_string())),
        };
        match found {
            Ok((id, state)) => {
                let waiting = Waiting::new(id, state.bytes, state.saved);
                self.index().insert(state.received(), waiting);
                Ok(())
            }
            Err(ReadError::Damaged(reason)) => self
                .set_aside(path, &reason)
                .map_err(|source| failed("quarantine", path, source)),
            Err(ReadError::Disk(source)) => Err(failed("read", path, source)),
        }
    }

    /// Moves an entry to the quarantine, with the reason.
    pub(super) fn set_aside(&self, path: &Path, reason: &str) -> io::Result<()> {
        tracing::error!(
            "entry {} of the spool goes to quarantine: {reason}",
            name_of(path)
        );
        fs::write(path.join(REASON), format!("{reason}\n"))?;
        let quarantine = &self.0.places.quarantine;
        fs::rename(path, entry::free_name(quarantine, &name_of(path)))?;
        self.index().quarantined += 1;
        entry::sync_directory(quarantine)
    }

    /// Puts everything that is in quarantine back in line, except where there is an entry of the same
    /// crash.
    pub(crate) async fn release_quarantined(&self) -> Result<(), Error> {
        let spool = self.clone();
        let released = tokio::task::spawn_blocking(move || spool.put_quarantined_back()).await;
        released.unwrap_or_else(|error| {
            let quarantine = &self.0.places.quarantine;
            Err(failed("empty", quarantine, io::Error::other(error)))
        })
    }

    fn put_quarantined_back(&self) -> Result<(), Error> {
        let Places {
            new, quarantine, ..
        } = &self.0.places;
        for path in directories(quarantine)? {
            let name = name_of(&path);
            let id = name.split('.').next().unwrap_or_default();
            let Ok(id) = CrashId::parse(id) else { continue };
            if self.holds(&id) {
                continue;
            }
            let _changing = self.change();
            let back = new.join(id.as_str());
            fs::rename(&path, &back).map_err(|source| failed("move back", &path, source))?;
            // What is wrong now may be something else.
            let _ = fs::remove_file(back.join(REASON));
            let mut index = self.index();
            index.quarantined = index.quarantined.saturating_sub(1);
            drop(index);
            self.find_entry(&back)?;
        }
        self.report();
        Ok(())
    }
}

/// Ends a replacement in the middle of which a process died: the new entry counts if it is there.
fn settle(aside: &Path, place: &Path) -> Result<(), Error> {
    let (action, done) = if place.exists() {
        ("delete", fs::remove_dir_all(aside))
    } else {
        ("move back", fs::rename(aside, place))
    };
    done.map_err(|source| failed(action, aside, source))
}

/// All directories in a directory; files, which nobody of us makes there, are left alone.
fn directories(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let list = || {
        let mut found = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                found.push(entry.path());
            }
        }
        found.sort();
        Ok(found)
    };
    list().map_err(|source| failed("list", path, source))
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Spool {
        action,
        path: path.to_owned(),
        source,
    }
}
