//! The list of what did not work.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use socorro_core::CrashId;
use tempfile::NamedTempFile;

use crate::failure::Failure;

/// The list of what did not work: written at the end, whole, and read again as `@FILE`.
#[derive(Debug)]
pub(crate) struct FailedList {
    /// The file, and what is to become it.
    file: Option<(PathBuf, NamedTempFile)>,
    lines: Vec<String>,
}

impl FailedList {
    /// A list that goes to `path`, if there is one.
    ///
    /// # Errors
    ///
    /// When the file cannot be written: found out before the work, not after it.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let file = path.map(|path| {
            let directory = path.parent().filter(|parent| *parent != Path::new(""));
            let file = NamedTempFile::new_in(directory.unwrap_or_else(|| Path::new(".")));
            match file {
                Ok(file) if !path.is_dir() => Ok((path.to_owned(), file)),
                Ok(_) => Err(Failure::new(format!(
                    "--failed {} is a directory",
                    path.display()
                ))),
                Err(error) => Err(cannot_write(path, &error)),
            }
        });
        Ok(Self {
            file: file.transpose()?,
            lines: Vec::new(),
        })
    }

    /// A crash that did not work.
    pub(crate) fn add(&mut self, id: CrashId) {
        self.lines.push(id.to_string());
    }

    /// Something that is no crash id: told as a comment, for it would fail again.
    pub(crate) fn add_note(&mut self, note: &str) {
        self.lines.push(format!("# {note}"));
    }

    /// Writes the list with those that were not tried. Returns whether there is anything in it.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(crate) fn finish(mut self, remaining: &[CrashId]) -> Result<bool, Failure> {
        self.lines.extend(remaining.iter().map(CrashId::to_string));
        let any = !self.lines.is_empty();
        let Some((path, mut file)) = self.file else {
            return Ok(any);
        };
        let content: String = self.lines.iter().map(|line| format!("{line}\n")).collect();
        // Devices and pipes cannot be replaced, only written.
        let special = fs::metadata(&path).is_ok_and(|found| !found.is_file());
        let written = if special {
            fs::write(&path, content)
        } else {
            let written = file.write_all(content.as_bytes());
            written.and_then(|()| file.persist(&path).map(|_| ()).map_err(|error| error.error))
        };
        written.map_err(|error| cannot_write(&path, &error))?;
        Ok(any)
    }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::because(format_args!("cannot write {}", path.display()), error)
}
