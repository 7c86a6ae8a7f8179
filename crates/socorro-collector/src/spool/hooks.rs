//! Where tests step between the collector and the machine.

use std::{fmt, io, path::Path};

/// A moment on the way of a report, in the order in which they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// It was read and is to be kept; nothing is stored yet.
    Decided,
    /// It is stored, and not published.
    Saved,
    /// It is stored and published, and not answered yet.
    Published,
    /// The directory of a spool entry is made.
    EntryBegun,
    /// All files of the entry are written, and not flushed.
    EntryWritten,
    /// The entry is flushed, and not in its place.
    EntryFlushed,
    /// The entry of the same id that was there before is moved out of the way.
    EntrySetAside,
    /// The entry is in its place, and its name is not flushed.
    EntryNamed,
    /// The entry is durable.
    EntryKept,
    /// The replayer has begun with an entry.
    ReplayBegun,
    /// The replayer has stored the report of an entry.
    ReplaySaved,
    /// The replayer has published the id of an entry.
    ReplayPublished,
    /// The replayer has taken the entry out of its place.
    ReplayRemoved,
}

impl Step {
    /// All steps.
    pub const ALL: [Self; 13] = [
        Self::Decided,
        Self::Saved,
        Self::Published,
        Self::EntryBegun,
        Self::EntryWritten,
        Self::EntryFlushed,
        Self::EntrySetAside,
        Self::EntryNamed,
        Self::EntryKept,
        Self::ReplayBegun,
        Self::ReplaySaved,
        Self::ReplayPublished,
        Self::ReplayRemoved,
    ];
}

/// What the collector asks of the machine, and tells whoever watches it.
pub trait Hooks: fmt::Debug + Send + Sync + 'static {
    /// Called at each step. Nothing is done after an error that would not be done after one of the
    /// disk.
    ///
    /// # Errors
    ///
    /// Whatever a test wants to happen. Ignored at steps that do not touch the disk.
    fn reached(&self, step: Step) -> io::Result<()> {
        let _ = step;
        Ok(())
    }

    /// How many bytes the file system of `directory` has left for this user.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    fn free_bytes(&self, directory: &Path) -> io::Result<u64> {
        free_bytes(directory)
    }
}

/// The machine as it is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Machine;

impl Hooks for Machine {}

#[cfg(unix)]
fn free_bytes(directory: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(directory)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Not known here: only the limit on the size of the spool counts.
#[cfg(not(unix))]
fn free_bytes(_: &Path) -> io::Result<u64> {
    Ok(u64::MAX)
}
