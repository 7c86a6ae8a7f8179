//! Putting good symbol files where walks find them.

use std::{
    fs::{self, File},
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

use socorro_stackwalk::{SymbolError, SymbolFile, SymbolName};

use super::{
    report::{Fate, FileReport},
    unpack::{Candidate, Wanted},
};

const BUFFER: usize = 64 << 10;

/// Where symbol files are put, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Store<'a> {
    pub(super) directory: &'a Path,
    /// Whether a good file takes the place of another good one.
    pub(super) replace: bool,
    /// Bytes of the largest file.
    pub(super) largest: u64,
}

impl Store<'_> {
    /// Checks a file and puts it in its place, as a whole and for good. The name is that of a file
    /// that is there now, whoever has put it there.
    pub(super) fn take(self, candidate: &Candidate) -> (FileReport, Option<SymbolName>) {
        let called = &candidate.called;
        let file = match SymbolFile::open(&candidate.path, self.largest) {
            Ok(file) => file,
            Err(error) => {
                let reason = match error {
                    SymbolError::Unusable { reason, .. } => reason,
                    error => error.to_string(),
                };
                // The path is one of this machine.
                let path = candidate.path.display().to_string();
                let reason = reason.replace(&path, "the file");
                return (FileReport::refused(called, reason), None);
            }
        };
        let parts = file.name().path_parts();
        let place = parts.join("/");
        if let Some(reason) = contradiction(&candidate.wanted, &parts) {
            return (FileReport::refused(called, reason), None);
        }
        match self.put(&file, &parts) {
            Ok(Some(fate)) => (FileReport::new(&place, fate), Some(file.name().clone())),
            Ok(None) => {
                let reason = "another file with this name and debug id is there, and files are not replaced here";
                (FileReport::because(&place, Fate::Conflict, reason), None)
            }
            Err(error) => {
                tracing::error!(%error, place, "cannot store a symbol file");
                let reason = "it cannot be stored now; try again later";
                (FileReport::refused(&place, reason), None)
            }
        }
    }

    /// `None` when another good file is there that may not be replaced.
    fn put(self, file: &SymbolFile, parts: &[String; 3]) -> io::Result<Option<Fate>> {
        let path: PathBuf = self
            .directory
            .iter()
            .chain(parts.iter().map(AsRef::as_ref))
            .collect();
        let fate = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Fate::Stored,
            Err(error) => return Err(error),
            Ok(_) if is_same(file.path(), &path)? => return Ok(Some(Fate::Unchanged)),
            // A damaged file helps nobody.
            Ok(_) if self.replace || SymbolFile::open(&path, self.largest).is_err() => {
                Fate::Replaced
            }
            Ok(_) => return Ok(None),
        };
        let [debug_file, debug_id, _] = parts;
        let above = self.directory.join(debug_file);
        let directory = above.join(debug_id);
        fs::create_dir_all(&directory)?;
        File::open(file.path())?.sync_all()?;
        fs::rename(file.path(), &path)?;
        for directory in [&directory, &above, self.directory] {
            sync_directory(directory)?;
        }
        Ok(Some(fate))
    }
}

/// What the first line of a file says that it should not.
fn contradiction(wanted: &Wanted, [debug_file, debug_id, file]: &[String; 3]) -> Option<String> {
    let differs = |what: &str, wanted: &str, found: &str| {
        let wanted: String = wanted.chars().take(100).collect();
        let found: String = found.chars().take(100).collect();
        Some(format!(
            "its first line says {what} {found}, but it was sent as {wanted}"
        ))
    };
    if let Some(wanted) = &wanted.debug_file
        && wanted.rsplit(['/', '\\']).next() != Some(debug_file)
    {
        return differs("debug file", wanted, debug_file);
    }
    if let Some(wanted) = &wanted.debug_id
        && !wanted.replace('-', "").eq_ignore_ascii_case(debug_id)
    {
        return differs("debug id", wanted, debug_id);
    }
    match &wanted.file {
        Some(wanted) if wanted != file => Some(format!("it has to be named {file}")),
        _ => None,
    }
}

fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    if !fs::metadata(other)?.is_file() {
        return Err(io::Error::other(
            "something that is no file is in its place",
        ));
    }
    let (one, other) = (File::open(one)?, File::open(other)?);
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut one, mut other) = (BufReader::new(one), BufReader::new(other));
    let (mut a, mut b) = (vec![0; BUFFER], vec![0; BUFFER]);
    loop {
        let read = one.read(&mut a)?;
        if read == 0 {
            return Ok(true);
        }
        other.read_exact(&mut b[..read])?;
        if a[..read] != b[..read] {
            return Ok(false);
        }
    }
}

/// Makes a new name in a directory survive a power failure, where the system offers that.
fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}
