//! Source lines and inlined calls of one function, read from its block in the text.

use std::ops::ControlFlow;

use memchr::memchr;

use super::cursor::Cursor;
use super::entry::FunctionEntry;
use super::record::{self, Inlinee, Line, Step, SubLine};
use super::table::Damaged;

/// Bytes of a block that a look-up reads at most, apart from ordered line records, of which it reads but a few.
///
/// The largest blocks of real programs have some hundred kilobytes. The reference reads them all, however large.
const LARGEST_BLOCK: usize = 8 << 20;

/// Inlined calls within each other that are told apart at most. Compilers do not inline nearly as deep; the reference
/// has no bound.
pub(super) const DEEPEST_INLINE: usize = 1024;

/// Between how many bytes of ordered line records binary search gives way to reading them one after the other.
const FEW_LINES: usize = 256;

/// The parts of a function's block.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    /// Where inlined calls are, among others.
    inlines: &'a [u8],
    lines: Lines<'a>,
}

#[derive(Debug)]
enum Lines<'a> {
    /// Line records only, ascending and disjoint.
    Ordered(&'a [u8]),
    /// Line records among others.
    Unordered(&'a [u8]),
}

impl<'a> Parts<'a> {
    /// The parts of the block that follows the `FUNC` record in `text`.
    pub(super) fn of(
        text: &'a [u8],
        block: &'a [u8],
        entry: &FunctionEntry,
    ) -> Result<Self, Damaged> {
        let bounded = |block: &'a [u8]| block.get(..LARGEST_BLOCK).unwrap_or(block);
        if !entry.is_ordered() {
            let block = bounded(block);
            return Ok(Self {
                inlines: block,
                lines: Lines::Unordered(block),
            });
        }
        let lines = (entry.range.offset as usize)
            .checked_add(entry.lines_offset as usize)
            .and_then(|start| text.get(start..))
            .ok_or(Damaged)?;
        let inlines = block
            .len()
            .checked_sub(lines.len())
            .and_then(|size| block.get(..size))
            .ok_or(Damaged)?;
        Ok(Self {
            inlines: bounded(inlines),
            lines: Lines::Ordered(lines.get(..entry.lines_size as usize).ok_or(Damaged)?),
        })
    }

    /// The inlined calls that cover an address, outermost first, as far as there is one of each depth.
    pub(super) fn inlinees(&self, address: u64) -> Vec<Inlinee> {
        let mut nearest = Nearest::default();
        let _ = for_each_line(
            self.inlines,
            |inlinee| nearest.offer(inlinee, address),
            |_| ControlFlow::<()>::Continue(()),
        );
        nearest.covering(address)
    }

    /// The line record that covers an address.
    pub(super) fn line(&self, address: u64) -> Result<Option<Line>, Damaged> {
        match self.lines {
            Lines::Ordered(lines) => find_ordered(lines, address),
            Lines::Unordered(block) => Ok(find_unordered(block, address)),
        }
    }
}

/// Goes through the lines of a block.
fn for_each_line<B>(
    block: &[u8],
    mut inlinee: impl FnMut(Inlinee),
    mut line: impl FnMut(Line) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let mut text = block;
    loop {
        text = match record::step(text, |cursor| record::sub_line(cursor, &mut inlinee)) {
            Step::Read(SubLine::Line(found), rest) => {
                line(found)?;
                rest
            }
            Step::Read(_, rest) | Step::TooLong(rest) => rest,
            Step::Other => return ControlFlow::Continue(()),
        };
    }
}

/// For each depth the inlined call that may cover an address: the last that begins at or before it, in the order of the
/// reference. If that one does not cover it, none does, even if one before it would.
#[derive(Default)]
struct Nearest {
    by_depth: Vec<Option<Inlinee>>,
}

impl Nearest {
    #[inline]
    fn offer(&mut self, inlinee: Inlinee, address: u64) {
        let depth = inlinee.depth as usize;
        if inlinee.address > address || depth >= DEEPEST_INLINE {
            return;
        }
        if depth >= self.by_depth.len() {
            self.by_depth.resize(depth + 1, None);
        }
        if let Some(nearest) = self.by_depth.get_mut(depth)
            && nearest.is_none_or(|nearest| nearest < inlinee)
        {
            *nearest = Some(inlinee);
        }
    }

    fn covering(self, address: u64) -> Vec<Inlinee> {
        let covers = |inlinee: &Inlinee| {
            let end = inlinee.address.checked_add(u64::from(inlinee.size));
            end.is_some_and(|end| address < end)
        };
        let nearest = self.by_depth.into_iter();
        nearest
            .map_while(|nearest| nearest.filter(covers))
            .collect()
    }
}

/// Searches ascending line records by halves: a line break is never far.
fn find_ordered(lines: &[u8], address: u64) -> Result<Option<Line>, Damaged> {
    // The record that is looked for, if there is any, begins between these.
    let (mut low, mut high) = (0, lines.len());
    while high - low > FEW_LINES {
        let middle = low + (high - low) / 2;
        let rest = lines.get(middle..).ok_or(Damaged)?;
        let start = middle + memchr(b'\n', rest).ok_or(Damaged)? + 1;
        if start >= high {
            high = middle + 1;
            continue;
        }
        let mut line = Cursor::new(lines.get(start..).ok_or(Damaged)?);
        if line.hex_u64().ok_or(Damaged)? <= address {
            low = start;
        } else {
            high = start;
        }
    }
    let mut cursor = Cursor::new(lines.get(low..).ok_or(Damaged)?);
    while !cursor.rest().is_empty() {
        let line = record::line(&mut cursor).ok_or(Damaged)?;
        if line.address > address {
            break;
        }
        if line.last_address() >= Some(address) {
            return Ok(Some(line));
        }
    }
    Ok(None)
}

/// Finds the line record for an address by the rule for overlaps: of overlapping records the first is kept, by start,
/// then end, then place in the file.
fn find_unordered(block: &[u8], address: u64) -> Option<Line> {
    let mut sweep = Sweep::new(address);
    let in_order = for_each_line(block, |_| {}, |line| sweep.push(line));
    if in_order.is_continue() {
        return sweep.found;
    }
    let mut lines = Vec::new();
    let _ = for_each_line(
        block,
        |_| {},
        |line| {
            if line.address <= address && line.last_address().is_some() {
                lines.push(line);
            }
            ControlFlow::<()>::Continue(())
        },
    );
    lines.sort_by_key(|line| (line.address, line.size));
    let mut sweep = Sweep::new(address);
    let _ = lines.into_iter().try_for_each(|line| sweep.push(line));
    sweep.found
}

/// Passes over sorted line records, of which it keeps those that do not overlap one that was kept before.
struct Sweep {
    address: u64,
    /// Up to where records were kept.
    covered: Option<u64>,
    previous: (u64, u32),
    found: Option<Line>,
}

impl Sweep {
    fn new(address: u64) -> Self {
        Self {
            address,
            covered: None,
            previous: (0, 0),
            found: None,
        }
    }

    /// Breaks off if the records are not sorted.
    fn push(&mut self, line: Line) -> ControlFlow<()> {
        let Some(last_address) = line.last_address() else {
            return ControlFlow::Continue(());
        };
        if line.address > self.address {
            // Neither found nor in the way.
            return ControlFlow::Continue(());
        }
        if (line.address, line.size) < self.previous {
            return ControlFlow::Break(());
        }
        self.previous = (line.address, line.size);
        if self.covered.is_none_or(|covered| line.address > covered) {
            self.covered = Some(last_address);
            if self.address <= last_address {
                self.found = Some(line);
            }
        }
        ControlFlow::Continue(())
    }
}
