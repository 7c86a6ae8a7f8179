//! Getting hold of the bytes, within a limit.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::error::WalkError;
use crate::map::map;
use crate::walker::DumpSource;

/// A [`DumpSource`] that may move to another thread.
#[derive(Debug)]
pub(crate) enum OwnedDump {
    Path(PathBuf),
    Bytes(Bytes),
    /// A file that somebody has opened for us.
    #[cfg(all(unix, feature = "pool"))]
    File(File),
}

impl From<DumpSource<'_>> for OwnedDump {
    fn from(source: DumpSource<'_>) -> Self {
        match source {
            DumpSource::Path(path) => Self::Path(path.to_owned()),
            DumpSource::Bytes(bytes) => Self::Bytes(bytes),
        }
    }
}

/// The bytes of a minidump.
#[derive(Debug)]
pub(crate) struct LoadedDump {
    pub(super) bytes: Bytes,
    /// The file of which they are a mapping.
    pub(super) mapped: Option<(PathBuf, File)>,
}

#[cfg(all(unix, feature = "pool"))]
impl LoadedDump {
    /// The bytes as they are.
    pub(crate) fn into_bytes(self) -> Bytes {
        self.bytes
    }
}

/// Gets hold of the bytes. Those of a file are mapped, not read: what the walk does not look at costs no memory.
///
/// What cannot be mapped, as a pipe, is read.
pub(crate) fn load(dump: OwnedDump, limit: u64) -> Result<LoadedDump, WalkError> {
    let loaded = match dump {
        OwnedDump::Bytes(bytes) => LoadedDump {
            bytes,
            mapped: None,
        },
        OwnedDump::Path(path) => load_file(path, limit)?,
        #[cfg(all(unix, feature = "pool"))]
        OwnedDump::File(file) => map_file(PathBuf::from("minidump"), file)?,
    };
    // Pipes and growing files have no honest length, so the bytes are looked at.
    let size = loaded.bytes.len() as u64;
    if size > limit {
        return Err(WalkError::TooLarge { size, limit });
    }
    Ok(loaded)
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

fn load_file(path: PathBuf, limit: u64) -> Result<LoadedDump, WalkError> {
    let (file, metadata) = open(&path, limit)?;
    if metadata.is_file() {
        return map_file(path, file);
    }
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|source| unreadable(&path, source))?;
    Ok(LoadedDump {
        bytes: bytes.into(),
        mapped: None,
    })
}

fn map_file(path: PathBuf, file: File) -> Result<LoadedDump, WalkError> {
    let bytes = map(&file).map_err(|source| unreadable(&path, source))?;
    let mapped = Some((path, file));
    Ok(LoadedDump { bytes, mapped })
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
        assert_eq!(load_path(&path).unwrap().bytes, &b"MDMP"[..]);
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
