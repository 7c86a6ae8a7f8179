//! What storage takes and gives beside crashes.

use socorro_core::{DumpName, Dumps, time::Timestamp};

use crate::{error::Error, item::Item};

/// The names under which files came with a report, as far as they are usable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DumpNames {
    /// The names, in the order of the stored list, each once.
    pub names: Vec<DumpName>,
    /// Listed names that are no dump names, or that storage needs for itself. Such a file cannot
    /// be fetched; the processed crash should say so. Cut to a printable length.
    pub skipped: Vec<String>,
}

/// Which version of a stored value is meant. Only the storage that gave it out can read it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Version {
    pub(crate) e_tag: Option<String>,
    pub(crate) version: Option<String>,
}

impl Version {
    /// A version made of whatever text your storage tells versions by.
    pub fn new(token: impl Into<String>) -> Self {
        Self {
            e_tag: Some(token.into()),
            version: None,
        }
    }

    /// The text that tells it from other versions.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.e_tag.as_deref().or(self.version.as_deref())
    }
}

/// A value together with the version that it has in storage.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored<T> {
    /// The value.
    pub value: T,
    /// Its version, to replace exactly this one later.
    pub version: Version,
}

/// What has to be there for a write to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Whatever is there is overwritten.
    Any,
    /// Nothing may be there.
    Absent,
    /// Exactly this version has to be there.
    Version(Version),
}

/// What a write did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveReceipt {
    /// How many bytes were stored.
    pub size: u64,
    /// The version that is there now.
    pub version: Version,
}

/// What storage holds for a crash, told without reading it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    /// Everything that is there: raw crash, list of dump names, dumps, processed crash.
    pub present: Vec<CatalogEntry>,
    /// Dumps that are listed, but not there.
    pub missing: Vec<DumpName>,
    /// Listed names that are no dump names.
    pub skipped: Vec<String>,
}

impl Catalog {
    /// The entry of an item, when it is there.
    #[must_use]
    pub fn get(&self, item: &Item) -> Option<&CatalogEntry> {
        self.present.iter().find(|entry| entry.item == *item)
    }
}

/// One thing that storage holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogEntry {
    /// What it is.
    pub item: Item,
    /// How many bytes it has.
    pub size: u64,
    /// When it was written.
    pub modified: Timestamp,
}

/// What became of every object of a crash that was to be deleted.
#[derive(Debug, Default)]
pub struct DeleteReport {
    /// Keys that hold nothing any more, whether they did before or not, in the order in which
    /// they were dealt with.
    pub removed: Vec<String>,
    /// Whatever is still there, or may be.
    pub remaining: Vec<Remaining>,
}

impl DeleteReport {
    /// Whether nothing of the crash is left.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.remaining.is_empty()
    }
}

/// Something that could not be deleted.
#[derive(Debug)]
#[non_exhaustive]
pub enum Remaining {
    /// The storage did not delete it.
    Failed {
        /// The key.
        key: String,
        /// Why.
        error: Error,
    },
    /// The list of dump names: it stays as long as a dump may be left, because nothing else leads
    /// to the dump.
    Kept {
        /// The key.
        key: String,
    },
    /// Dumps that cannot be named because their list cannot be read.
    Unknown {
        /// What is wrong with the list.
        error: Error,
    },
    /// A file whose listed name is no dump name, so that no key can be made from it.
    Unreachable {
        /// The name, cut to a printable length.
        name: String,
    },
}

/// The files of a crash, fetched into a directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchedDumps {
    /// What could be fetched, as files.
    pub dumps: Dumps,
    /// Listed, but not in storage.
    pub missing: Vec<DumpName>,
    /// Listed and there, but larger than the storage's limit.
    pub too_large: Vec<DumpName>,
    /// Listed names that are no dump names; see [`DumpNames::skipped`].
    pub skipped: Vec<String>,
}

/// What was copied of a crash beside its raw crash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Its files, and those that could not be had.
    pub dumps: FetchedDumps,
    /// Whether its processed crash was copied: it had one, and the other storage had none.
    pub processed_crash: bool,
}
