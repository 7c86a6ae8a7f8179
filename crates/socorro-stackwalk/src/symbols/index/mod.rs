//! The symbols of one module, ready for look-ups.

mod error;

use std::fmt;
use std::path::{Path, PathBuf};

use breakpad_symbols::{FrameSymbolizer, FrameWalker, SymbolFile};
use bytes::Bytes;
use minidump::Module;

pub use error::{CorruptSymbols, IndexError};

/// The symbols of one module, ready for look-ups.
pub struct SymbolIndex {
    file: SymbolFile,
    url: Option<String>,
    text_path: Option<PathBuf>,
    index_path: Option<PathBuf>,
    private_bytes: u64,
}

impl SymbolIndex {
    /// Makes symbols from the text of a symbol file.
    ///
    /// # Errors
    ///
    /// When the text is not that of a symbol file: one bad line rejects the whole, as in the reference.
    pub fn from_text(text: Bytes) -> Result<Self, CorruptSymbols> {
        let private_bytes = text.len() as u64 * 11 / 5;
        let file = SymbolFile::parse(&text[..], |_| ())
            .map_err(|error| CorruptSymbols::new(None, error.to_string()))?;
        Ok(Self {
            url: file.url.clone(),
            file,
            text_path: None,
            index_path: None,
            private_bytes,
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

    pub(crate) fn of_file(mut self, path: &Path) -> Self {
        self.text_path = Some(path.to_owned());
        self
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
        self.private_bytes
    }

    /// Names function, source line and inlined functions of a frame in `module`, as far as they are known.
    pub(crate) fn fill_symbol(&self, module: &dyn Module, frame: &mut dyn FrameSymbolizer) {
        self.file.fill_symbol(module, frame);
    }

    /// Finds the caller of a frame in `module` by the unwind rules for its address; `None` if there are none or they
    /// lead nowhere.
    pub(crate) fn walk_frame(
        &self,
        module: &dyn Module,
        walker: &mut dyn FrameWalker,
    ) -> Option<()> {
        self.file.walk_frame(module, walker)
    }
}

/// Symbol files are large; only where they are is shown.
impl fmt::Debug for SymbolIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SymbolIndex")
            .field("text_path", &self.text_path)
            .finish_non_exhaustive()
    }
}
