//! Getting hold of the bytes, within a limit.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::error::WalkError;
use crate::walker::DumpSource;

/// A [`DumpSource`] that may move to another thread.
#[derive(Debug)]
pub(crate) enum OwnedDump {
    Path(PathBuf),
    Bytes(Bytes),
}

impl From<DumpSource<'_>> for OwnedDump {
    fn from(source: DumpSource<'_>) -> Self {
        match source {
            DumpSource::Path(path) => Self::Path(path.to_owned()),
            DumpSource::Bytes(bytes) => Self::Bytes(bytes),
        }
    }
}

/// Reads the whole minidump.
///
/// Files are read rather than mapped: a file that shrinks under a mapping ends the process.
pub(crate) fn load(dump: OwnedDump, limit: u64) -> Result<Bytes, WalkError> {
    match dump {
        OwnedDump::Bytes(bytes) => {
            let size = bytes.len() as u64;
            if size > limit {
                return Err(WalkError::TooLarge { size, limit });
            }
            Ok(bytes)
        }
        OwnedDump::Path(path) => read_file(&path, limit),
    }
}

/// Opens the file of a minidump if it has a size that is accepted.
pub(crate) fn open(path: &Path, limit: u64) -> Result<(File, Metadata), WalkError> {
    let failed = |source| unreadable(path, source);
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(WalkError::Directory {
            path: path.to_owned(),
        });
    }
    if metadata.len() > limit {
        return Err(WalkError::TooLarge {
            size: metadata.len(),
            limit,
        });
    }
    Ok((file, metadata))
}

fn unreadable(path: &Path, source: io::Error) -> WalkError {
    WalkError::File {
        path: path.to_owned(),
        source,
    }
}

fn read_file(path: &Path, limit: u64) -> Result<Bytes, WalkError> {
    let (file, _) = open(path, limit)?;
    // Pipes and growing files have no honest length, so the read itself is bounded too.
    let mut bytes = Vec::new();
    let read = file
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|source| unreadable(path, source))? as u64;
    if read > limit {
        return Err(WalkError::TooLarge { size: read, limit });
    }
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_file_directory_and_large_file_are_told_apart() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.dmp");
        let load_path = |path: &Path| load(OwnedDump::Path(path.to_owned()), 4);

        assert_eq!(load_path(&path).unwrap_err().name(), "FileNotFound");
        assert!(matches!(
            load_path(directory.path()),
            Err(WalkError::Directory { .. })
        ));
        std::fs::write(&path, b"MDMP").unwrap();
        assert_eq!(load_path(&path).unwrap(), &b"MDMP"[..]);
        std::fs::write(&path, b"MDMP!").unwrap();
        assert!(matches!(
            load_path(&path),
            Err(WalkError::TooLarge { size: 5, limit: 4 })
        ));
    }

    #[test]
    fn bytes_are_bounded_too() {
        let dump = OwnedDump::Bytes(Bytes::from_static(b"MDMP!"));
        assert!(matches!(
            load(dump, 4),
            Err(WalkError::TooLarge { size: 5, limit: 4 })
        ));
    }
}
