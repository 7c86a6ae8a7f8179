//! What an index keeps of each record, in the order of the file.

use super::super::entry::{FunctionEntry, NameEntry, PublicEntry, RangeEntry, Sections};
use super::super::error::{Corruption, Fault};
use super::super::record::{self, Line, Range, Record, StackWin, StackWinKind, Step, SubLine};
use super::sort;

/// Goes through the lines of a symbol file.
#[derive(Debug, Default)]
pub(super) struct Collector {
    sections: Sections,
    block: Block,
    /// Lines read, those left out too.
    lines: u64,
}

/// What the next line may belong to.
#[derive(Debug, Default)]
enum Block {
    #[default]
    None,
    Function(OpenFunction),
    StackCfi,
}

/// A function whose block goes on.
#[derive(Debug)]
struct OpenFunction {
    address: u64,
    size: u32,
    /// Where its `FUNC` record begins.
    start: u64,
    lines: Lines,
}

/// What is known about the line records of a function: whether they can be searched without reading them all.
#[derive(Clone, Copy, Debug)]
enum Lines {
    /// There are none yet.
    None,
    /// They stand together, ascending, none empty, none overlapping.
    Ordered {
        start: u64,
        end: u64,
        last_address: u64,
    },
    /// Anything else.
    Unordered,
}

impl Collector {
    /// Collects the records in whole lines that begin at `start` in the text.
    pub(super) fn collect(&mut self, lines: &[u8], start: u64) -> Result<(), Corruption> {
        let position = |rest: &[u8]| start + (lines.len() - rest.len()) as u64;
        let mut text = lines;
        while !text.is_empty() {
            text = match &mut self.block {
                Block::None => text,
                Block::Function(function) => function.collect(
                    text,
                    position(text),
                    &mut self.sections.origins,
                    &mut self.lines,
                ),
                Block::StackCfi => collect_rules(text, &mut self.lines),
            };
            if text.is_empty() {
                break;
            }
            let at = position(text);
            match record::step(text, record::record) {
                Step::Read(record, rest) => {
                    self.end_block(at);
                    self.record(&record, at)?;
                    text = rest;
                }
                Step::TooLong(rest) => text = rest,
                Step::Other => return Err(self.fault(Fault::Malformed)),
            }
            self.lines += 1;
        }
        Ok(())
    }

    fn record(&mut self, record: &Record<'_>, at: u64) -> Result<(), Corruption> {
        let offset = offset(at);
        let sections = &mut self.sections;
        match *record {
            Record::Module if self.lines != 0 => return Err(self.fault(Fault::LateModule)),
            Record::Empty | Record::Module | Record::Info => {}
            Record::Url => sections.url = Some(offset),
            Record::File { id } => sections.files.push(NameEntry { id, offset }),
            Record::InlineOrigin { id } => sections.origins.push(NameEntry { id, offset }),
            Record::Public(public) => sections.publics.push(PublicEntry {
                address: public.address,
                offset,
            }),
            Record::Function(function) => {
                self.block = Block::Function(OpenFunction {
                    address: function.address,
                    size: function.size,
                    start: at,
                    lines: Lines::None,
                });
            }
            Record::StackWin(info) => match info.kind {
                StackWinKind::FrameData => push_stack_win(&mut sections.frame_data, &info, offset),
                StackWinKind::Fpo => push_stack_win(&mut sections.fpo, &info, offset),
                StackWinKind::Ignored => {}
            },
            Record::StackCfiInit(Range { address, size, .. }) => {
                self.block = Block::StackCfi;
                let entry = RangeEntry {
                    address,
                    size,
                    offset,
                };
                if entry.end().is_some() {
                    sections.cfi.push(entry);
                }
            }
        }
        Ok(())
    }

    /// The block ends where the line at `end` begins.
    fn end_block(&mut self, end: u64) {
        if let Block::Function(function) = std::mem::take(&mut self.block) {
            self.sections.functions.extend(function.entry(end));
        }
    }

    /// A line was too long to be looked at.
    pub(super) fn leave_out_line(&mut self) {
        if let Block::Function(function) = &mut self.block {
            function.lines.interrupt();
        }
        self.lines += 1;
    }

