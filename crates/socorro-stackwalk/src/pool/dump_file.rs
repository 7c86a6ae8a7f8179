//! The file of a minidump that is handed to a child.

use std::fs::File;

use super::memory_file::in_memory;
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
    in_memory("minidump", &bytes).map_err(|error| WalkError::NoWalker {
        reason: format!("no room for the minidump: {error}"),
    })
}

/// Bytes that are copied in no time.
const FEW: usize = 1 << 20;

/// Whether that takes so little time that handing it to another thread would take longer.
pub(super) fn is_quick(dump: &OwnedDump) -> bool {
    match dump {
        OwnedDump::Bytes(bytes) => bytes.len() <= FEW,
        // To open a pipe is to wait for somebody at its other end.
        OwnedDump::Path(path) => path.is_file(),
        OwnedDump::File(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn a_file_is_handed_over_as_it_is_and_anything_else_by_a_copy() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.dmp");
        std::fs::write(&path, b"MDMP").unwrap();
        for dump in [
            OwnedDump::Path(path),
            OwnedDump::Bytes(Bytes::from_static(b"MDMP")),
        ] {
            let file = file_of(dump, 4).unwrap();
            assert_eq!(crate::map::map(&file).unwrap(), b"MDMP"[..]);
        }
        let large = OwnedDump::Bytes(Bytes::from_static(b"MDMP!"));
        assert_eq!(file_of(large, 4).unwrap_err().name(), "TooLarge");
    }
}
