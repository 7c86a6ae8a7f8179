//! The stream directory of a minidump, read without trusting it.
//!
//! Layout: `MINIDUMP_HEADER` (32 bytes: signature, version, stream count, directory offset, ...) and
//! `MINIDUMP_DIRECTORY` (12 bytes: stream type, size, offset), as documented for Windows' `minidumpapiset.h`.

/// `MDMP`, read as a little-endian number.
const SIGNATURE: u32 = 0x504d_444d;

/// Bytes of one directory entry.
const ENTRY_SIZE: usize = 12;

/// Numbers in the byte order of the minidump.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

impl<'a> Reader<'a> {
    /// `None` if the bytes do not begin like a minidump.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let signature = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
        match signature {
            SIGNATURE => Some(Self {
                bytes,
                big_endian: false,
            }),
            _ if signature.swap_bytes() == SIGNATURE => Some(Self {
                bytes,
                big_endian: true,
            }),
            _ => None,
        }
    }

    /// The 32-bit number at `offset` of the file.
    pub(super) fn u32(&self, offset: usize) -> Option<u32> {
        let bytes = self
            .bytes
            .get(offset..offset.checked_add(4)?)?
            .try_into()
            .ok()?;
        Some(if self.big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }

    /// The 64-bit number at `offset` of the file.
    pub(super) fn u64(&self, offset: usize) -> Option<u64> {
        let bytes = self
            .bytes
            .get(offset..offset.checked_add(8)?)?
            .try_into()
            .ok()?;
        Some(if self.big_endian {
            u64::from_be_bytes(bytes)
        } else {
            u64::from_le_bytes(bytes)
        })
    }

    /// Whether the file has `size` bytes at `offset`.
    pub(super) fn holds(&self, offset: usize, size: usize) -> bool {
        offset
            .checked_add(size)
            .is_some_and(|end| end <= self.bytes.len())
    }

    /// Where in a list that begins with a 32-bit count the first entry is, and the count.
    ///
    /// Some writers pad the count to 8 bytes; readers guess by the size of the stream.
    pub(super) fn counted_list(self, stream: Stream, entry_size: usize) -> (usize, usize) {
        let count = self.u32(stream.offset).unwrap_or(0) as usize;
        let padded = count.saturating_mul(entry_size).saturating_add(8);
        let first = if stream.size == padded { 8 } else { 4 };
        (first, count)
    }

    /// The entries of the stream directory, up to the first that lies beyond the file.
    pub(super) fn streams(self) -> impl Iterator<Item = Stream> + 'a {
        let count = self.u32(8).unwrap_or(0) as usize;
        let start = self.u32(12).unwrap_or(u32::MAX) as usize;
        (0..count).map_while(move |index| {
            let entry_offset = index.checked_mul(ENTRY_SIZE)?.checked_add(start)?;
            Some(Stream {
                entry_offset,
                kind: self.u32(entry_offset)?,
                size: self.u32(entry_offset + 4)? as usize,
                offset: self.u32(entry_offset + 8)? as usize,
            })
        })
    }
}

/// One entry of the stream directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stream {
    /// Where the entry itself is.
    pub(super) entry_offset: usize,
    /// The stream type.
    pub(super) kind: u32,
    /// Bytes of the stream.
    pub(super) size: usize,
    /// Where the stream is.
    pub(super) offset: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dump(count: u32, entries: &[[u32; 3]]) -> Vec<u8> {
        let mut words = vec![SIGNATURE, 0xa793, count, 32, 0, 0, 0, 0];
        words.extend(entries.iter().flatten());
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn a_count_beyond_the_file_ends_at_the_file() {
        let bytes = dump(u32::MAX, &[[3, 4, 5], [12, 7, 8]]);
        let streams: Vec<_> = Reader::new(&bytes).unwrap().streams().collect();
        assert_eq!(streams.len(), 2);
        assert_eq!(
            streams[1],
            Stream {
                entry_offset: 44,
                kind: 12,
                size: 7,
                offset: 8
            }
        );
    }

    #[test]
    fn other_files_are_not_read() {
        assert!(Reader::new(b"PK\x03\x04").is_none());
        assert!(Reader::new(b"MDM").is_none());
    }
}