    /// Complains of the line after those read.
    pub(super) fn fault(&self, fault: Fault) -> Corruption {
        Corruption {
            fault,
            lines: self.lines,
        }
    }

    /// What was collected from `text`, sorted and without what is never found.
    pub(super) fn finish(mut self, text: &[u8]) -> Sections {
        self.end_block(text.len() as u64);
        sort::sort(&mut self.sections, text);
        self.sections
    }
}

impl OpenFunction {
    /// Collects the lines of the block; gives what follows them.
    fn collect<'a>(
        &mut self,
        mut text: &'a [u8],
        mut at: u64,
        origins: &mut Vec<NameEntry>,
        lines: &mut u64,
    ) -> &'a [u8] {
        loop {
            let (sub_line, rest) =
                match record::step(text, |cursor| record::sub_line(cursor, |_| {})) {
                    Step::Read(sub_line, rest) => (Some(sub_line), rest),
                    Step::TooLong(rest) => (None, rest),
                    Step::Other => return text,
                };
            let end = at + (text.len() - rest.len()) as u64;
            match sub_line {
                Some(SubLine::Line(line)) => self.lines.push(line, at, end),
                Some(SubLine::InlineOrigin { id }) => {
                    origins.push(NameEntry {
                        id,
                        offset: offset(at),
                    });
                    self.lines.interrupt();
                }
                Some(SubLine::Inline) | None => self.lines.interrupt(),
            }
            (text, at) = (rest, end);
            *lines += 1;
        }
    }

    /// What the index keeps, if the function covers anything.
    fn entry(&self, end: u64) -> Option<FunctionEntry> {
        let range = RangeEntry {
            address: self.address,
            size: self.size,
            offset: offset(self.start),
        };
        range.end()?;
        let (lines_start, lines_end) = match self.lines {
            Lines::None => (end, end),
            Lines::Ordered { start, end, .. } => (start, end),
            Lines::Unordered => return Some(FunctionEntry::unordered(range)),
        };
        let lines_offset = u32::try_from(lines_start - self.start);
        let lines_size = u32::try_from(lines_end - lines_start);
        Some(match (lines_offset, lines_size) {
            (Ok(lines_offset), Ok(lines_size)) => FunctionEntry {
                range,
                lines_offset,
                lines_size,
            },
            _ => FunctionEntry::unordered(range),
        })
    }
}

impl Lines {
    fn push(&mut self, line: Line, at: u64, end: u64) {
        let start = match *self {
            Self::None => Some(at),
            Self::Ordered {
                start,
                last_address,
                ..
            } => (line.address > last_address).then_some(start),
            Self::Unordered => None,
        };
        *self = match (start, line.last_address()) {
            (Some(start), Some(last_address)) => Self::Ordered {
                start,
                end,
                last_address,
            },
            _ => Self::Unordered,
        };
    }

    /// Another line stands where the next line record would.
    fn interrupt(&mut self) {
        if let Self::Ordered { .. } = self {
            *self = Self::Unordered;
        }
    }
}

/// Passes over the rules that follow a `STACK CFI INIT`.
fn collect_rules<'a>(mut text: &'a [u8], lines: &mut u64) -> &'a [u8] {
    loop {
        text = match record::step(text, record::cfi_rule) {
            Step::Read(_, rest) | Step::TooLong(rest) => rest,
            Step::Other => return text,
        };
        *lines += 1;
    }
}

/// Keeps a `STACK WIN` record, unless it covers nothing or clashes with the one before.
///
/// In real files the size of a record often reaches to the end of the function, whatever follows: the next one ends it
/// then.
fn push_stack_win(ranges: &mut Vec<RangeEntry>, info: &StackWin<'_>, offset: u32) {
    let entry = RangeEntry {
        address: info.address,
        size: info.size,
        offset,
    };
    let Some(end) = entry.end() else { return };
    if let Some(last) = ranges.last_mut()
        && last.address <= end
        && last.end() >= Some(entry.address)
    {
        if entry.address > last.address {
            // Less than the size it had, as they overlap.
            last.size = (entry.address - last.address) as u32;
        } else if (last.address, last.size) != (entry.address, entry.size) {
            return;
        }
    }
    ranges.push(entry);
}

/// As it is kept; texts over 4 GiB are refused before.
fn offset(at: u64) -> u32 {
    at as u32
}
