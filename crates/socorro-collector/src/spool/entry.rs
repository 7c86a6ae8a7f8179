//! One entry of the spool: a report, or what is left to do of it, as a directory.
//!
//! ```text
//! {crash id}/
//!   raw_crash     as storage is to have it
//!   dump_names    JSON: the names of the files, in the order in which they came
//!   files/{name}  one per file
//!   state.json    State
//! ```
//!
//! An entry whose report is stored already has a `state.json` only.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use socorro_core::{Dump, DumpName, Dumps, RawCrash, time::Timestamp};

use super::hooks::{Hooks, Step};

const RAW_CRASH: &str = "raw_crash";
const DUMP_NAMES: &str = "dump_names";
const FILES: &str = "files";
const STATE: &str = "state.json";
/// The form of entries that this version writes and reads.
const VERSION: u32 = 1;
/// Far more than a state has; a larger file is none.
const LARGEST_STATE: u64 = 1 << 20;
/// How much of an error is kept.
const LONGEST_ERROR: usize = 1000;

/// What is known of an entry.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct State {
    version: u32,
    /// When the report came, RFC 3339.
    received: String,
    /// Whether its id is to be published.
    pub(super) publish: bool,
    /// Whether it is stored.
    pub(super) saved: bool,
    /// Whether its id is published.
    pub(super) published: bool,
    /// How often the replayer has tried and failed.
    pub(super) attempts: u32,
    /// Why it failed last.
    pub(super) last_error: Option<String>,
    /// Bytes of each file.
    sizes: Vec<u64>,
    /// Bytes of everything.
    pub(super) bytes: u64,
}

impl State {
    /// A report of which nothing is done yet.
    pub(super) fn of_report(received: Timestamp, publish: bool) -> Self {
        Self {
            version: VERSION,
            received: received.to_string(),
            publish,
            saved: false,
            published: false,
            attempts: 0,
            last_error: None,
            sizes: Vec::new(),
            bytes: 0,
        }
    }

    /// A report that is stored and not published.
    pub(super) fn of_publication(received: Timestamp) -> Self {
        Self {
            saved: true,
            ..Self::of_report(received, true)
        }
    }

    /// When the report came; the beginning of time when that cannot be read, so that it goes first.
    pub(super) fn received(&self) -> Timestamp {
        self.received.parse().unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Notes a failed attempt.
    pub(super) fn failed(&mut self, error: &str) {
        self.attempts = self.attempts.saturating_add(1);
        self.last_error = Some(error.chars().take(LONGEST_ERROR).collect());
    }
}

/// Why an entry cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// What is there is no entry, or not a whole one.
    #[error("{0}")]
    Damaged(String),
    /// The disk does not say.
    #[error("cannot read the entry: {0}")]
    Disk(#[from] io::Error),
}

/// A report to write.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) raw_crash: &'a [u8],
    pub(super) dumps: &'a Dumps,
    /// The directory whose files may be moved.
    pub(super) scratch: Option<&'a Path>,
}

/// Why an entry could not be written.
#[derive(Debug)]
pub(super) struct WriteError {
    pub(super) error: io::Error,
    /// Whether files of the scratch directory may have been moved.
    pub(super) moved: bool,
}

/// Writes and flushes a whole entry into an empty directory. What needs room on the disk comes first,
/// and files are moved when nothing is left that is likely to fail.
pub(super) fn write(
    directory: &Path,
    draft: &Draft<'_>,
    mut state: State,
    hooks: &dyn Hooks,
) -> Result<State, WriteError> {
    let mut moved = false;
    let result = (|| {
        hooks.reached(Step::EntryBegun)?;
        let names: Vec<&str> = draft.dumps.names().map(DumpName::as_str).collect();
        let names = serde_json::to_vec(&names)?;
        state.sizes = draft.dumps.iter().map(|(_, dump)| dump.size()).collect();
        state.bytes =
            state.sizes.iter().sum::<u64>() + (draft.raw_crash.len() + names.len()) as u64;
        let files = directory.join(FILES);
        fs::create_dir(&files)?;
        let mut flush = vec![
            write_file(&directory.join(RAW_CRASH), draft.raw_crash)?,
            write_file(&directory.join(DUMP_NAMES), &names)?,
            write_file(&directory.join(STATE), &serde_json::to_vec(&state)?)?,
        ];
        for (name, dump) in draft.dumps.iter() {
            if let Dump::Bytes(bytes) = dump {
                flush.push(write_file(&files.join(name.as_str()), bytes)?);
            }
        }
        for (name, dump) in draft.dumps.iter() {
            if let Dump::File { path, size } = dump {
                let ours = draft
                    .scratch
                    .is_some_and(|scratch| path.starts_with(scratch));
                moved |= ours;
                flush.push(take_file(path, &files.join(name.as_str()), ours, *size)?);
            }
        }
        hooks.reached(Step::EntryWritten)?;
        for file in &flush {
            file.sync_all()?;
        }
        sync_directory(&files)?;
        sync_directory(directory)?;
        hooks.reached(Step::EntryFlushed)
    })();
    match result {
        Ok(()) => Ok(state),
        Err(error) => Err(WriteError { error, moved }),
    }
}

/// Writes and flushes an entry without a report.
pub(super) fn write_state(
    directory: &Path,
    mut state: State,
    hooks: &dyn Hooks,
) -> io::Result<State> {
    hooks.reached(Step::EntryBegun)?;
    state.bytes = 0;
    let file = write_file(&directory.join(STATE), &serde_json::to_vec(&state)?)?;
    hooks.reached(Step::EntryWritten)?;
    file.sync_all()?;
    sync_directory(directory)?;
    hooks.reached(Step::EntryFlushed)?;
    Ok(state)
}

