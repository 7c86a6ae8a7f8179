//! What can go wrong with signature lists, and with documents that are no crashes.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::lists::ListName;

/// Why signature lists cannot be used, or a document is no crash.
///
/// Making a signature never fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// A list file is missing or cannot be read.
    #[error("cannot read signature list {path}; the directory must hold all four list files", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A list is larger than any list should be.
    #[error("signature list {list} has more than {limit} bytes")]
    TooLarge {
        /// The list, with its file if it has one.
        list: ListSource,
        /// Largest size allowed, in bytes.
        limit: u64,
    },
    /// A line is not UTF-8.
    #[error("signature list {list} is not UTF-8 at line {line}")]
    NotUtf8 {
        /// The list.
        list: ListSource,
        /// Line, counted from 1.
        line: usize,
    },
    /// An entry is not a valid expression.
    #[error("bad expression {entry:?} in signature list {list} at line {line}: {reason}")]
    BadEntry {
        /// The list.
        list: ListSource,
        /// Line, counted from 1, comments and empty lines included.
        line: usize,
        /// The entry.
        entry: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An entry needs something that this product does not offer on purpose: matching must take linear time.
    #[error(
        "expression {entry:?} in signature list {list} at line {line} cannot be used: {reason}"
    )]
    Unsupported {
        /// The list.
        list: ListSource,
        /// Line, counted from 1, comments and empty lines included.
        line: usize,
        /// The entry.
        entry: String,
        /// What is not offered, and what to write instead.
        reason: String,
    },
    /// Each entry is valid, but not together with those before it.
    #[error(
        "entry {entry:?} in signature list {list} at line {line} does not go with those before it: {reason}"
    )]
    BadCombination {
        /// The list.
        list: ListSource,
        /// Line, counted from 1, comments and empty lines included.
        line: usize,
        /// The entry.
        entry: String,
        /// What does not go together.
        reason: String,
    },
    /// A document is JSON, but no object.
    #[error("a crash is a JSON object, and this is {found}")]
    NotAnObject {
        /// What it is, with its article: `an array`, `a number` …
        found: &'static str,
    },
}

impl SignatureError {
    /// Whether the same call may succeed later.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unreadable { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::Interrupted | io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock
            ),
            _ => false,
        }
    }

    /// How long to wait before trying again, where that is known. It never is for files.
    pub fn retry_after(&self) -> Option<Duration> {
        None
    }
}

/// Which list an error is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListSource {
    /// The list.
    pub name: ListName,
    /// Its file, if it came from one.
    pub path: Option<PathBuf>,
}

impl std::fmt::Display for ListSource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.path {
            Some(path) => write!(formatter, "{}", path.display()),
            None => formatter.write_str(self.name.file_name()),
        }
    }
}
