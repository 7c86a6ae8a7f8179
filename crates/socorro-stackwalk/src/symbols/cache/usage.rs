//! The size of a cache, known to all processes that share it without anybody counting files.
//!
//! The file holds three decimal numbers: bytes, files, and when they were last counted, in seconds since 1970. Whoever
//! adds something adds to them. That is no more than an estimate: it is counted anew now and then.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The size of a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// The size of all files, in bytes.
    pub(super) bytes: u64,
    /// How many symbol files and indexes of symbol files elsewhere there are.
    pub(super) entries: u64,
    /// When they were counted.
    counted: u64,
}

impl Usage {
    /// What has just been counted.
    pub(super) fn counted(bytes: u64, entries: u64, now: SystemTime) -> Self {
        Self {
            bytes,
            entries,
            counted: seconds(now),
        }
    }

    /// How long ago it was counted.
    pub(super) fn age(&self, now: SystemTime) -> Duration {
        Duration::from_secs(seconds(now).saturating_sub(self.counted))
    }

    /// The size as written; `None` if it was never counted, or what is written makes no sense.
    pub(super) fn read(path: &Path) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        file.lock_shared().ok()?;
        Self::parse(&mut file)
    }

    /// Writes the size.
    pub(super) fn write(self, path: &Path) -> io::Result<()> {
        let mut file = open(path)?;
        file.lock()?;
        self.put(&mut file)
    }

    /// Adds to the size as written, and gives back the sum. Without one there is nothing to add to.
    pub(super) fn add(path: &Path, bytes: u64, entries: u64) -> io::Result<Option<Self>> {
        let mut file = open(path)?;
        file.lock()?;
        let Some(mut usage) = Self::parse(&mut file) else {
            return Ok(None);
        };
        usage.bytes = usage.bytes.saturating_add(bytes);
        usage.entries = usage.entries.saturating_add(entries);
        usage.put(&mut file)?;
        Ok(Some(usage))
    }

    fn parse(file: &mut File) -> Option<Self> {
        let mut text = String::new();
        file.take(100).read_to_string(&mut text).ok()?;
        let mut numbers = text.split_ascii_whitespace().map(str::parse);
        Some(Self {
            bytes: numbers.next()?.ok()?,
            entries: numbers.next()?.ok()?,
            counted: numbers.next()?.ok()?,
        })
    }

    fn put(self, file: &mut File) -> io::Result<()> {
        let Self {
            bytes,
            entries,
            counted,
        } = self;
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(format!("{bytes} {entries} {counted}\n").as_bytes())
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_is_there_for_the_next_who_looks() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("usage");
        assert_eq!(Usage::read(&path), None);
        assert_eq!(Usage::add(&path, 5, 1).unwrap(), None);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(100);
        Usage::counted(1_000, 3, now).write(&path).unwrap();
        Usage::add(&path, 5, 1).unwrap();
        let usage = Usage::read(&path).unwrap();
        assert_eq!((usage.bytes, usage.entries), (1_005, 4));
        assert_eq!(
            usage.age(now + Duration::from_secs(7)),
            Duration::from_secs(7)
        );
        std::fs::write(&path, "1005 rubbish").unwrap();
        assert_eq!(Usage::read(&path), None);
    }
}
