//! Clocks that jump: <https://github.com/wolfcw/libfaketime> between a processor and the system.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Where Debian puts it for the processor it runs on.
const LIBRARIES: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib64/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
];

/// Clocks of processors that can be set.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    library: PathBuf,
    directory: PathBuf,
}

impl Clock {
    /// Clocks that keep their settings in a directory, if the library is there.
    pub(crate) fn find(directory: &Path) -> Option<Self> {
        let library = LIBRARIES
            .iter()
            .map(PathBuf::from)
            .find(|path| path.is_file())?;
        Some(Self {
            library,
            directory: directory.to_owned(),
        })
    }

    fn file(&self, processor: usize) -> PathBuf {
        self.directory.join(format!("clock-{processor}"))
    }

    /// Sets the clock of a processor: so many seconds ahead of the right time, or behind it.
    pub(crate) fn set(&self, processor: usize, seconds: i32) -> io::Result<()> {
        // In one step, as the processor reads it all the time.
        let new = self.directory.join(format!("clock-{processor}.new"));
        fs::write(&new, format!("{seconds:+}\n"))?;
        fs::rename(new, self.file(processor))
    }

    /// What a processor needs to have such a clock.
    pub(crate) fn environment(&self, processor: usize) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("LD_PRELOAD", self.library.clone()),
            ("FAKETIME_TIMESTAMP_FILE", self.file(processor)),
            ("FAKETIME_NO_CACHE", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
            ("DONT_FAKE_MONOTONIC", "1".into()),
        ]
    }
}
