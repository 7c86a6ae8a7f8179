//! Mapping files into memory.

use std::fs::File;
use std::io;

use bytes::Bytes;
use memmap2::{Mmap, MmapMut, MmapOptions};

/// Maps a whole file. What is never looked at is never read; all processes that map the same file share its memory.
///
/// The file must not be changed or cut off while it is mapped: the operating system ends a process that reads what is
/// gone. Files in our own caches are only ever replaced as a whole, by renaming.
#[expect(
    unsafe_code,
    reason = "files can be changed by others, so mapping one is never safe by itself"
)]
pub(crate) fn map(file: &File) -> io::Result<Bytes> {
    if file.metadata()?.len() == 0 {
        // Nothing cannot be mapped.
        return Ok(Bytes::new());
    }
    // SAFETY: the caller's promise, above.
    let mapping: Mmap = unsafe { MmapOptions::new().map(file)? };
    Ok(Bytes::from_owner(mapping))
}

/// Maps a whole file so that it can be written to without changing the file: what is written is a private copy.
///
/// The same promise is asked for as by [`map()`].
#[expect(
    unsafe_code,
    reason = "files can be changed by others, so mapping one is never safe by itself"
)]
pub(crate) fn map_privately(file: &File) -> io::Result<MmapMut> {
    // SAFETY: the caller's promise, above.
    unsafe { MmapOptions::new().map_copy(file) }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_mapped_file_reads_like_the_file_and_is_not_changed_by_its_copy() {
        let mut file = tempfile::tempfile().unwrap();
        assert_eq!(map(&file).unwrap(), Bytes::new());
        file.write_all(b"MODULE").unwrap();
        let mut copy = map_privately(&file).unwrap();
        copy[0] = b'm';
        assert_eq!(map(&file).unwrap(), b"MODULE"[..]);
        assert_eq!(&copy[..], b"mODULE");
    }
}
