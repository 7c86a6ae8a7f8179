//! Where the dumps of a crash lie while it is in work.

use std::{
    fs::{self, DirEntry, File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// How the directory of a worker is named; there is one directory for each crash in it.
const PREFIX: &str = "socorro-processor-";
/// How often a worker makes a directory that somebody tidies away before it is locked.
const TRIES: usize = 5;
/// How often removing a directory is tried while files still appear in it.
const REMOVALS: usize = 20;

/// Makes a directory for each crash in work.
///
/// Dumps are private, so nobody else may look into them, and they must not stay behind when the
/// process is killed. All directories of one worker are in one that is locked for as long as the
/// worker lives; whoever starts next removes those that nobody holds.
#[derive(Debug)]
pub(super) struct WorkDirectories {
    below: PathBuf,
    /// Made when the first crash comes.
    own: Mutex<Option<Own>>,
}

/// A private directory that is removed, with everything in it, when this is dropped.
#[derive(Debug)]
pub(super) struct Directory(PathBuf);

/// The directory of one worker.
#[derive(Debug)]
struct Own {
    directory: Directory,
    /// `None` where directories cannot be locked; nobody tidies up there either.
    _lock: Option<File>,
}

impl WorkDirectories {
    pub(super) fn new(below: Option<PathBuf>) -> Self {
        Self {
            below: below.unwrap_or_else(std::env::temp_dir),
            own: Mutex::new(None),
        }
    }

    /// A new, empty directory that is removed when the returned value is dropped.
    pub(super) async fn make(self: Arc<Self>) -> io::Result<Directory> {
        tokio::task::spawn_blocking(move || self.make_now())
            .await
            .map_err(io::Error::other)?
    }

    /// Removes what killed workers left behind, before the first crash comes: that may take long.
    pub(super) async fn tidy(self: Arc<Self>) {
        let removal = tokio::task::spawn_blocking(move || remove_abandoned(&self.below));
        if let Err(error) = removal.await {
            tracing::warn!(%error, "cannot look for what killed workers left behind");
        }
    }

    /// Removes the directory of the worker itself, unless a crash is in work there. Does not wait
    /// for the last owner of the worker, who may be gone only when the process is.
    pub(super) fn close(&self) {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(is_empty) = own.as_ref().map(|own| fs::remove_dir(own.directory.path()))
            && is_empty.is_ok()
        {
            *own = None;
        }
    }

    fn make_now(&self) -> io::Result<Directory> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = &*own {
            match Directory::make(own.directory.path(), "") {
                // Somebody emptied the temporary directory of a worker that runs for weeks.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                made => return made,
            }
        }
        remove_abandoned(&self.below);
        let own = own.insert(Own::make(&self.below)?);
        Directory::make(own.directory.path(), "")
    }
}

impl Own {
    fn make(below: &Path) -> io::Result<Self> {
        for _ in 0..TRIES {
            let directory = Directory::make(below, PREFIX)?;
            let lock = match lock(directory.path()) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(_) => None,
                Ok(Some(lock)) if directory.path().exists() => Some(lock),
                // Somebody is tidying up, or has done so just now.
                Ok(_) => continue,
            };
            return Ok(Self {
                directory,
                _lock: lock,
            });
        }
        Err(io::Error::other("somebody keeps removing it"))
    }
}

impl Directory {
    fn make(below: &Path, prefix: &str) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(prefix);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        builder.tempdir_in(below).map(|made| Self(made.keep()))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Copying a dump that was called off goes on for a moment, so that its file may appear
        // while the directory is being emptied. Without the directory it fails.
        for _ in 0..REMOVALS {
            match fs::remove_dir_all(&self.0) {
                Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(%error, path = %self.0.display(), "cannot remove it");
                    return;
                }
                _ => return,
            }
        }
        tracing::warn!(path = %self.0.display(), "cannot remove it: files keep appearing");
    }
}

