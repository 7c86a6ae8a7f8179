//! The layout of an index file.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | magic, `socsymix` |
//! | 4 | version of the format |
//! | 4 | 0, or the number of the [fault](Fault) that makes the text no symbol file |
//! | 8 | lines before that fault |
//! | 8 | length of the text |
//! | 8 | when the text was last changed, in nanoseconds since 1970; 0 if that is not known |
//! | 4 | CRC-32 of samples of the text |
//! | 8 | offset of the last `INFO URL` in the text; all ones if there is none |
//! | 7 × 4 | number of entries in each [section](Section) |
//! | 4 | CRC-32 of all the above and of the following table |
//! | 4 each | CRC-32 of each 64 KiB of the entries |
//! | | the [entries](super::entry), section by section |
//!
//! All numbers are little-endian. Whoever opens an index checks everything up to the entries; these are checked block by
//! block when they are first used, so that opening takes no longer for large files.

use std::time::{SystemTime, UNIX_EPOCH};

use super::entry::{
    Entry, FunctionEntry, NameEntry, PublicEntry, RangeEntry, Sections, u32_at, u64_at,
};
use super::error::{Corruption, Fault, IndexError};

const MAGIC: [u8; 8] = *b"socsymix";
const VERSION: u32 = 1;

/// Bytes of entries that share a checksum.
pub(super) const BLOCK: usize = 64 << 10;

/// Bytes before the checksum of the header.
const HEADER: usize = 80;
/// Bytes before the table of checksums.
const TABLE: usize = HEADER + 4;

/// Bytes of one sample of a text.
const SAMPLE: usize = 4 << 10;
/// How many there are, spread evenly. Texts that are not larger than all of them are taken as a whole.
const SAMPLES: usize = 8;

/// Which entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Functions,
    Cfi,
    FrameData,
    Fpo,
    Publics,
    Files,
    Origins,
}

/// Bytes of an entry of each section.
const ENTRY_SIZES: [usize; 7] = [
    FunctionEntry::SIZE,
    RangeEntry::SIZE,
    RangeEntry::SIZE,
    RangeEntry::SIZE,
    PublicEntry::SIZE,
    NameEntry::SIZE,
    NameEntry::SIZE,
];

/// What tells a text from others, without reading all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint {
    length: u64,
    modified: u64,
    samples: u32,
}

impl Fingerprint {
    /// The fingerprint of a text, with the time of its file's last change if it comes from a file.
    pub(super) fn of(text: &[u8], modified: Option<SystemTime>) -> Self {
        let modified = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Self {
            length: text.len() as u64,
            modified: modified.map_or(0, |since| since.as_nanos() as u64),
            samples: checksum_of_samples(text),
        }
    }
}

#[cfg(all(unix, feature = "pool"))]
impl Fingerprint {
    /// The time of the file's last change, if the text came from a file.
    pub(super) fn modified(&self) -> Option<SystemTime> {
        let since = std::time::Duration::from_nanos(self.modified);
        (self.modified != 0).then(|| UNIX_EPOCH + since)
    }
}

fn checksum_of_samples(text: &[u8]) -> u32 {
    if text.len() <= SAMPLE * SAMPLES {
        return crc32fast::hash(text);
    }
    let last = text.len() - SAMPLE;
    let mut checksum = crc32fast::Hasher::new();
    for sample in 0..SAMPLES {
        let start = last / (SAMPLES - 1) * sample;
        checksum.update(text.get(start..start + SAMPLE).unwrap_or_default());
    }
    checksum.update(text.get(last..).unwrap_or_default());
    checksum.finalize()
}

/// What an index file says before its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) fingerprint: Fingerprint,
    pub(super) corruption: Option<Corruption>,
    /// Where the last `INFO URL` record begins in the text.
    pub(super) url: Option<u32>,
    counts: [u32; 7],
}

/// The places of things in an index file whose header was checked.
#[derive(Debug)]
pub(super) struct Layout {
    /// Where the entries begin.
    pub(super) entries: usize,
    /// Where each section begins after that, and how many entries it has.
    pub(super) sections: [(usize, usize); 7],
    /// How many blocks of entries there are.
    pub(super) blocks: usize,
}

impl Header {
    /// Reads and checks everything but the entries.
    pub(super) fn read(index: &[u8]) -> Result<(Self, Layout), IndexError> {
        let unusable = |reason| IndexError::Unusable { reason };
        if !index.starts_with(&MAGIC) {
            return Err(unusable("it is not an index of symbols"));
        }
        if u32_at(index, 8) != Some(VERSION) {
            return Err(unusable("it has another version"));
        }
        let cut_off = || unusable("it is cut off or too long");
        let header = Self::fields(index).ok_or_else(cut_off)?;
        let layout = header.layout(index.len()).ok_or_else(cut_off)?;
        if u32_at(index, HEADER) != header_checksum(index, layout.entries) {
            return Err(unusable("its header is damaged"));
        }
        Ok((header, layout))
    }

    fn fields(index: &[u8]) -> Option<Self> {
        let fault = u32_at(index, 12)?;
        let corruption = Corruption {
            fault: Fault::from_number(fault).unwrap_or(Fault::Malformed),
            lines: u64_at(index, 16)?,
        };
        let mut counts = [0; 7];
        for (section, count) in counts.iter_mut().enumerate() {
            *count = u32_at(index, 52 + 4 * section)?;
        }
        Some(Self {
            fingerprint: Fingerprint {
                length: u64_at(index, 24)?,
                modified: u64_at(index, 32)?,
                samples: u32_at(index, 40)?,
            },
            corruption: (fault != 0).then_some(corruption),
            url: u64_at(index, 44).and_then(|offset| u32::try_from(offset).ok()),
            counts,
        })
    }

