//! Why there is no index.

use std::io;
use std::path::PathBuf;

/// What is wrong with a symbol file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct CorruptSymbols {
    /// The first bad line, counted from 1, where it is a line that is bad.
    pub line: Option<u64>,
    /// What is wrong.
    pub reason: String,
}

/// Why an index file cannot be used. It is made anew then, unless it says that the symbol file is corrupt.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// It is not an index file, one of another version, or damaged.
    #[error("not a usable index: {reason}")]
    Unusable {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The symbol file is another one than the index was made from.
    #[error("the symbol file has changed since the index was made")]
    Stale,
    /// The index is fine, and says that the symbol file is not.
    #[error(transparent)]
    Corrupt(#[from] CorruptSymbols),
}

/// Why a symbol file gives no symbols.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SymbolFileError {
    /// It is not a symbol file, or a damaged one.
    #[error(transparent)]
    Corrupt(#[from] CorruptSymbols),
    /// It is larger than allowed.
    #[error("{} has {size} bytes, over the limit of {limit} bytes", path.display())]
    TooLarge {
        /// The symbol file.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// The largest size in bytes.
        limit: u64,
    },
    /// It cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The symbol file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What can be wrong with a symbol file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Malformed,
    LateModule,
    Unterminated,
    Empty,
    TooLarge,
}

/// The first fault of a symbol file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Corruption {
    pub(super) fault: Fault,
    /// Lines before the bad one.
    pub(super) lines: u64,
}

impl Fault {
    /// As they are numbered in index files, from 1.
    const ALL: [Self; 5] = [
        Self::Malformed,
        Self::LateModule,
        Self::Unterminated,
        Self::Empty,
        Self::TooLarge,
    ];

    pub(super) fn number(self) -> u32 {
        // There are five.
        Self::ALL
            .iter()
            .position(|&fault| fault == self)
            .unwrap_or_default() as u32
            + 1
    }

    pub(super) fn from_number(number: u32) -> Option<Self> {
        let position = usize::try_from(number.checked_sub(1)?).ok()?;
        Self::ALL.get(position).copied()
    }

    fn reason(self) -> &'static str {
        match self {
            Self::Malformed => {
                "neither a record of a symbol file nor a line of the block before it"
            }
            Self::LateModule => "a MODULE record that is not the first line",
            Self::Unterminated => "the file ends within a line; it is probably cut off",
            Self::Empty => "the file is empty",
            Self::TooLarge => "the file is over 4 GiB, more than can be indexed",
        }
    }
}

impl From<Corruption> for CorruptSymbols {
    fn from(corruption: Corruption) -> Self {
        let has_line = !matches!(corruption.fault, Fault::Empty | Fault::TooLarge);
        Self {
            line: has_line.then(|| corruption.lines.saturating_add(1)),
            reason: corruption.fault.reason().to_owned(),
        }
    }
}
