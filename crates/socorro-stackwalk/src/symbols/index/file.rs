//! Index files beside symbol files.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tracing::{debug, warn};

use super::SymbolIndex;
use super::build::{IndexBuilder, LARGEST_TEXT};
use super::error::{IndexError, SymbolFileError};
use super::format::Fingerprint;
use crate::map::map;

/// What the name of an index file ends with.
const EXTENSION: &str = ".index";

/// What the name of an index file ends with while it is written.
const UNFINISHED: &str = ".tmp";

impl SymbolIndex {
    /// Where the index of a symbol file is kept by convention: beside it, with `.index` behind its name.
    ///
    /// ```
    /// use std::path::Path;
    /// use socorro_stackwalk::SymbolIndex;
    ///
    /// assert_eq!(SymbolIndex::path_for(Path::new("app.sym")), Path::new("app.sym.index"));
    /// ```
    pub fn path_for(text_path: &Path) -> PathBuf {
        with_suffix(text_path, EXTENSION)
    }

    /// Symbols from a symbol file of at most `limit` bytes (and never over 4 GiB), by its index file if there is one
    /// that fits. Else that is made.
    ///
    /// Both files are mapped, and must not be changed while the symbols are in use; replacing them as a whole is fine. If
    /// the index cannot be written, it is [kept in memory](Self::private_bytes). Any number of threads and processes may
    /// do this at once. Blocks for as long as it takes: about half a second for a file of 500 MB.
    ///
    /// # Errors
    ///
    /// When the file is corrupt, too large, or cannot be read. That a file is corrupt is kept in the index file as well.
    pub fn open_or_build(
        text_path: &Path,
        index_path: &Path,
        limit: u64,
    ) -> Result<Self, SymbolFileError> {
        let text = Text::map(text_path, limit)?;
        match text.open(index_path) {
            Ok(symbols) => return Ok(symbols),
            Err(IndexError::Corrupt(corrupt)) => return Err(corrupt.into()),
            Err(IndexError::Unusable { reason }) => {
                debug!(index = %index_path.display(), reason, "no index of symbols to use");
            }
            Err(error @ IndexError::Stale) => {
                debug!(index = %index_path.display(), %error, "no index of symbols to use");
            }
        }
        let mut builder = IndexBuilder::new();
        // What fails here, fails again when the builder is finished.
        let _ = builder.push(&text.bytes);
        text.publish(builder, index_path)
    }

    /// Symbols from a symbol file of at most `limit` bytes (and never over 4 GiB), with an index that is made now and
    /// [kept in memory](Self::private_bytes). Only the symbol file is mapped.
    ///
    /// # Errors
    ///
    /// When the file is corrupt, too large, or cannot be read.
    pub fn build(text_path: &Path, limit: u64) -> Result<Self, SymbolFileError> {
        let text = Text::map(text_path, limit)?;
        let mut builder = IndexBuilder::new();
        // What fails here, fails again when the index is opened.
        let _ = builder.push(&text.bytes);
        let image = builder.into_image(&text.bytes, text.fingerprint);
        text.opened(Bytes::from(image), None)
    }
}

impl IndexBuilder {
    /// Writes the index of a symbol file that was pushed as it was written to `text_path`, and opens both.
    ///
    /// As for [`SymbolIndex::open_or_build`], a file that cannot be written is no error.
    ///
    /// # Errors
    ///
    /// When the file is corrupt, not the one that was pushed, or cannot be read.
    pub fn publish(
        self,
        text_path: &Path,
        index_path: &Path,
    ) -> Result<SymbolIndex, SymbolFileError> {
        let text = Text::map(text_path, LARGEST_TEXT)?;
        if text.bytes.len() as u64 != self.length() {
            return Err(text.unreadable(io::Error::other("it is not the file that was indexed")));
        }
        text.publish(self, index_path)
    }
}

/// A mapped symbol file.
struct Text<'a> {
    path: &'a Path,
    bytes: Bytes,
    fingerprint: Fingerprint,
}

impl<'a> Text<'a> {
    fn map(path: &'a Path, limit: u64) -> Result<Self, SymbolFileError> {
        let unreadable = |source| SymbolFileError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        let limit = limit.min(LARGEST_TEXT);
        if metadata.len() > limit {
            return Err(SymbolFileError::TooLarge {
                path: path.to_owned(),
                size: metadata.len(),
                limit,
            });
        }
        let bytes = map(&file).map_err(unreadable)?;
        Ok(Self {
            fingerprint: Fingerprint::of(&bytes, metadata.modified().ok()),
            path,
            bytes,
        })
    }

    fn unreadable(&self, source: io::Error) -> SymbolFileError {
        SymbolFileError::Unreadable {
            path: self.path.to_owned(),
            source,
        }
    }

    fn open(&self, index_path: &Path) -> Result<SymbolIndex, IndexError> {
        let index = map_file(index_path).map_err(|_| IndexError::Unusable {
            reason: "it cannot be read",
        })?;
        self.with_index(index, Some(index_path))
    }

    fn with_index(
        &self,
        index: Bytes,
        index_path: Option<&Path>,
    ) -> Result<SymbolIndex, IndexError> {
        let text = self.bytes.clone();
        let symbols = SymbolIndex::with_fingerprint(text, index, &self.fingerprint)?;
        Ok(SymbolIndex {
            text_path: Some(self.path.to_owned()),
            index_path: index_path.map(Path::to_owned),
            ..symbols
        })
    }

    fn publish(
        &self,
        builder: IndexBuilder,
        index_path: &Path,
    ) -> Result<SymbolIndex, SymbolFileError> {
        let image = builder.into_image(&self.bytes, self.fingerprint);
        let (index, index_path) = match write(&image, index_path) {
            Ok(index) => (index, Some(index_path)),
            Err(error) => {
                warn!(index = %index_path.display(), %error, "index of symbols cannot be kept");
                (Bytes::from(image), None)
            }
        };
        self.opened(index, index_path)
    }

    /// Symbols by an index that was just made.
    fn opened(
        &self,
        index: Bytes,
        index_path: Option<&Path>,
    ) -> Result<SymbolIndex, SymbolFileError> {
        self.with_index(index, index_path)
            .map_err(|error| match error {
                IndexError::Corrupt(corrupt) => corrupt.into(),
                error => self.unreadable(io::Error::other(error)),
            })
    }
}

/// Puts an index file in its place as a whole, and maps it.
fn write(image: &[u8], path: &Path) -> io::Result<Bytes> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let unfinished = with_suffix(
        path,
        &format!(
            ".{}-{}-{}{UNFINISHED}",
            process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed),
            since.map_or(0, |since| since.as_nanos())
        ),
    );
    let written = File::create_new(&unfinished)
        .and_then(|mut file| file.write_all(image))
        .and_then(|()| fs::rename(&unfinished, path));
    if let Err(error) = written {
        // If it is not there, that is what is wanted.
        let _ = fs::remove_file(&unfinished);
        return Err(error);
    }
    map_file(path)
}

fn map_file(path: &Path) -> io::Result<Bytes> {
    map(&File::open(path)?)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
