//! The part of a download that threads work on.

use super::Inbox;
use super::sink::Sink;
use crate::symbols::error::SymbolError;
use crate::symbols::index::{CorruptSymbols, SymbolIndex};
use crate::symbols::name::SymbolName;
use crate::symbols::open;

/// A symbol file while it arrives.
#[derive(Debug)]
pub(super) struct Receiving {
    sink: Sink,
    name: SymbolName,
    url: String,
    largest_in_memory: u64,
    size: u64,
    ends_line: bool,
}

impl Receiving {
    pub(super) fn begin(inbox: Inbox, name: SymbolName, url: String) -> Self {
        Self {
            sink: Sink::new(inbox.cache),
            name,
            url,
            largest_in_memory: inbox.largest_in_memory,
            size: 0,
            ends_line: true,
        }
    }

    /// Keeps the next bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), SymbolError> {
        let written = self.sink.write(bytes, self.size, self.largest_in_memory);
        written.map_err(|source| self.failed(source))?;
        self.size += bytes.len() as u64;
        self.ends_line = bytes.last().map_or(self.ends_line, |last| *last == b'\n');
        Ok(())
    }

    /// Adds the line that tells where the file came from, and gives the file its name if it is good.
    pub(super) fn finish(
        mut self: Box<Self>,
    ) -> Result<Result<SymbolIndex, CorruptSymbols>, SymbolError> {
        // A file cut short within a line stays recognisable as such; an empty one too.
        if matches!(self.sink, Sink::File { .. }) && self.ends_line && self.size > 0 {
            let line = format!("INFO URL {}\n", self.url);
            self.take(line.as_bytes())?;
        }
        let text = self.sink.bytes().map_err(|source| self.failed(source))?;
        let symbols = match open::fenced(|| SymbolIndex::from_text(text)) {
            Ok(symbols) => symbols.or_url(Some(&self.url)),
            Err(corrupt) => return Ok(Err(corrupt)),
        };
        if let Sink::File { partial, cache, .. } = &self.sink {
            let published = cache.publish(&self.name, partial, None);
            published.map_err(|source| self.failed(source))?;
        }
        Ok(Ok(symbols))
    }

    fn failed(&self, source: std::io::Error) -> SymbolError {
        let path = match &self.sink {
            Sink::File { partial, .. } => partial.path().to_owned(),
            Sink::Memory(_) => self.url.clone().into(),
        };
        SymbolError::Io { path, source }
    }
}
