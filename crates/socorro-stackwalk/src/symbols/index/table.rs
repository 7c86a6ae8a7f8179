//! An opened index: entries are found by binary search, in bytes that are checked before they are first used.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::entry::{Entry, FunctionEntry, NameEntry, PublicEntry, RangeEntry};
use super::error::IndexError;
use super::format::{self, BLOCK, Header, Layout, Section};

/// An index turned out to be damaged, or not that of the text, after it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Damaged;

/// An opened index.
#[derive(Debug)]
pub(super) struct Table {
    index: Bytes,
    header: Header,
    layout: Layout,
    /// One bit for each block of entries that was found intact.
    intact: Box<[AtomicU64]>,
}

impl Table {
    /// The bytes of the index file.
    #[cfg(all(unix, feature = "pool"))]
    pub(super) fn image(&self) -> &Bytes {
        &self.index
    }

    /// Checks everything but the entries.
    pub(super) fn open(index: Bytes) -> Result<Self, IndexError> {
        let (header, layout) = Header::read(&index)?;
        let words = layout.blocks.div_ceil(64);
        Ok(Self {
            index,
            header,
            layout,
            intact: (0..words).map(|_| AtomicU64::new(0)).collect(),
        })
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    /// Bytes of the index file.
    pub(super) fn size(&self) -> u64 {
        self.index.len() as u64
    }

    pub(super) fn functions(&self) -> Entries<'_, FunctionEntry> {
        self.entries(Section::Functions)
    }

    pub(super) fn cfi(&self) -> Entries<'_, RangeEntry> {
        self.entries(Section::Cfi)
    }

    pub(super) fn frame_data(&self) -> Entries<'_, RangeEntry> {
        self.entries(Section::FrameData)
    }

    pub(super) fn fpo(&self) -> Entries<'_, RangeEntry> {
        self.entries(Section::Fpo)
    }

    pub(super) fn publics(&self) -> Entries<'_, PublicEntry> {
        self.entries(Section::Publics)
    }

    pub(super) fn files(&self) -> Entries<'_, NameEntry> {
        self.entries(Section::Files)
    }

    pub(super) fn origins(&self) -> Entries<'_, NameEntry> {
        self.entries(Section::Origins)
    }

    fn entries<E: Entry>(&self, section: Section) -> Entries<'_, E> {
        let (start, count) = self.layout.sections[section as usize];
        Entries {
            table: self,
            start,
            count,
            kind: PhantomData,
        }
    }

    /// Some bytes of the entries, checked.
    fn bytes(&self, start: usize, size: usize) -> Result<&[u8], Damaged> {
        let end = start + size;
        for block in start / BLOCK..end.div_ceil(BLOCK) {
            self.check(block)?;
        }
        let entries = self.layout.entries;
        self.index
            .get(entries + start..entries + end)
            .ok_or(Damaged)
    }

    #[inline]
    fn check(&self, block: usize) -> Result<(), Damaged> {
        let word = self.intact.get(block / 64).ok_or(Damaged)?;
        let bit = 1 << (block % 64);
        if word.load(Ordering::Relaxed) & bit != 0 {
            return Ok(());
        }
        match format::is_intact(&self.index, &self.layout, block) {
            Some(true) => {
                word.fetch_or(bit, Ordering::Relaxed);
                Ok(())
            }
            _ => Err(Damaged),
        }
    }
}

/// The entries of one section, ascending.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entries<'a, E> {
    table: &'a Table,
    start: usize,
    count: usize,
    kind: PhantomData<E>,
}

impl<E: Entry> Entries<'_, E> {
    #[inline]
    fn get(&self, position: usize) -> Result<E, Damaged> {
        let bytes = self.table.bytes(self.start + position * E::SIZE, E::SIZE)?;
        E::read(bytes).ok_or(Damaged)
    }

    /// The last entry whose key is not above `key`.
    fn last_up_to<K: Ord + Copy>(
        &self,
        key: K,
        of: impl Fn(&E) -> K,
    ) -> Result<Option<E>, Damaged> {
        let (mut low, mut high) = (0, self.count);
        let mut found = None;
        while low < high {
            let middle = low + (high - low) / 2;
            let entry = self.get(middle)?;
            if of(&entry) <= key {
                low = middle + 1;
                found = Some(entry);
            } else {
                high = middle;
            }
        }
        Ok(found)
    }
}

impl Entries<'_, FunctionEntry> {
    /// The function with the highest start up to `address`, whether it covers it or not.
    pub(super) fn nearest(&self, address: u64) -> Result<Option<FunctionEntry>, Damaged> {
        self.last_up_to(address, |function| function.range.address)
    }
}

impl Entries<'_, RangeEntry> {
    /// The range that covers `address`.
    pub(super) fn covering(&self, address: u64) -> Result<Option<RangeEntry>, Damaged> {
        let nearest = self.last_up_to(address, |range| range.address)?;
        Ok(nearest.filter(|range| range.covers(address)))
    }
}

impl Entries<'_, PublicEntry> {
    /// The symbol with the highest address up to `address`.
    pub(super) fn nearest(&self, address: u64) -> Result<Option<PublicEntry>, Damaged> {
        self.last_up_to(address, |public| public.address)
    }
}

impl Entries<'_, NameEntry> {
    /// Where the name with this number is.
    pub(super) fn find(&self, id: u32) -> Result<Option<NameEntry>, Damaged> {
        // Numbers mostly count up from 0.
        let guess = id as usize;
        if guess < self.count {
            let entry = self.get(guess)?;
            if entry.id == id {
                return Ok(Some(entry));
            }
        }
        let nearest = self.last_up_to(id, |name| name.id)?;
        Ok(nearest.filter(|name| name.id == id))
    }
}
