//! Downloaded files on disk.
//!
//! A file appears under its name only when it is complete: it is written under another name and renamed, which several
//! processes may do at once. Its last line, `INFO URL`, tells where it came from; the format lets readers skip it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use crate::symbols::directory::path_in;
use crate::symbols::error::SymbolError;
use crate::symbols::name::SymbolName;

/// Where files are while they are being written. Symbol files lie two directories deep, so none can meet these.
const PARTIAL: &str = ".partial";

/// Age from which a file that is still being written is taken for the remains of a process that died.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// A directory of downloaded symbol files.
#[derive(Debug)]
pub(super) struct DiskCache {
    root: PathBuf,
}

impl DiskCache {
    /// Uses `root`, which is made if missing, and clears away what processes that died left there.
    pub(super) fn open(root: &Path) -> Result<Self, SymbolError> {
        let partial = root.join(PARTIAL);
        fs::create_dir_all(&partial).map_err(|source| SymbolError::Io {
            path: partial.clone(),
            source,
        })?;
        remove_abandoned(&partial);
        Ok(Self {
            root: root.to_owned(),
        })
    }

    /// Where a file is, or would be.
    pub(super) fn path(&self, name: &SymbolName) -> PathBuf {
        path_in(&self.root, name)
    }

    /// Finds a file.
    pub(super) async fn find(&self, name: &SymbolName) -> io::Result<PathBuf> {
        let path = self.path(name);
        let metadata = tokio::fs::metadata(&path).await?;
        if metadata.is_file() {
            Ok(path)
        } else {
            Err(io::ErrorKind::NotFound.into())
        }
    }

    /// Begins to write a file.
    pub(super) async fn begin(&self, name: &SymbolName) -> Result<Download, SymbolError> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = self
            .root
            .join(PARTIAL)
            .join(format!("{}-{number}", process::id()));
        let file = File::create(&path)
            .await
            .map_err(|source| SymbolError::Io {
                path: path.clone(),
                source,
            })?;
        Ok(Download {
            file,
            partial: Partial(path),
            target: self.path(name),
            size: 0,
            ends_line: true,
        })
    }
}

/// A leftover that cannot be removed now is removed another time.
fn remove_abandoned(partial: &Path) {
    let entries = fs::read_dir(partial).into_iter().flatten().flatten();
    let age = |entry: &fs::DirEntry| {
        SystemTime::now()
            .duration_since(entry.metadata().ok()?.modified().ok()?)
            .ok()
    };
    for entry in entries.filter(|entry| age(entry).is_some_and(|age| age > ABANDONED)) {
        let _ = fs::remove_file(entry.path());
    }
}

/// A file being written. Dropping it removes it.
#[derive(Debug)]
pub(super) struct Download {
    file: File,
    partial: Partial,
    target: PathBuf,
    size: u64,
    ends_line: bool,
}

impl Download {
    /// Bytes written so far.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), SymbolError> {
        self.file
            .write_all(bytes)
            .await
            .map_err(|source| self.partial.failed(source))?;
        self.size += bytes.len() as u64;
        self.ends_line = bytes.last().map_or(self.ends_line, |last| *last == b'\n');
        Ok(())
    }

    /// Adds the line with the URL and gives the file its name.
    pub(super) async fn publish(mut self, url: &str) -> Result<PathBuf, SymbolError> {
        // A file cut short within a line stays recognisable as such; an empty one too.
        if self.ends_line && self.size > 0 {
            self.write(format!("INFO URL {url}\n").as_bytes()).await?;
        }
        self.file
            .flush()
            .await
            .map_err(|source| self.partial.failed(source))?;
        if let Some(directory) = self.target.parent() {
            let made = tokio::fs::create_dir_all(directory).await;
            made.map_err(|source| SymbolError::Io {
                path: directory.to_owned(),
                source,
            })?;
        }
        let renamed = tokio::fs::rename(&self.partial.0, &self.target).await;
        renamed.map_err(|source| SymbolError::Io {
            path: self.target.clone(),
            source,
        })?;
        Ok(self.target)
    }
}

/// The name of a file being written, which goes with it.
#[derive(Debug)]
struct Partial(PathBuf);

impl Partial {
    fn failed(&self, source: io::Error) -> SymbolError {
        SymbolError::Io {
            path: self.0.clone(),
            source,
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Gone already if it was renamed.
        let _ = fs::remove_file(&self.0);
    }
}
