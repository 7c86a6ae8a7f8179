//! When files were used, for those who decide which go.

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, SystemTime};

/// How exactly times of use are kept: a file is touched no more often than this.
const GRAIN: Duration = Duration::from_secs(60 * 60);

/// The time of last use of a cached file: the modification time of its index.
#[derive(Debug)]
pub(crate) struct LastUse {
    index: PathBuf,
    touched: Mutex<SystemTime>,
}

impl LastUse {
    /// That of the file with this index.
    pub(crate) fn of(index: &Path) -> Self {
        let modified = std::fs::metadata(index).and_then(|metadata| metadata.modified());
        Self {
            index: index.to_owned(),
            touched: Mutex::new(modified.unwrap_or(SystemTime::UNIX_EPOCH)),
        }
    }

    /// Notes that the file is used now. `false` if it is no longer there.
    pub(crate) fn touch(&self) -> bool {
        let now = SystemTime::now();
        let mut touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = match now.duration_since(*touched) {
            Ok(age) => age < GRAIN,
            Err(ahead) => ahead.duration() < GRAIN,
        };
        if is_recent {
            return true;
        }
        *touched = now;
        drop(touched);
        let file = OpenOptions::new().append(true).open(&self.index);
        match file.and_then(|file| file.set_modified(now)) {
            Err(error) => error.kind() != io::ErrorKind::NotFound,
            Ok(()) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_touched_once_an_hour_at_most() {
        let directory = tempfile::tempdir().unwrap();
        let index = directory.path().join("index");
        std::fs::write(&index, "index").unwrap();
        let modified = || std::fs::metadata(&index).unwrap().modified().unwrap();
        let set = |age: u64| {
            let file = OpenOptions::new().append(true).open(&index).unwrap();
            let time = SystemTime::now() - Duration::from_secs(age);
            file.set_modified(time).unwrap();
        };
        set(10 * 60);
        let before = modified();
        assert!(LastUse::of(&index).touch());
        assert_eq!(modified(), before);

        set(2 * 60 * 60);
        let last_use = LastUse::of(&index);
        let before = modified();
        assert!(last_use.touch());
        assert!(modified() > before);

        set(2 * 60 * 60);
        let last_use = LastUse::of(&index);
        std::fs::remove_file(&index).unwrap();
        assert!(!last_use.touch());
    }
}
