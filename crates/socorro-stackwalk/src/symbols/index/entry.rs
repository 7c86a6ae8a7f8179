//! What an index keeps of records: what they are found by, and where they lie in the text.
//!
//! All numbers are little-endian, without gaps.

/// What an index keeps of each kind of record, in ascending order of what it is looked up by.
#[derive(Debug, Default)]
pub(super) struct Sections {
    pub(super) functions: Vec<FunctionEntry>,
    /// `STACK CFI INIT`.
    pub(super) cfi: Vec<RangeEntry>,
    /// `STACK WIN` of type 4.
    pub(super) frame_data: Vec<RangeEntry>,
    /// `STACK WIN` of type 0.
    pub(super) fpo: Vec<RangeEntry>,
    pub(super) publics: Vec<PublicEntry>,
    pub(super) files: Vec<NameEntry>,
    pub(super) origins: Vec<NameEntry>,
    /// Where the last `INFO URL` record begins.
    pub(super) url: Option<u32>,
}

/// A part of an entry in an index file.
pub(super) trait Entry: Sized {
    /// Bytes in an index file.
    const SIZE: usize;

    fn write(&self, image: &mut Vec<u8>);

    /// `None` if these are not [`SIZE`](Self::SIZE) bytes.
    fn read(bytes: &[u8]) -> Option<Self>;
}

/// A range of addresses, none shared with another of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RangeEntry {
    pub(super) address: u64,
    pub(super) size: u32,
    /// Where the record begins in the text.
    pub(super) offset: u32,
}

impl RangeEntry {
    /// The last address, if there is any.
    pub(super) fn end(&self) -> Option<u64> {
        if self.size == 0 {
            return None;
        }
        Some(self.address.checked_add(u64::from(self.size))? - 1)
    }

    pub(super) fn covers(&self, address: u64) -> bool {
        address
            .checked_sub(self.address)
            .is_some_and(|distance| distance < u64::from(self.size))
    }
}

impl Entry for RangeEntry {
    const SIZE: usize = 16;

    fn write(&self, image: &mut Vec<u8>) {
        image.extend(self.address.to_le_bytes());
        image.extend(self.size.to_le_bytes());
        image.extend(self.offset.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            address: u64_at(bytes, 0)?,
            size: u32_at(bytes, 8)?,
            offset: u32_at(bytes, 12)?,
        })
    }
}

/// A function, with where its line records are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FunctionEntry {
    pub(super) range: RangeEntry,
    /// From the start of the `FUNC` record to the first line record, if all line records stand together, ascending and
    /// disjoint; `UNORDERED` if they do not. Inlined calls stand before them.
    pub(super) lines_offset: u32,
    /// Bytes that the line records take.
    pub(super) lines_size: u32,
}

impl FunctionEntry {
    /// Instead of an offset, which is never 0: the line records have to be read all.
    const UNORDERED: u32 = 0;

    pub(super) fn unordered(range: RangeEntry) -> Self {
        Self {
            range,
            lines_offset: Self::UNORDERED,
            lines_size: 0,
        }
    }

    pub(super) fn is_ordered(&self) -> bool {
        self.lines_offset != Self::UNORDERED
    }
}

impl Entry for FunctionEntry {
    const SIZE: usize = RangeEntry::SIZE + 8;

    fn write(&self, image: &mut Vec<u8>) {
        self.range.write(image);
        image.extend(self.lines_offset.to_le_bytes());
        image.extend(self.lines_size.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            range: RangeEntry::read(bytes)?,
            lines_offset: u32_at(bytes, RangeEntry::SIZE)?,
            lines_size: u32_at(bytes, RangeEntry::SIZE + 4)?,
        })
    }
}

/// A `PUBLIC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PublicEntry {
    pub(super) address: u64,
    pub(super) offset: u32,
}

impl Entry for PublicEntry {
    const SIZE: usize = 12;

    fn write(&self, image: &mut Vec<u8>) {
        image.extend(self.address.to_le_bytes());
        image.extend(self.offset.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            address: u64_at(bytes, 0)?,
            offset: u32_at(bytes, 8)?,
        })
    }
}

/// A `FILE` or an `INLINE_ORIGIN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NameEntry {
    pub(super) id: u32,
    pub(super) offset: u32,
}

impl Entry for NameEntry {
    const SIZE: usize = 8;

    fn write(&self, image: &mut Vec<u8>) {
        image.extend(self.id.to_le_bytes());
        image.extend(self.offset.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            id: u32_at(bytes, 0)?,
            offset: u32_at(bytes, 4)?,
        })
    }
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u64::from_le_bytes(*bytes))
}
