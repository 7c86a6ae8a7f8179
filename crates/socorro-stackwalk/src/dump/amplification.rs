//! Guards against small minidumps that unfold into large memory.
//!
//! Lists in a minidump name their strings by offset, and nothing keeps a million entries from naming the same long
//! string, of which the reader would make a million copies. What all lists may copy together is bounded.

use super::directory::{Reader, Stream};

/// What all strings and records of one minidump may take together when copied out of it, in bytes.
///
/// The largest real minidumps name some thousands of modules and handles with paths of some hundred bytes: megabytes.
const LIMIT: u64 = 64 << 20;

/// Bytes that may still be copied.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    left: u64,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { left: LIMIT }
    }

    /// `None` if so many bytes are not left.
    pub(super) fn spend(&mut self, bytes: u64) -> Option<()> {
        self.left = self.left.checked_sub(bytes)?;
        Some(())
    }

    /// Spends the length of the string at `offset` (a 32-bit length in bytes, then UTF-16). A string that lies
    /// outside the file is never copied and costs nothing.
    pub(super) fn spend_string(&mut self, reader: Reader<'_>, offset: u32) -> Option<()> {
        match reader.u32(offset as usize) {
            Some(length) if reader.holds(offset as usize, length as usize) => {
                self.spend(u64::from(length))
            }
            _ => Some(()),
        }
    }
}

/// A list whose entries name strings and records by offset.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListLayout {
    /// What comes before the first entry.
    header: Header,
    /// Bytes of an entry.
    entry_size: usize,
    /// Where in an entry the offset of its name is.
    name: Offset,
    /// Where in an entry a (size, offset) pair is that is copied as well.
    record: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
enum Header {
    /// A 32-bit count, then entries.
    Count,
    /// 32-bit sizes of header and entry, then a 32-bit count.
    Sized,
}

#[derive(Clone, Copy, Debug)]
enum Offset {
    Bits32(usize),
    Bits64(usize),
}

/// The lists that are checked, by stream type.
pub(super) fn layout(kind: u32) -> Option<ListLayout> {
    match kind {
        // ModuleListStream of MINIDUMP_MODULE; the record is its CodeView record.
        4 => Some(ListLayout {
            header: Header::Count,
            entry_size: 108,
            name: Offset::Bits32(20),
            record: Some(76),
        }),
        // UnloadedModuleListStream of MINIDUMP_UNLOADED_MODULE.
        14 => Some(ListLayout {
            header: Header::Sized,
            entry_size: 24,
            name: Offset::Bits32(20),
            record: None,
        }),
        // ThreadNamesStream of MINIDUMP_THREAD_NAME.
        24 => Some(ListLayout {
            header: Header::Count,
            entry_size: 12,
            name: Offset::Bits64(4),
            record: None,
        }),
        _ => None,
    }
}

/// Whether copying what the list names stays within the budget.
pub(super) fn is_safe(
    reader: Reader<'_>,
    stream: Stream,
    layout: ListLayout,
    budget: &mut Budget,
) -> bool {
    let (first, count, entry_size) = match layout.header {
        Header::Count => {
            let (first, count) = reader.counted_list(stream, layout.entry_size);
            (first, count, layout.entry_size)
        }
        Header::Sized => {
            let word = |index: usize| {
                reader
                    .u32(stream.offset.saturating_add(4 * index))
                    .unwrap_or(0) as usize
            };
            (word(0), word(2), word(1))
        }
    };
    if entry_size == 0 {
        return true;
    }
    let fitting = stream.size.saturating_sub(first) / entry_size;
    (0..count.min(fitting)).all(|index| {
        let entry = stream
            .offset
            .saturating_add(first)
            .saturating_add(index.saturating_mul(entry_size));
        spend_entry(reader, entry, layout, budget).is_some()
    })
}

fn spend_entry(
    reader: Reader<'_>,
    entry: usize,
    layout: ListLayout,
    budget: &mut Budget,
) -> Option<()> {
    let name = match layout.name {
        Offset::Bits32(at) => reader.u32(entry.saturating_add(at)),
        Offset::Bits64(at) => reader
            .u64(entry.saturating_add(at))
            .and_then(|offset| u32::try_from(offset).ok()),
    };
    if let Some(name) = name {
        budget.spend_string(reader, name)?;
    }
    if let Some(record) = layout.record {
        let size = reader.u32(entry.saturating_add(record)).unwrap_or(0) as usize;
        let offset = reader.u32(entry.saturating_add(record + 4)).unwrap_or(0) as usize;
        if reader.holds(offset, size) {
            budget.spend(size as u64)?;
        }
    }
    Some(())
}
