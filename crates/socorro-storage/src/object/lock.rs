//! Comparing and replacing in one step in a local directory, which has no such thing of its own.
//!
//! Whoever wants to replace a file locks that very file first, not its name. The lock is the
//! operating system's, so it ends with its process, and nothing has to be cleaned up after a kill.
//! Once the file is replaced, the lock on the old one means nothing to those that come later, and
//! those that waited for it see that the version they expected is gone.

use std::{
    fs::{File, TryLockError},
    io,
    path::PathBuf,
    time::{Duration, Instant},
};

/// How long to wait for another process. Between locking and replacing it writes one file.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(2);

/// What became of locking a file.
#[derive(Debug)]
pub(super) enum Locking {
    /// Locked as long as this lives.
    Locked(#[expect(dead_code, reason = "held, not used")] File),
    /// There is no such file.
    Absent,
    /// The file system has no locks: two that replace a file at the same moment may both succeed.
    Unsupported,
}

/// Locks the file at `path` against others that do the same.
///
/// # Errors
///
/// [`io::ErrorKind::TimedOut`] when another process does not let go of it; whatever opening gives.
pub(super) async fn lock(path: PathBuf) -> io::Result<Locking> {
    tokio::task::spawn_blocking(move || {
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Locking::Absent),
            Err(error) => return Err(error),
        };
        wait_for(file, PATIENCE)
    })
    .await?
}

fn wait_for(file: File, patience: Duration) -> io::Result<Locking> {
    let begin = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Locking::Locked(file)),
            Err(TryLockError::Error(_)) => return Ok(Locking::Unsupported),
            Err(TryLockError::WouldBlock) if begin.elapsed() < patience => {
                std::thread::sleep(PAUSE);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("another process holds the file for more than {patience:?}"),
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lock_keeps_others_out_until_it_is_dropped() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        assert!(matches!(lock(path.clone()).await.unwrap(), Locking::Absent));
        std::fs::write(&path, "x").unwrap();
        let first = lock(path.clone()).await.unwrap();
        assert!(matches!(first, Locking::Locked(_)));

        let second = || wait_for(File::open(&path).unwrap(), Duration::ZERO);
        assert_eq!(second().unwrap_err().kind(), io::ErrorKind::TimedOut);
        drop(first);
        assert!(matches!(second().unwrap(), Locking::Locked(_)));
    }
}
