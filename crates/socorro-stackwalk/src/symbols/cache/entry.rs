//! What is in a cache.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use debugid::DebugId;

/// What lies under one name and id: a symbol file and its index, as a rule.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The directory that holds it.
    pub(super) directory: PathBuf,
    /// Its files.
    pub(super) files: Vec<PathBuf>,
    /// The size of all its files, in bytes.
    pub(super) bytes: u64,
    /// When it was used last.
    pub(super) used: SystemTime,
}

/// What the names of files end with that are being written where they will stay.
const UNFINISHED: &str = "tmp";

/// Finds everything that lies as `NAME/ID/FILE` under `root`, where ID is a debug id. Anything else is not ours.
///
/// What vanishes or cannot be read while this looks is passed over.
pub(super) fn scan(root: &Path) -> Vec<Entry> {
    let names = directories(root).filter(|(name, _)| !name.starts_with('.'));
    let ids = names.flat_map(|(_, path)| directories(&path).collect::<Vec<_>>());
    ids.filter(|(id, _)| DebugId::from_breakpad(id).is_ok())
        .filter_map(|(_, directory)| Entry::read(directory))
        .collect()
}

fn directories(path: &Path) -> impl Iterator<Item = (String, PathBuf)> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
}

impl Entry {
    /// `None` if there are no files.
    fn read(directory: PathBuf) -> Option<Self> {
        let mut bytes = 0;
        let mut files = Vec::new();
        let mut used = SystemTime::UNIX_EPOCH;
        let mut used_of_index = None;
        for entry in fs::read_dir(&directory).ok()?.flatten() {
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            if !metadata.is_file() {
                continue;
            }
            bytes += metadata.len();
            let path = entry.path();
            if path.extension().is_some_and(|kind| kind == "index") {
                used_of_index = used_of_index.max(metadata.modified().ok());
            } else {
                used = used.max(last_use(&metadata));
            }
            files.push(path);
        }
        (!files.is_empty()).then_some(Self {
            directory,
            files,
            bytes,
            // Symbol files are also read by those who only look after them; indexes are touched by use alone.
            used: used_of_index.unwrap_or(used),
        })
    }

    /// Files that are still being written, or were when a process died.
    pub(super) fn unfinished(&self) -> impl Iterator<Item = &Path> {
        let files = self.files.iter().map(PathBuf::as_path);
        files.filter(|path| path.extension().is_some_and(|kind| kind == UNFINISHED))
    }

    /// Removes it, with the directories that are empty then. Gives back how many bytes that freed.
    pub(super) fn remove(&self) -> io::Result<u64> {
        for file in &self.files {
            match fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        // They stay if somebody has put something there in the meantime.
        if fs::remove_dir(&self.directory).is_ok()
            && let Some(parent) = self.directory.parent()
        {
            let _ = fs::remove_dir(parent);
        }
        Ok(self.bytes)
    }
}

/// When a file of which we keep no record was used last, as far as the file system tells.
fn last_use(metadata: &Metadata) -> SystemTime {
    let times = [metadata.modified(), metadata.accessed()];
    let latest = times.into_iter().flatten().max();
    latest.unwrap_or(SystemTime::UNIX_EPOCH)
}
