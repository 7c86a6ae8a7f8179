//! The part of a download that threads work on.

use std::io;
use std::path::PathBuf;

use super::Inbox;
use super::sink::Sink;
use crate::symbols::cache::{Partial, SymbolCache};
use crate::symbols::error::SymbolError;
use crate::symbols::index::{CorruptSymbols, IndexBuilder, SymbolFileError, SymbolIndex};
use crate::symbols::name::SymbolName;

/// A symbol file while it arrives.
#[derive(Debug)]
pub(super) struct Receiving {
    sink: Sink,
    builder: IndexBuilder,
    /// What is wrong with the file, as far as that is known.
    damage: Option<CorruptSymbols>,
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
            builder: IndexBuilder::new(),
            damage: None,
            name,
            url,
            largest_in_memory: inbox.largest_in_memory,
            size: 0,
            ends_line: true,
        }
    }

    /// Whether the file is known to be damaged, and need not arrive any further.
    pub(super) fn is_damaged(&self) -> bool {
        self.damage.is_some()
    }

    /// Keeps the next bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), SymbolError> {
        if self.is_damaged() {
            return Ok(());
        }
        if let Err(damage) = self.builder.push(bytes) {
            self.damage = Some(damage);
            return Ok(());
        }
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
        if let Some(damage) = self.damage {
            return Ok(Err(damage));
        }
        let place = self.place();
        let Self {
            sink,
            builder,
            name,
            url,
            ..
        } = *self;
        let symbols = match sink {
            Sink::File { partial, cache, .. } => publish(&cache, &name, &partial, builder),
            Sink::Memory(text) => builder.finish(text.freeze()).map_err(Into::into),
        };
        match symbols {
            Ok(symbols) => Ok(Ok(symbols.or_url(Some(&url)))),
            Err(SymbolFileError::Corrupt(damage)) => Ok(Err(damage)),
            Err(error) => Err(SymbolError::Io {
                path: place,
                source: io::Error::other(error),
            }),
        }
    }

    fn failed(&self, source: io::Error) -> SymbolError {
        let path = self.place();
        SymbolError::Io { path, source }
    }

    fn place(&self) -> PathBuf {
        match &self.sink {
            Sink::File { partial, .. } => partial.path().to_owned(),
            Sink::Memory(_) => self.url.clone().into(),
        }
    }
}

/// Gives a file in the cache, and its index, their names, if the file is good.
fn publish(
    cache: &SymbolCache,
    name: &SymbolName,
    text: &Partial,
    builder: IndexBuilder,
) -> Result<SymbolIndex, SymbolFileError> {
    let index = cache.promise_partial();
    builder.publish(text.path(), index.path())?;
    let published = cache.publish(name, text, &index);
    let target = published.map_err(|source| SymbolFileError::Unreadable {
        path: cache.path_of(name),
        source,
    })?;
    SymbolIndex::open_or_build(&target, &SymbolIndex::path_for(&target), u64::MAX)
}
