//! From the text of a symbol file to an index.

mod collect;
mod sort;

use bytes::Bytes;
use memchr::{memchr, memrchr};

use self::collect::Collector;
use super::SymbolIndex;
use super::error::{CorruptSymbols, Corruption, Fault};
use super::format::{self, Fingerprint};
use super::record::LONGEST_LINE;

/// Largest text that can be indexed: where a record lies is kept in 32 bits.
pub(super) const LARGEST_TEXT: u64 = 1 << 32;

/// An unfinished last line is left out if it is longer than this, in bytes, and else makes the file corrupt; the
/// reference is as inconsistent.
const LONGEST_BAD_END: usize = 80 << 10;

/// Indexes the text of a symbol file while it arrives.
///
/// It holds what the index will hold, not the text.
///
/// ```
/// use bytes::Bytes;
/// use socorro_stackwalk::IndexBuilder;
///
/// # fn main() -> Result<(), socorro_stackwalk::CorruptSymbols> {
/// let text = "MODULE Linux x86_64 5A0B1C2D3E4F5A0B1C2D3E4F5A0B1C2D0 app\nFUNC 1000 10 0 main\n";
/// let mut builder = IndexBuilder::new();
/// for piece in text.as_bytes().chunks(10) {
///     builder.push(piece)?;
/// }
/// let index = builder.finish(Bytes::from(text))?;
/// assert_eq!(index.url(), None);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct IndexBuilder {
    collector: Collector,
    /// Bytes of text that were pushed.
    length: u64,
    /// The start of a line whose end was not pushed yet.
    begun: Vec<u8>,
    /// Whether that line is too long already, and no longer kept.
    is_too_long: bool,
    failed: Option<Corruption>,
}

impl IndexBuilder {
    /// A builder that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the text.
    ///
    /// # Errors
    ///
    /// When the text cannot be that of a symbol file, now and from then on.
    pub fn push(&mut self, text: &[u8]) -> Result<(), CorruptSymbols> {
        if let Some(failed) = self.failed {
            return Err(failed.into());
        }
        self.take(text).map_err(|failed| {
            self.failed = Some(failed);
            self.collector = Collector::default();
            failed.into()
        })
    }

    fn take(&mut self, mut text: &[u8]) -> Result<(), Corruption> {
        let mut start = self.length;
        self.length += text.len() as u64;
        if self.length > LARGEST_TEXT {
            return Err(self.collector.fault(Fault::TooLarge));
        }
        if self.is_within_line() {
            let Some(feed) = memchr(b'\n', text) else {
                self.keep(text);
                return Ok(());
            };
            let (end, rest) = text.split_at(feed + 1);
            self.keep(end);
            self.end_line(start + end.len() as u64)?;
            start += end.len() as u64;
            text = rest;
        }
        let whole_lines = memrchr(b'\n', text).map_or(0, |feed| feed + 1);
        let (lines, begun) = text.split_at(whole_lines);
        self.collector.collect(lines, start)?;
        self.keep(begun);
        Ok(())
    }

    fn is_within_line(&self) -> bool {
        self.is_too_long || !self.begun.is_empty()
    }

    /// Keeps the next piece of a line, unless it is too long to be of use.
    fn keep(&mut self, piece: &[u8]) {
        if self.is_too_long || self.begun.len() + piece.len() > LONGEST_LINE {
            self.is_too_long = true;
            self.begun = Vec::new();
        } else {
            self.begun.extend_from_slice(piece);
        }
    }

    /// Collects the line that was kept, which ends at `end`.
    fn end_line(&mut self, end: u64) -> Result<(), Corruption> {
        if self.is_too_long {
            self.is_too_long = false;
            self.collector.leave_out_line();
            return Ok(());
        }
        let line = std::mem::take(&mut self.begun);
        self.collector.collect(&line, end - line.len() as u64)
    }

    /// The index of the text that was pushed, which is asked for once more: symbols are read from it.
    ///
    /// # Errors
    ///
    /// When the text is not that of a symbol file: one bad line rejects the whole, as in the reference.
    pub fn finish(self, text: Bytes) -> Result<SymbolIndex, CorruptSymbols> {
        let fingerprint = Fingerprint::of(&text, None);
        let image = self.into_image(&text, fingerprint);
        SymbolIndex::in_memory(text, image, &fingerprint)
    }

    /// The bytes of an index file for the text that was pushed, be it corrupt or not.
    pub(super) fn into_image(mut self, text: &[u8], fingerprint: Fingerprint) -> Vec<u8> {
        let sections = self.check_end().map(|()| self.collector.finish(text));
        format::write(fingerprint, sections)
    }

    /// Bytes of text that were pushed.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    fn check_end(&mut self) -> Result<(), Corruption> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        if self.length == 0 {
            return Err(self.collector.fault(Fault::Empty));
        }
        if !self.is_too_long && (1..=LONGEST_BAD_END).contains(&self.begun.len()) {
            return Err(self.collector.fault(Fault::Unterminated));
        }
        Ok(())
    }
}
