//! Files below a directory.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use socorro_core::time::Timestamp;
use socorro_storage::bucket::Bucket;

use super::side::Entry;
use crate::failure::Failure;

/// The deepest directory that is looked into.
const MAX_DEPTH: usize = 100;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) entries: Vec<Entry>,
    /// What cannot be read, or named.
    pub(super) problems: Vec<Failure>,
}

/// How directories are read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reading {
    pub(super) follow_links: bool,
    /// Whether to remove what downloads left behind that were killed.
    pub(super) clear_partial: bool,
}

/// The files below a directory, by their path below it. Nothing when it does not exist.
pub(super) fn files(root: &Path, reading: Reading) -> Found {
    let mut found = Found::default();
    if root.exists() {
        let mut walk = Walk {
            reading,
            found: &mut found,
            above: Vec::new(),
        };
        walk.directory(root, "");
    }
    found
}

/// What is known of a single file.
pub(super) fn entry(name: String, metadata: &fs::Metadata) -> Entry {
    let modified = metadata.modified().ok();
    Entry {
        name,
        size: metadata.len(),
        modified: modified.and_then(|time| Timestamp::try_from(time).ok()),
        checksum: None,
    }
}

struct Walk<'a> {
    reading: Reading,
    found: &'a mut Found,
    /// The directories on the way, to find links that lead back.
    above: Vec<PathBuf>,
}

impl Walk<'_> {
    fn directory(&mut self, directory: &Path, prefix: &str) {
        let real = match fs::canonicalize(directory) {
            Ok(real) => real,
            Err(error) => return self.problem(directory, &error),
        };
        if self.above.contains(&real) || self.above.len() >= MAX_DEPTH {
            return self.problem(directory, &io::Error::other("it leads back to itself"));
        }
        self.above.push(real);
        match fs::read_dir(directory) {
            Err(error) => self.problem(directory, &error),
            Ok(files) => {
                for file in files {
                    match file {
                        Ok(file) => self.file(&file, prefix),
                        Err(error) => self.problem(directory, &error),
                    }
                }
            }
        }
        self.above.pop();
    }

    fn file(&mut self, file: &fs::DirEntry, prefix: &str) {
        let path = file.path();
        if self.is_partial(&path) {
            return;
        }
        let is_link = file.file_type().is_ok_and(|kind| kind.is_symlink());
        if is_link && !self.reading.follow_links {
            return;
        }
        let metadata = match fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) => return self.problem(&path, &error),
        };
        let file_name = file.file_name();
        let Some(name) = file_name.to_str() else {
            return self.problem(&path, &io::Error::other("its name is no UTF-8 text"));
        };
        let name = format!("{prefix}{name}");
        if metadata.is_dir() {
            self.directory(&path, &format!("{name}/"));
        } else if metadata.is_file() {
            self.found.entries.push(entry(name, &metadata));
        } else {
            self.problem(
                &path,
                &io::Error::other("it is a device, a pipe or a socket"),
            );
        }
    }

    fn is_partial(&self, path: &Path) -> bool {
        if self.reading.clear_partial {
            return Bucket::clear_partial(path);
        }
        Bucket::is_partial(path)
    }

    fn problem(&mut self, path: &Path, error: &io::Error) {
        let what = format!("left out {}", path.display());
        self.found.problems.push(Failure::because(what, error));
    }
}