/// Replaces the state of an entry that is in its place.
pub(super) fn update_state(directory: &Path, state: &State) -> io::Result<()> {
    let new = directory.join("state.json.new");
    write_file(&new, &serde_json::to_vec(state)?)?.sync_all()?;
    fs::rename(&new, directory.join(STATE))?;
    sync_directory(directory)
}

/// Deletes the report of an entry, of which only the id is left to be published.
pub(super) fn remove_report(directory: &Path) -> io::Result<()> {
    for name in [RAW_CRASH, DUMP_NAMES] {
        ignore_absent(fs::remove_file(directory.join(name)))?;
    }
    ignore_absent(fs::remove_dir_all(directory.join(FILES)))
}

/// The state of an entry.
pub(super) fn read_state(directory: &Path) -> Result<State, ReadError> {
    let bytes = read_bounded(&directory.join(STATE), LARGEST_STATE)?;
    let state: State = serde_json::from_slice(&bytes)
        .map_err(|error| ReadError::Damaged(format!("{STATE} cannot be read: {error}")))?;
    if state.version != VERSION {
        return Err(ReadError::Damaged(format!(
            "{STATE} has version {}, and this program knows {VERSION} only",
            state.version
        )));
    }
    Ok(state)
}

/// The report of an entry; its files stay where they are.
pub(super) fn read_report(directory: &Path, state: &State) -> Result<(RawCrash, Dumps), ReadError> {
    let raw_crash = read_bounded(&directory.join(RAW_CRASH), u64::MAX)?;
    let raw_crash = RawCrash::from_json(&raw_crash)
        .map_err(|error| ReadError::Damaged(format!("{RAW_CRASH} cannot be read: {error}")))?;
    let names = read_bounded(&directory.join(DUMP_NAMES), LARGEST_STATE)?;
    let names: Vec<String> = serde_json::from_slice(&names)
        .map_err(|error| ReadError::Damaged(format!("{DUMP_NAMES} cannot be read: {error}")))?;
    if names.len() != state.sizes.len() {
        return Err(ReadError::Damaged(format!(
            "{DUMP_NAMES} has {} names, {STATE} has {} sizes",
            names.len(),
            state.sizes.len()
        )));
    }
    let mut dumps = Dumps::new();
    for (name, size) in names.iter().zip(&state.sizes) {
        let name = DumpName::parse(name).map_err(|error| ReadError::Damaged(error.to_string()))?;
        let path = directory.join(FILES).join(name.as_str());
        let found = match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_file() => metadata.len(),
            Ok(_) => return Err(ReadError::Damaged(format!("{FILES}/{name} is no file"))),
            Err(error) => return Err(absent_is_damage(error, &path)),
        };
        if found != *size {
            return Err(ReadError::Damaged(format!(
                "{FILES}/{name} has {found} bytes instead of {size}"
            )));
        }
        dumps.insert(name, Dump::File { path, size: found });
    }
    Ok((raw_crash, dumps))
}

fn read_bounded(path: &Path, limit: u64) -> Result<Bytes, ReadError> {
    let metadata = fs::metadata(path).map_err(|error| absent_is_damage(error, path))?;
    if metadata.len() > limit {
        return Err(ReadError::Damaged(format!(
            "{} is larger than {limit} bytes",
            file_name(path)
        )));
    }
    let read = fs::read(path).map_err(|error| absent_is_damage(error, path))?;
    Ok(read.into())
}

fn absent_is_damage(error: io::Error, path: &Path) -> ReadError {
    if error.kind() == io::ErrorKind::NotFound {
        return ReadError::Damaged(format!("{} is missing", file_name(path)));
    }
    ReadError::Disk(error)
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn write_file(path: &Path, content: &[u8]) -> io::Result<File> {
    let mut file = File::create(path)?;
    file.write_all(content)?;
    Ok(file)
}

/// Moves a file that is ours, and copies one that is not, or that is on another file system.
fn take_file(from: &Path, to: &Path, ours: bool, size: u64) -> io::Result<File> {
    if !ours || fs::rename(from, to).is_err() {
        fs::copy(from, to)?;
    }
    // For writing, since not every system flushes a file that is open for reading.
    let file = File::options().append(true).open(to)?;
    let found = file.metadata()?.len();
    if found != size {
        let message = format!("a file of the report has {found} bytes instead of {size}");
        return Err(io::Error::other(message));
    }
    Ok(file)
}

/// Flushes the names in a directory.
#[cfg(unix)]
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Not possible here, and done by the file system.
#[cfg(not(unix))]
pub(super) fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

pub(super) fn ignore_absent(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Makes a directory that only this user can look into, with those above it, so that it is still there
/// after a power failure.
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        make_directory(parent)?;
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
        Ok(()) => path.parent().map_or(Ok(()), sync_directory),
    }
}

/// A name below `directory` that nothing has yet: `{name}`, else `{name}.2` and so on.
pub(super) fn free_name(directory: &Path, name: &str) -> PathBuf {
    let first = directory.join(name);
    let more = (2_u64..).map(|number| directory.join(format!("{name}.{number}")));
    std::iter::once(first)
        .chain(more)
        .find(|path| fs::symlink_metadata(path).is_err())
        .unwrap_or_else(|| directory.join(name))
}
