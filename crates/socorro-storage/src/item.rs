//! What storage keeps, and what an error is about.

use std::fmt;

use socorro_core::{CrashId, DumpName, time::Date};

use crate::document::DocumentKey;

/// One thing that storage keeps for a crash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Item {
    /// The annotations. Written last: once it is there, everything else is.
    RawCrash,
    /// The list of the names under which files came with the report.
    DumpNames,
    /// One of these files.
    Dump(DumpName),
    /// What the pipeline made of the report.
    ProcessedCrash,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RawCrash => f.write_str("raw crash"),
            Self::DumpNames => f.write_str("list of dump names"),
            Self::Dump(name) => write!(f, "dump {name}"),
            Self::ProcessedCrash => f.write_str("processed crash"),
        }
    }
}

/// What an operation was about, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// One item of one crash.
    Crash {
        /// Which crash.
        id: CrashId,
        /// Which of its items.
        item: Item,
    },
    /// A document beside the crashes.
    Document(DocumentKey),
    /// The list of the crashes of one day.
    Day(Date),
    /// An object of a bucket, by its key.
    Object(String),
    /// The storage as a whole.
    Storage,
}

impl Subject {
    /// One item of one crash.
    #[must_use]
    pub fn crash(id: &CrashId, item: Item) -> Self {
        Self::Crash { id: *id, item }
    }

    /// The crash id, when there is one: all that a message for the outside may name.
    #[must_use]
    pub fn crash_id(&self) -> Option<&CrashId> {
        match self {
            Self::Crash { id, .. } => Some(id),
            _ => None,
        }
    }

    /// The item, when the subject is one of a crash.
    #[must_use]
    pub fn item(&self) -> Option<&Item> {
        match self {
            Self::Crash { item, .. } => Some(item),
            _ => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crash { id, item } => write!(f, "the {item} of crash {id}"),
            Self::Document(key) => write!(f, "the document {key}"),
            Self::Day(date) => write!(f, "the list of crashes of {date}"),
            Self::Object(key) => write!(f, "the object {key:?}"),
            Self::Storage => f.write_str("the storage"),
        }
    }
}
