//! The symbols of one module, ready for look-ups.
//!
//! A symbol file is text, and large: hundreds of megabytes. It is read once, to check it and to note what lies where;
//! the notes are a few per cent of the text and are kept in an index file beside it. Both files are mapped into memory,
//! not read, so that all processes of a machine share them. A look-up is a binary search in the index, and reading the
//! few lines of the text that concern the address.
//!
//! | part | task |
//! |---|---|
//! | [`SymbolIndex`] | answers the stack walk |
//! | `cursor`, `record` | read fields and lines of the text |
//! | `build` | from the text to an index, also while the text arrives |
//! | `entry`, `format` | what an index file holds |
//! | `table` | searches an index |
//! | `lookup`, `function`, `unwind` | answers for one address |
//! | `file` | index files: opened, found unusable, made anew |
//!
//! # What differs from the reference
//!
//! The answers are those of the crate `breakpad-symbols`, whose parser the reference program uses, in all but this:
//!
//! * Lines of up to 160 KiB are read. The reference leaves out lines from 80 to 160 KiB if they happen to lie across the
//!   end of its buffer; those over 160 KiB are left out by both.
//! * The first line is the first line: the reference lets the first fields of a `MODULE` record go on after a line break.
//! * At most 1,024 inlined calls are told for an address, and of one function's block the first 8 MiB are searched for
//!   inlined calls, and for line records if these are not in order; of the unwind rules after one `STACK CFI INIT`, the
//!   first 1 MiB. The reference has no bounds, and takes seconds for such blocks.

mod build;
mod cursor;
mod entry;
mod error;
mod file;
mod format;
mod function;
mod lookup;
mod record;
#[cfg(feature = "testkit")]
pub(crate) mod reference;
mod table;
#[cfg(test)]
mod tests;
mod unwind;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

use breakpad_symbols::{FrameSymbolizer, FrameWalker, SymbolFile, walker::walk_with_stack_cfi};
use bytes::Bytes;
use minidump::Module;
use tracing::warn;

pub use build::IndexBuilder;
pub use error::{CorruptSymbols, IndexError, SymbolFileError};

use self::format::Fingerprint;
use self::lookup::Lookup;
use self::table::{Damaged, Table};
use self::unwind::UnwindRules;

/// The symbols of one module, ready for look-ups.
pub struct SymbolIndex {
    text: Bytes,
    table: Box<Table>,
    /// What is used since the table was found damaged; `None` if the text cannot be indexed any more.
    replacement: OnceLock<Option<Box<Table>>>,
    url: Option<String>,
    text_path: Option<PathBuf>,
    index_path: Option<PathBuf>,
}

impl SymbolIndex {
    /// Indexes the text of a symbol file. Index and text stay in memory.
    ///
    /// # Errors
    ///
    /// When the text is not that of a symbol file: one bad line rejects the whole, as in the reference.
    pub fn from_text(text: Bytes) -> Result<Self, CorruptSymbols> {
        let mut builder = IndexBuilder::new();
        builder.push(&text)?;
        builder.finish(text)
    }

    /// Symbols from the text of a symbol file and the bytes of an index file that was made for it; `modified` is when
    /// the symbol file was last changed, if it is a file.
    ///
    /// # Errors
    ///
    /// When the index cannot be used, or says that the symbol file is corrupt. Damage that shows only later, at a
    /// look-up, is no error: the text is indexed anew then.
    pub fn open(
        text: Bytes,
        index: Bytes,
        modified: Option<SystemTime>,
    ) -> Result<Self, IndexError> {
        let fingerprint = Fingerprint::of(&text, modified);
        Self::with_fingerprint(text, index, &fingerprint)
    }

    fn with_fingerprint(
        text: Bytes,
        index: Bytes,
        fingerprint: &Fingerprint,
    ) -> Result<Self, IndexError> {
        let table = Table::open(index)?;
        let header = table.header();
        if header.fingerprint != *fingerprint {
            return Err(IndexError::Stale);
        }
        if let Some(corruption) = header.corruption {
            return Err(IndexError::Corrupt(corruption.into()));
        }
        let lookup = Lookup {
            table: &table,
            text: &text,
        };
        let url = lookup.url().map_err(|Damaged| IndexError::Unusable {
            reason: "it does not fit the symbol file",
        })?;
        Ok(Self {
            url: url.map(str::to_owned),
            text,
            table: Box::new(table),
            replacement: OnceLock::new(),
            text_path: None,
            index_path: None,
        })
    }

    /// Symbols from an index that was just made.
    fn in_memory(
        text: Bytes,
        index: Vec<u8>,
        fingerprint: &Fingerprint,
    ) -> Result<Self, CorruptSymbols> {
        Self::with_fingerprint(text, Bytes::from(index), fingerprint).map_err(|error| match error {
            IndexError::Corrupt(corrupt) => corrupt,
            error => CorruptSymbols {
                line: None,
                reason: error.to_string(),
            },
        })
    }

