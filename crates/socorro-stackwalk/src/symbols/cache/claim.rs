//! Who fetches a file, so that not all do.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

/// How long to wait for another process that fetches the same file. Then it is fetched twice.
const PATIENCE: Duration = Duration::from_secs(60);

/// Time between looks whether the other is done, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// The right to fetch a file, held as long as this lives. The system takes it from a process that dies.
///
/// It keeps work from being done twice and nothing else: files are written under names of their own.
#[derive(Debug)]
pub(crate) struct Claim {
    /// `None` if somebody else was waited for in vain, or the file system has no locks.
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    _lock: File,
    path: PathBuf,
}

impl Claim {
    /// Waits until nobody else fetches the file whose lock is at `path`.
    pub(super) async fn wait(path: &Path) -> Self {
        let started = Instant::now();
        let mut pause = PAUSE.0;
        loop {
            match try_lock(path) {
                Ok(lock) => {
                    let path = path.to_owned();
                    return Self {
                        held: Some(Held { _lock: lock, path }),
                    };
                }
                Err(TryLockError::WouldBlock) if started.elapsed() < PATIENCE => {}
                Err(_) => return Self { held: None },
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE.1);
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(held) = &self.held {
            // One who has just opened it may lock it and another make a new one: both fetch then, which does no harm.
            let _ = fs::remove_file(&held.path);
        }
    }
}

fn try_lock(path: &Path) -> Result<File, TryLockError> {
    let file = File::create(path).map_err(TryLockError::Error)?;
    file.try_lock()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_holds_it_at_a_time_and_the_next_waits_no_longer_than_it_must() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let first = Claim::wait(&path).await;
        assert!(first.held.is_some());
        let started = Instant::now();
        assert!(Claim::wait(&path).await.held.is_none());
        assert!(started.elapsed() >= PATIENCE);
        drop(first);
        assert!(!path.exists());
        let started = Instant::now();
        assert!(Claim::wait(&path).await.held.is_some());
        assert_eq!(started.elapsed(), Duration::ZERO);
    }

    #[tokio::test]
    async fn a_file_left_by_one_who_died_is_nobodys() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        fs::write(&path, "").unwrap();
        assert!(Claim::wait(&path).await.held.is_some());
    }
}