/// Locks a directory; `None` when somebody else holds the lock.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let directory = File::open(path)?;
    match directory.try_lock() {
        Ok(()) => Ok(Some(directory)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Removes the directories of workers that were killed.
fn remove_abandoned(below: &Path) {
    let Ok(entries) = fs::read_dir(below) else {
        return;
    };
    for entry in entries.flatten().filter(is_of_a_worker) {
        let path = entry.path();
        if let Ok(Some(_lock)) = lock(&path) {
            tracing::info!(path = %path.display(), "removing what a killed worker left behind");
            if let Err(error) = fs::remove_dir_all(&path) {
                tracing::warn!(%error, path = %path.display(), "cannot remove it");
            }
        }
    }
}

/// Whether this is a directory as a worker makes it: not a link, and private.
fn is_of_a_worker(entry: &DirEntry) -> bool {
    let named_so = entry.file_name().to_string_lossy().starts_with(PREFIX);
    named_so
        && entry
            .metadata()
            .is_ok_and(|found| found.is_dir() && is_private(&found))
}

#[cfg(unix)]
fn is_private(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    found.permissions().mode() & 0o077 == 0
}

#[cfg(not(unix))]
fn is_private(_: &fs::Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(directory: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(directory).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    #[test]
    fn directories_are_private_and_go_with_their_worker() {
        let below = tempfile::tempdir().unwrap();
        let directories = WorkDirectories::new(Some(below.path().to_owned()));
        let first = directories.make_now().unwrap();
        let second = directories.make_now().unwrap();
        let own = &entries(below.path())[..];
        assert_eq!(own.len(), 1);
        assert_eq!(entries(&own[0]).len(), 2);
        #[cfg(unix)]
        for path in [&own[0], first.path(), second.path()] {
            assert!(is_private(&fs::metadata(path).unwrap()), "{path:?}");
        }
        drop(first);
        assert_eq!(entries(&own[0]), [second.path()]);
        drop(directories);
        assert!(entries(below.path()).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn what_a_killed_worker_left_is_removed_and_nothing_else() {
        let below = tempfile::tempdir().unwrap();
        let alive = WorkDirectories::new(Some(below.path().to_owned()));
        let in_use = alive.make_now().unwrap();

        let killed = Directory::make(below.path(), PREFIX).unwrap();
        let killed = std::mem::ManuallyDrop::new(killed).path().to_owned();
        fs::write(killed.join("a.dump"), "private").unwrap();
        let shared = below.path().join(format!("{PREFIX}shared"));
        fs::create_dir(&shared).unwrap();
        let file = below.path().join(format!("{PREFIX}file"));
        fs::write(&file, "").unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let link = below.path().join(format!("{PREFIX}link"));
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();

        let next = WorkDirectories::new(Some(below.path().to_owned()));
        let _next_in_use = next.make_now().unwrap();
        assert!(!killed.exists());
        for left in [in_use.path(), &shared, &file, &link, elsewhere.path()] {
            assert!(left.exists(), "{left:?}");
        }
    }

    #[test]
    fn files_that_appear_while_a_directory_is_removed_go_as_well() {
        let below = tempfile::tempdir().unwrap();
        for _ in 0..200 {
            let directory = Directory::make(below.path(), "").unwrap();
            let start = std::sync::Barrier::new(4);
            std::thread::scope(|scope| {
                let (path, start) = (directory.path().to_owned(), &start);
                for name in ["a", "b", "c"] {
                    let path = path.join(name);
                    scope.spawn(move || {
                        start.wait();
                        let _ = fs::write(path, "private");
                    });
                }
                start.wait();
                drop(directory);
                assert!(!path.exists());
            });
        }
    }

    #[test]
    fn a_worker_that_stops_leaves_nothing_but_what_is_in_work() {
        let below = tempfile::tempdir().unwrap();
        let directories = WorkDirectories::new(Some(below.path().to_owned()));
        let in_work = directories.make_now().unwrap();
        directories.close();
        assert!(in_work.path().is_dir());
        drop(in_work);
        directories.close();
        assert!(entries(below.path()).is_empty());
        assert!(directories.make_now().unwrap().path().is_dir());
    }

    #[test]
    fn a_directory_that_somebody_removed_is_made_again() {
        let below = tempfile::tempdir().unwrap();
        let directories = WorkDirectories::new(Some(below.path().to_owned()));
        drop(directories.make_now().unwrap());
        fs::remove_dir_all(&entries(below.path())[0]).unwrap();
        assert!(directories.make_now().unwrap().path().is_dir());
    }

    #[test]
    fn a_place_that_is_not_there_is_an_error() {
        let below = tempfile::tempdir().unwrap();
        let directories = WorkDirectories::new(Some(below.path().join("nosuch")));
        let error = directories.make_now().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
