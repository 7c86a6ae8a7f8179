//! What was taken in earlier runs.

use std::{
    collections::HashSet,
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use socorro_core::CrashId;

use crate::failure::Failure;

/// The crash ids that were taken, on lines of a file.
#[derive(Debug)]
pub(super) struct State {
    taken: HashSet<CrashId>,
    file: Option<(PathBuf, File)>,
}

impl State {
    /// Reads the file, which need not be there yet. Without one nothing is remembered.
    ///
    /// # Errors
    ///
    /// When it cannot be read or written.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else {
            let taken = HashSet::new();
            return Ok(Self { taken, file: None });
        };
        let failed = |error: std::io::Error| {
            Failure::because(
                format_args!("cannot use --resume {}", path.display()),
                &error,
            )
        };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(failed(error)),
        };
        // A line that was cut off when somebody ended the program is none.
        let taken = text.lines().filter_map(|line| CrashId::parse(line).ok());
        let taken: HashSet<_> = taken.collect();
        if taken.is_empty() && !text.trim().is_empty() {
            return Err(
                Failure::usage(format!("--resume {} holds no crash ids", path.display()))
                    .hint("name the file of an earlier run, or one that is not there yet"),
            );
        }
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(failed)?;
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n").map_err(failed)?;
        }
        let file = Some((path.to_owned(), file));
        Ok(Self { taken, file })
    }

    pub(super) fn has(&self, id: &CrashId) -> bool {
        self.taken.contains(id)
    }

    /// Whether there is a file.
    pub(super) fn is_kept(&self) -> bool {
        self.file.is_some()
    }

    /// Notes what was taken.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(super) fn add(&mut self, ids: &[CrashId]) -> Result<(), Failure> {
        let Some((path, file)) = &mut self.file else {
            return Ok(());
        };
        let lines: String = ids.iter().map(|id| format!("{id}\n")).collect();
        file.write_all(lines.as_bytes()).map_err(|error| {
            Failure::because(format_args!("cannot write {}", path.display()), &error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "de1bb258-cbbf-4589-a673-34f800160918";

    #[test]
    fn what_was_taken_is_known_the_next_time_and_a_cut_line_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state");
        let id = CrashId::parse(ID).unwrap();
        let other = CrashId::parse("0ab4ea19-6d42-4ef6-8e1c-3dd9a0261123").unwrap();
        let mut state = State::open(Some(&path)).unwrap();
        assert!(!state.has(&id));
        state.add(&[id]).unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"0ab4ea19-6d42").unwrap();
        let mut state = State::open(Some(&path)).unwrap();
        assert!(state.has(&id) && !state.has(&other));
        state.add(&[other]).unwrap();
        let state = State::open(Some(&path)).unwrap();
        assert!(state.has(&id) && state.has(&other));
    }

    #[test]
    fn a_file_of_something_else_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state");
        fs::write(&path, "dear diary").unwrap();
        State::open(Some(&path)).unwrap_err();
        assert_eq!(fs::read_to_string(&path).unwrap(), "dear diary");
    }
}