    /// The URL that the file says it came from (`INFO URL`), or [that it was given](Self::or_url).
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// Names the URL that the file came from, if it does not say so itself.
    #[must_use]
    pub fn or_url(mut self, url: Option<&str>) -> Self {
        if self.url.is_none() {
            self.url = url.map(str::to_owned);
        }
        self
    }

    /// The text of the symbol file.
    pub(crate) fn text(&self) -> &Bytes {
        &self.text
    }

    /// The bytes of the index file, and when it takes the symbol file to have been changed: what
    /// [`open`](Self::open) needs besides the text.
    #[cfg(all(unix, feature = "pool"))]
    pub(crate) fn index(&self) -> (&Bytes, Option<SystemTime>) {
        (
            self.table.image(),
            self.table.header().fingerprint.modified(),
        )
    }

    /// The symbol file, if the text is mapped from one.
    pub fn text_path(&self) -> Option<&Path> {
        self.text_path.as_deref()
    }

    /// The index file, if the index is mapped from one.
    pub fn index_path(&self) -> Option<&Path> {
        self.index_path.as_deref()
    }

    /// Bytes of memory that belong to these symbols alone; mapped files are shared and do not count.
    pub fn private_bytes(&self) -> u64 {
        let text = match self.text_path {
            Some(_) => 0,
            None => self.text.len() as u64,
        };
        let index = match self.index_path {
            Some(_) => 0,
            None => self.table.size(),
        };
        let replacement = self.replacement.get().and_then(Option::as_ref);
        let replacement = replacement.map_or(0, |table| table.size());
        size_of::<Self>() as u64 + text + index + replacement
    }

    /// Names function, source line and inlined functions of a frame in `module`, as far as they are known.
    pub(crate) fn fill_symbol(&self, module: &dyn Module, frame: &mut dyn FrameSymbolizer) {
        let base = module.base_address();
        let Some(address) = frame.get_instruction().checked_sub(base) else {
            return;
        };
        let Some(Some(symbol)) = self.answer(|lookup| lookup.symbol(address)) else {
            return;
        };
        // All addresses are at or before that of the instruction.
        frame.set_function(symbol.name, base + symbol.address, symbol.parameter_size);
        if let Some(source) = symbol.source {
            frame.set_source_file(source.file, source.line, base + source.address);
        }
        for inline in symbol.inlines {
            frame.add_inline_frame(inline.name, inline.file, inline.line);
        }
    }

    /// Finds the caller of a frame in `module` by the unwind rules for its address; `None` if there are none or they
    /// lead nowhere.
    pub(crate) fn walk_frame(
        &self,
        module: &dyn Module,
        walker: &mut dyn FrameWalker,
    ) -> Option<()> {
        let address = walker
            .get_instruction()
            .checked_sub(module.base_address())?;
        let UnwindRules { stack_win, cfi } = self.answer(|lookup| lookup.unwind_rules(address))?;
        if let Some(stack_win) = stack_win
            && let Ok(symbols) = SymbolFile::from_bytes(stack_win.as_bytes())
            && symbols.walk_frame(module, walker).is_some()
        {
            return Some(());
        }
        let cfi = cfi?;
        walker.set_cfi_rules_start_address(Some(module.base_address() + cfi.init.address));
        let walked = walk_with_stack_cfi(&cfi.init, &cfi.additional, walker);
        walker.set_cfi_rules_start_address(None);
        walked
    }

    /// Asks the index, or the one that replaces it if it turns out to be damaged.
    fn answer<'a, T>(&'a self, ask: impl Fn(Lookup<'a>) -> Result<T, Damaged>) -> Option<T> {
        let lookup = |table| Lookup {
            table,
            text: &self.text,
        };
        if self.replacement.get().is_none()
            && let Ok(answer) = ask(lookup(&self.table))
        {
            return Some(answer);
        }
        let replacement = self.replacement.get_or_init(|| self.rebuild());
        ask(lookup(replacement.as_ref()?)).ok()
    }

    /// Indexes the text once more, and removes the damaged file, so that whoever opens it next makes a new one.
    fn rebuild(&self) -> Option<Box<Table>> {
        let path = self.index_path.as_deref();
        warn!(index = ?path, "index of symbols is damaged; it is made anew");
        if let Some(path) = path {
            // Where that is not allowed, others will find the damage for themselves.
            let _ = fs::remove_file(path);
        }
        let mut builder = IndexBuilder::new();
        builder.push(&self.text).ok()?;
        let fingerprint = self.table.header().fingerprint;
        let image = builder.into_image(&self.text, fingerprint);
        Table::open(image.into()).ok().map(Box::new)
    }
}

/// Symbol files are large; only where they are is shown.
impl fmt::Debug for SymbolIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SymbolIndex")
            .field("text_path", &self.text_path)
            .field("index_path", &self.index_path)
            .finish_non_exhaustive()
    }
}
