//! Files that are being written.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Age from which a file that is still being written is taken for the remains of a process that died.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

/// A file being written. Dropping it removes it, unless it got its [final name](Self::publish).
#[derive(Debug)]
pub(crate) struct Partial {
    path: PathBuf,
}

impl Partial {
    /// Makes an empty file. It is locked, which tells others that somebody is at work on it.
    pub(super) fn create(path: PathBuf) -> io::Result<(File, Self)> {
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)?;
        let partial = Self { path };
        // Where there are no locks, age alone tells.
        let _ = file.try_lock();
        Ok((file, partial))
    }

    /// A file that somebody else is going to make.
    pub(super) fn promised(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file its name, in a directory that is made if missing. What had the name is replaced.
    pub(super) fn publish(&self, target: &Path) -> io::Result<()> {
        const ATTEMPTS: u32 = 3;
        let mut attempt = 1;
        loop {
            if let Some(directory) = target.parent() {
                fs::create_dir_all(directory)?;
            }
            match fs::rename(&self.path, target) {
                // Another process may just have removed the directory because it was empty.
                Err(error) if error.kind() == io::ErrorKind::NotFound && attempt < ATTEMPTS => {
                    attempt += 1;
                }
                result => return result,
            }
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Gone already if it was published.
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes what processes that died have left. What cannot be removed now is removed another time.
pub(super) fn remove_abandoned(directory: &Path, now: SystemTime) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        remove_if_abandoned(&entry.path(), now);
    }
}

/// Removes a file that was being written by a process that died.
pub(super) fn remove_if_abandoned(path: &Path, now: SystemTime) {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    let age = modified.ok().and_then(|time| now.duration_since(time).ok());
    if age.is_some_and(|age| age > ABANDONED) && !is_locked(path) {
        let _ = fs::remove_file(path);
    }
}

fn is_locked(path: &Path) -> bool {
    let lock = File::open(path).map(|file| file.try_lock());
    matches!(lock, Ok(Err(TryLockError::WouldBlock)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_is_at_work_on_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let (slow, _slow) = Partial::create(path("slow")).unwrap();
        let dead = File::create(path("dead")).unwrap();
        File::create(path("fresh")).unwrap();
        let now = SystemTime::now();
        for file in [&slow, &dead] {
            file.set_modified(now - 2 * ABANDONED).unwrap();
        }
        remove_abandoned(directory.path(), now);
        assert!(path("slow").exists() && path("fresh").exists());
        assert!(!path("dead").exists());
    }
}
