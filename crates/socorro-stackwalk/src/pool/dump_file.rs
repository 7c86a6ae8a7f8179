//! The file of a minidump that is handed to a child.

use std::fs::File;
use std::io::{self, Write as _};

use bytes::Bytes;

use crate::dump::{self, OwnedDump};
use crate::error::WalkError;

/// The file that holds a minidump. What is in memory, or in something that is not quite a file, is copied to one that
/// only exists in memory.
pub(super) fn file_of(dump: OwnedDump, limit: u64) -> Result<File, WalkError> {
    if let OwnedDump::Path(path) = &dump {
        let (file, metadata) = dump::open(path, limit)?;
        if metadata.is_file() {
            return Ok(file);
        }
    }
    let bytes = dump::load(dump, limit)?.into_bytes();
    in_memory(&bytes).map_err(|error| WalkError::NoWalker {
        reason: format!("no room for the minidump: {error}"),
    })
}

/// A file in memory that nobody can change any more.
#[cfg(target_os = "linux")]
pub(super) fn in_memory(bytes: &Bytes) -> io::Result<File> {
    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let mut file = File::from(memfd_create("minidump", flags)?);
    file.write_all(bytes)?;
    fcntl_add_seals(
        &file,
        SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL,
    )?;
    Ok(file)
}

/// A file without a name.
#[cfg(not(target_os = "linux"))]
pub(super) fn in_memory(bytes: &Bytes) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(bytes)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_a_file_that_stays_as_it_is() {
        let dump = OwnedDump::Bytes(Bytes::from_static(b"MDMP"));
        let mut file = file_of(dump, 4).unwrap();
        assert_eq!(crate::map::map(&file).unwrap(), b"MDMP"[..]);
        if cfg!(target_os = "linux") {
            assert!(file.write_all(b"more").is_err());
            assert!(file.set_len(0).is_err());
        }
    }
}