    /// `None` if that is not the length of an index file with this header.
    fn layout(&self, length: usize) -> Option<Layout> {
        let mut entries_size: usize = 0;
        let mut sections = [(0, 0); 7];
        for ((section, &count), size) in sections.iter_mut().zip(&self.counts).zip(ENTRY_SIZES) {
            let count = usize::try_from(count).ok()?;
            *section = (entries_size, count);
            entries_size = count.checked_mul(size)?.checked_add(entries_size)?;
        }
        let blocks = entries_size.div_ceil(BLOCK);
        let entries = blocks.checked_mul(4)?.checked_add(TABLE)?;
        (entries.checked_add(entries_size)? == length).then_some(Layout {
            entries,
            sections,
            blocks,
        })
    }

    fn write(&self) -> Vec<u8> {
        let fault = self
            .corruption
            .map_or(0, |corruption| corruption.fault.number());
        let lines = self.corruption.map_or(0, |corruption| corruption.lines);
        let mut header = MAGIC.to_vec();
        header.extend(VERSION.to_le_bytes());
        header.extend(fault.to_le_bytes());
        header.extend(lines.to_le_bytes());
        header.extend(self.fingerprint.length.to_le_bytes());
        header.extend(self.fingerprint.modified.to_le_bytes());
        header.extend(self.fingerprint.samples.to_le_bytes());
        header.extend(self.url.map_or(u64::MAX, u64::from).to_le_bytes());
        header.extend(self.counts.iter().flat_map(|count| count.to_le_bytes()));
        header
    }
}

/// The checksum of an index file's header and table; `None` if it ends before them.
fn header_checksum(index: &[u8], entries: usize) -> Option<u32> {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(index.get(..HEADER)?);
    checksum.update(index.get(TABLE..entries)?);
    Some(checksum.finalize())
}

/// Whether a block of entries is as it was written. `None` if there is no such block.
pub(super) fn is_intact(index: &[u8], layout: &Layout, block: usize) -> Option<bool> {
    let entries = index.get(layout.entries..)?;
    let start = block.checked_mul(BLOCK)?;
    let bytes = entries.get(start..entries.len().min(start.checked_add(BLOCK)?))?;
    let checksum = u32_at(index, TABLE + block * 4)?;
    Some(crc32fast::hash(bytes) == checksum)
}

/// The bytes of an index file, for a symbol file or for one that is none.
pub(super) fn write(fingerprint: Fingerprint, content: Result<Sections, Corruption>) -> Vec<u8> {
    let (sections, corruption) = match content {
        Ok(sections) => (sections, None),
        Err(corruption) => (Sections::default(), Some(corruption)),
    };
    // Records are at least 8 bytes long, so that their numbers fit 32 bits if their places do.
    let counts = [
        sections.functions.len(),
        sections.cfi.len(),
        sections.frame_data.len(),
        sections.fpo.len(),
        sections.publics.len(),
        sections.files.len(),
        sections.origins.len(),
    ]
    .map(|count| count as u32);
    let header = Header {
        fingerprint,
        corruption,
        url: sections.url,
        counts,
    };
    let sizes = counts.iter().zip(ENTRY_SIZES);
    let entries_size: usize = sizes.map(|(&count, size)| count as usize * size).sum();
    let entries = TABLE + entries_size.div_ceil(BLOCK) * 4;

    let mut image = header.write();
    image.reserve_exact(entries + entries_size - image.len());
    image.resize(entries, 0);
    append(&mut image, sections.functions);
    append(&mut image, sections.cfi);
    append(&mut image, sections.frame_data);
    append(&mut image, sections.fpo);
    append(&mut image, sections.publics);
    append(&mut image, sections.files);
    append(&mut image, sections.origins);
    seal(&mut image, entries);
    image
}

/// Writes the entries of a section, and lets go of them, so that they are not held twice for long.
fn append<E: Entry>(image: &mut Vec<u8>, entries: Vec<E>) {
    for entry in &entries {
        entry.write(image);
    }
    drop(entries);
}

/// Makes any bytes an index file of a text, as far as the header tells; what it says of entries is left as it is.
#[cfg(feature = "testkit")]
pub(super) fn disguise(image: &mut Vec<u8>, fingerprint: &Fingerprint) {
    let Some(mut header) = Header::fields(image) else {
        return;
    };
    // So many that they fit, where there are too many.
    let mut room = image.len().saturating_sub(TABLE + 4);
    for (count, size) in header.counts.iter_mut().zip(ENTRY_SIZES) {
        let entries = (*count as usize).min(room / size);
        room -= entries * size;
        *count = entries as u32;
    }
    header.fingerprint = *fingerprint;
    let sizes = header.counts.iter().zip(ENTRY_SIZES);
    let entries_size: usize = sizes.map(|(&count, size)| count as usize * size).sum();
    let entries = TABLE + entries_size.div_ceil(BLOCK) * 4;
    let written = header.write();
    image.splice(..HEADER, written);
    image.resize(entries + entries_size, 0);
    seal(image, entries);
}

/// Computes all checksums of an index file anew.
pub(super) fn seal(image: &mut [u8], entries: usize) {
    let Some((head, body)) = image.split_at_mut_checked(entries) else {
        return;
    };
    let places = head
        .get_mut(TABLE..)
        .unwrap_or_default()
        .chunks_exact_mut(4);
    for (place, block) in places.zip(body.chunks(BLOCK)) {
        place.copy_from_slice(&crc32fast::hash(block).to_le_bytes());
    }
    if let Some(checksum) = header_checksum(head, entries)
        && let Some(place) = head.get_mut(HEADER..TABLE)
    {
        place.copy_from_slice(&checksum.to_le_bytes());
    }
}
