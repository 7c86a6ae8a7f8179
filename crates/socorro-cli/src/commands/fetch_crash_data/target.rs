//! Where fetched crashes go: a directory or a bucket, in the layout of crash storage.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use socorro_core::CrashId;
use socorro_crash_stats::client::{FetchedDump, ListedDump};
use socorro_storage::{
    CrashStorage as _, Error, ErrorKind, Item, ObjectStorage, StorageOptions, layout,
};
use tempfile::TempDir;

use crate::{arguments, failure::Failure};

/// Where fetched crashes go.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) storage: Arc<ObjectStorage>,
    /// The directory, where it is one.
    directory: Option<PathBuf>,
    /// For dumps on their way.
    temporary: TempDir,
    files: AtomicU64,
}

impl Target {
    /// Opens what is named: an address of a storage, or a directory, which is made when it is not
    /// there.
    ///
    /// # Errors
    ///
    /// When it cannot be written to, as far as that can be told without writing.
    pub(crate) async fn open(text: &str) -> Result<Self, Failure> {
        let target = if is_address(text) {
            arguments::check_storage_address(text)?;
            let storage = ObjectStorage::open(text, options())?;
            Self::new(storage, directory_of(text))?
        } else {
            Self::directory(Path::new(text))?
        };
        target.storage.check().await?;
        Ok(target)
    }

    /// A directory, which is made when it is not there.
    ///
    /// # Errors
    ///
    /// When it is something else, or cannot be made.
    pub(crate) fn directory(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        if path.exists() && !path.is_dir() {
            return Err(Failure::new(format!("{shown} is not a directory"))
                .hint("name a directory for the crashes, or a bucket as s3://NAME"));
        }
        let failed = |error: std::io::Error| {
            Failure::because(format_args!("cannot make the directory {shown}"), &error)
                .hint("name a directory that this user may write to")
        };
        fs::create_dir_all(path).map_err(failed)?;
        let path = fs::canonicalize(path).map_err(failed)?;
        // Found out now, not crash by crash.
        tempfile::tempfile_in(&path).map_err(|error| {
            Failure::because(format_args!("cannot write to {shown}"), &error)
                .hint("look at its permissions, and at the room on the disk")
        })?;
        let storage = ObjectStorage::directory(&path, options())?;
        Self::new(storage, Some(path))
    }

    fn new(storage: ObjectStorage, directory: Option<PathBuf>) -> Result<Self, Failure> {
        let temporary = tempfile::Builder::new().prefix("socorro-fetch-").tempdir();
        let temporary = temporary.map_err(|error| {
            Failure::because("cannot make a temporary directory", &error)
                .hint("TMPDIR says where temporary files go")
        })?;
        Ok(Self {
            storage: Arc::new(storage),
            directory,
            temporary,
            files: AtomicU64::new(0),
        })
    }

    /// A path that nobody else uses, for a dump on its way.
    pub(super) fn temporary_file(&self) -> PathBuf {
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        self.temporary.path().join(format!("{number}.dump"))
    }

    /// Removes what was on its way. A file that is just being made or written, for somebody who does
    /// not wait for it any more, can get in between.
    pub(super) async fn remove_temporary_files(&self) {
        const TRIES: u32 = 100;
        const PAUSE: Duration = Duration::from_millis(10);
        for _ in 0..TRIES {
            let path = self.temporary.path();
            if fs::remove_dir_all(path).is_ok() || !path.exists() {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
        tracing::warn!(path = %self.temporary.path().display(), "temporary files are left");
    }

    /// Whether a dump is there as it was sent; where its checksum is not known, whether it is there.
    pub(super) async fn has(&self, id: &CrashId, dump: &ListedDump) -> Result<bool, Failure> {
        let Some(sha256) = &dump.sha256 else {
            let item = Item::Dump(dump.name.clone());
            return Ok(self.storage.exists(id, &item).await?);
        };
        let found = match &self.directory {
            Some(directory) => {
                let path = directory.join(layout::dump(id, &dump.name));
                if !path.is_file() {
                    return Ok(false);
                }
                FetchedDump::of_file(&path).await?
            }
            None => {
                let path = self.temporary_file();
                match self.storage.dump_to_file(id, &dump.name, &path).await {
                    Ok(_) => {
                        let found = FetchedDump::of_file(&path).await?;
                        remove(&path).await;
                        found
                    }
                    Err(error) if is_useless(&error) => return Ok(false),
                    Err(error) => return Err(error.into()),
                }
            }
        };
        Ok(found.sha256 == *sha256)
    }

    /// Removes what a process that was killed has left beside a file: the half of it that it had
    /// written. The storage writes `FILE#1` and renames.
    pub(super) fn sweep(&self, key: &str) {
        let Some(directory) = &self.directory else {
            return;
        };
        for number in 1_u32.. {
            let mut path = OsString::from(directory.join(key));
            path.push(format!("#{number}"));
            if fs::remove_file(path).is_err() {
                return;
            }
        }
    }
}

/// The directory that an address names, if it names one; relative ones count from the working
/// directory, as they do for the storage.
fn directory_of(address: &str) -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let here = url::Url::from_directory_path(here).ok()?;
    let address = url::Url::options().base_url(Some(&here)).parse(address);
    address.ok()?.to_file_path().ok()
}

/// What is read again and compared when a fetch goes on need not be forced to the disk now.
fn options() -> StorageOptions {
    StorageOptions {
        durable: false,
        ..StorageOptions::default()
    }
}

/// Whether the text is the address of a storage, and no path.
pub(super) fn is_address(text: &str) -> bool {
    let scheme = text.split_once(':').map(|(scheme, _)| scheme);
    let is_word = |scheme: &str| {
        let rest = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'+';
        // One letter is a drive.
        scheme.len() > 1
            && scheme.starts_with(|first: char| first.is_ascii_lowercase())
            && scheme.bytes().all(rest)
    };
    scheme.is_some_and(is_word) && !Path::new(text).exists()
}

/// Whether an item that was to be read is none: fetching it again mends that.
pub(super) fn is_useless(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::Corrupt | ErrorKind::TooLarge
    )
}

/// Removes a temporary file, which goes with its directory anyway.
pub(super) async fn remove(path: &Path) {
    if let Err(error) = tokio::fs::remove_file(path).await {
        tracing::debug!(%error, "a temporary file stays for now");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_paths() {
        for text in ["s3://bucket", "file:///x", "file:x", "memory:", "ftp://x"] {
            assert!(is_address(text), "{text}");
        }
        for text in ["crashdata", "./a:b", "/a/b", "C:\\x", "2026-11-26T10:00:00"] {
            assert!(!is_address(text), "{text}");
        }
    }

    #[test]
    fn a_relative_address_is_below_the_working_directory() {
        let here = std::env::current_dir().unwrap();
        assert_eq!(directory_of("file:a/b"), Some(here.join("a/b")));
        assert_eq!(
            directory_of("file:///a/b?legacy_keys=0"),
            Some("/a/b".into())
        );
        assert_eq!(directory_of("s3://bucket/a"), None);
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let target = Target::directory(directory.path()).unwrap();
        for name in ["a", "a#1", "a#2", "a#4", "b#1"] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        target.sweep("a");
        let mut left: Vec<_> = fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["a", "a#4", "b#1"]);
    }
}
