//! From a symbol file to symbols ready for look-ups.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::index::{CorruptSymbols, SymbolIndex};
use crate::{fence, map};

/// Extension of the index beside a symbol file.
const INDEX_EXTENSION: &str = "symindex";

/// Why a symbol file that was found gives no symbols.
#[derive(Debug)]
pub(super) enum OpenFailure {
    /// It is not a symbol file, or a damaged one.
    Corrupt(CorruptSymbols),
    /// It could not be read, or is too large to be.
    Unreadable(String),
}

impl fmt::Display for OpenFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Corrupt(corrupt) => corrupt.fmt(f),
            Self::Unreadable(reason) => f.write_str(reason),
        }
    }
}

/// Where the index of a symbol file of our own is.
pub(super) fn index_path_for(text: &Path) -> PathBuf {
    text.with_added_extension(INDEX_EXTENSION)
}

/// Whether this is the path of an index.
pub(super) fn is_index(path: &Path) -> bool {
    path.extension().is_some_and(|kind| kind == INDEX_EXTENSION)
}

/// Opens a symbol file. Its index is taken from `index`, and written there if it is not there or unusable. Blocks for
/// as long as it takes.
pub(super) fn file(
    text: &Path,
    index: Option<&Path>,
    limit: u64,
) -> Result<SymbolIndex, OpenFailure> {
    let _ = index;
    let unreadable = |source: io::Error| {
        OpenFailure::Unreadable(format!("cannot read {}: {source}", text.display()))
    };
    let file = File::open(text).map_err(unreadable)?;
    check_size(file.metadata().map_err(unreadable)?.len(), limit)?;
    bytes(map::map(&file).map_err(unreadable)?, limit)
}

/// Makes symbols from the text of a symbol file. Blocks for as long as it takes.
pub(super) fn bytes(text: Bytes, limit: u64) -> Result<SymbolIndex, OpenFailure> {
    check_size(text.len() as u64, limit)?;
    fenced(|| SymbolIndex::from_text(text)).map_err(OpenFailure::Corrupt)
}

/// Reads symbols behind a fence: a reader that panics harms only this file.
pub(super) fn fenced<T>(
    read: impl FnOnce() -> Result<T, CorruptSymbols>,
) -> Result<T, CorruptSymbols> {
    fence::catch(read).unwrap_or_else(|panic| {
        Err(CorruptSymbols {
            line: None,
            reason: format!("reader panicked at {}: {}", panic.location, panic.message),
        })
    })
}

fn check_size(size: u64, limit: u64) -> Result<(), OpenFailure> {
    if size > limit {
        return Err(OpenFailure::Unreadable(format!(
            "file of {size} bytes is over the limit of {limit} bytes"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "MODULE Linux x86_64 ABCD1234ABCD1234ABCDABCD12345678a foo\nFUNC 1000 10 0 main\n";

    fn of_text(text: &str, limit: u64) -> Result<SymbolIndex, OpenFailure> {
        bytes(Bytes::copy_from_slice(text.as_bytes()), limit)
    }

    #[test]
    fn one_bad_line_rejects_the_whole_file() {
        assert!(of_text(GOOD, 1000).is_ok());
        for bad in [
            "",
            "garbage\n",
            &format!("{GOOD}nonsense here\n"),
            GOOD.trim_end(),
        ] {
            assert!(
                matches!(of_text(bad, 1000), Err(OpenFailure::Corrupt(_))),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn a_file_over_the_limit_is_not_read() {
        assert!(matches!(of_text(GOOD, 10), Err(OpenFailure::Unreadable(_))));
    }
}
