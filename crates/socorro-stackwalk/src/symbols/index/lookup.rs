//! Look-ups by address in a text with its index.

use super::cursor::Cursor;
use super::entry::{FunctionEntry, NameEntry};
use super::function::Parts;
use super::record::{self, LONGEST_LINE};
use super::table::{Damaged, Entries, Table};

/// A text with its index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lookup<'a> {
    pub(super) table: &'a Table,
    pub(super) text: &'a [u8],
}

/// What is known about an address. Addresses are relative to the module.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Symbol<'a> {
    pub(super) name: &'a str,
    /// Where the function begins.
    pub(super) address: u64,
    /// Bytes of parameters on the stack.
    pub(super) parameter_size: u32,
    pub(super) source: Option<Source<'a>>,
    /// Outermost first.
    pub(super) inlines: Vec<InlineFrame<'a>>,
}

/// Where in the source an address is, outside of inlined calls.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    pub(super) line: u32,
    /// Where the range of that line begins.
    pub(super) address: u64,
}

/// An inlined call.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InlineFrame<'a> {
    pub(super) name: &'a str,
    pub(super) file: Option<&'a str>,
    pub(super) line: Option<u32>,
}

impl<'a> Lookup<'a> {
    /// What is known about an address.
    pub(super) fn symbol(&self, address: u64) -> Result<Option<Symbol<'a>>, Damaged> {
        match self.table.functions().nearest(address)? {
            Some(nearest) if nearest.range.covers(address) => {
                self.function(&nearest, address).map(Some)
            }
            nearest => self.public(address, nearest.as_ref()),
        }
    }

    /// The nearest `PUBLIC`, unless a function begins between it and the address: it ends there then.
    fn public(
        &self,
        address: u64,
        function: Option<&FunctionEntry>,
    ) -> Result<Option<Symbol<'a>>, Damaged> {
        let Some(entry) = self.table.publics().nearest(address)? else {
            return Ok(None);
        };
        if function.is_some_and(|function| entry.address <= function.range.address) {
            return Ok(None);
        }
        let (public, _) = self.read(entry.offset, record::public)?;
        if public.address != entry.address {
            return Err(Damaged);
        }
        Ok(Some(Symbol {
            name: public.name,
            address: public.address,
            parameter_size: public.parameter_size,
            source: None,
            inlines: Vec::new(),
        }))
    }

    fn function(&self, entry: &FunctionEntry, address: u64) -> Result<Symbol<'a>, Damaged> {
        let range = &entry.range;
        let (function, block) = self.read(range.offset, record::function)?;
        if (function.address, function.size) != (range.address, range.size) {
            return Err(Damaged);
        }
        let parts = Parts::of(self.text, block, entry)?;
        let inlinees = parts.inlinees(address);
        let line = parts.line(address)?;
        let outermost = match (inlinees.first(), &line) {
            (Some(call), _) => Some((call.call_file, call.call_line, call.address)),
            (None, Some(line)) => Some((line.file, line.line, line.address)),
            (None, None) => None,
        };
        let source = match outermost {
            Some((file, line, address)) => self.file(file)?.map(|file| Source {
                file,
                line,
                address,
            }),
            None => None,
        };
        Ok(Symbol {
            name: function.text,
            address: function.address,
            parameter_size: self
                .stack_win_parameter_size(address)?
                .unwrap_or(function.parameter_size),
            source,
            inlines: self.inline_frames(&inlinees, line.as_ref())?,
        })
    }

    /// A call knows where it was called from: that is the place in the frame around it. The innermost frame's place is
    /// that of the line record.
    fn inline_frames(
        &self,
        inlinees: &[record::Inlinee],
        line: Option<&record::Line>,
    ) -> Result<Vec<InlineFrame<'a>>, Damaged> {
        let within = inlinees.iter().skip(1);
        let innermost = line.map(|line| (line.file, (line.line != 0).then_some(line.line)));
        let places = within
            .map(|call| Some((call.call_file, Some(call.call_line))))
            .chain([innermost]);
        let mut frames = Vec::new();
        for (inlinee, place) in inlinees.iter().zip(places) {
            let Some(name) = self.name(self.table.origins(), inlinee.origin)? else {
                continue;
            };
            let file = match place {
                Some((file, _)) => self.file(file)?,
                None => None,
            };
            frames.push(InlineFrame {
                name,
                file,
                line: place.and_then(|(_, line)| line),
            });
        }
        Ok(frames)
    }

    fn file(&self, id: u32) -> Result<Option<&'a str>, Damaged> {
        self.name(self.table.files(), id)
    }

    fn name(&self, names: Entries<'_, NameEntry>, id: u32) -> Result<Option<&'a str>, Damaged> {
        let Some(entry) = names.find(id)? else {
            return Ok(None);
        };
        let ((found, name), _) = self.read(entry.offset, record::id_and_name)?;
        (found == id).then_some(Some(name)).ok_or(Damaged)
    }

    /// The URL that the file says it came from.
    pub(super) fn url(&self) -> Result<Option<&'a str>, Damaged> {
        let Some(offset) = self.table.header().url else {
            return Ok(None);
        };
        self.read(offset, record::url).map(|(url, _)| Some(url))
    }

    /// Reads the record at `offset`; gives what follows it, too.
    pub(super) fn read<T>(
        &self,
        offset: u32,
        read: impl FnOnce(&mut Cursor<'a>) -> Option<T>,
    ) -> Result<(T, &'a [u8]), Damaged> {
        let text = self.text.get(offset as usize..).ok_or(Damaged)?;
        // A record that an index knows of is not longer.
        let line = text.get(..LONGEST_LINE).unwrap_or(text);
        let mut cursor = Cursor::new(line);
        let record = read(&mut cursor).ok_or(Damaged)?;
        let length = line.len() - cursor.rest().len();
        Ok((record, text.get(length..).unwrap_or_default()))
    }
}
