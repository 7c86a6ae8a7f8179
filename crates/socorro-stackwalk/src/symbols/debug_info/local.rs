//! Debug information in directories.

use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::build_id_path;
use super::convert::Converter;
use crate::symbols::directory::DirectorySource;
use crate::symbols::error::SymbolError;
use crate::symbols::source::{FetchSymbols, FoundSymbols, SymbolContent, SymbolRequest};

/// Largest file that is converted, in bytes.
const LARGEST: u64 = 1 << 30;

/// A directory with debug information, of which symbols are made as they are wanted.
///
/// Looked for are, of the module with the build id `abcdef…` and the debug file `NAME`, `.build-id/ab/cdef….debug` and
/// `.build-id/ab/cdef…`, as GDB and distributions of Linux have them, `NAME.debug`, and `NAME`. Symbols go into the disk
/// cache of the store; without one they are made anew in each run of the program.
///
/// ```no_run
/// use socorro_stackwalk::{LocalDebugInfo, SymbolSource, SymbolStore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let source = LocalDebugInfo::new("/usr/lib/debug")?;
/// let store = SymbolStore::new([SymbolSource::custom(source)]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct LocalDebugInfo {
    root: PathBuf,
    converter: Converter,
}

impl LocalDebugInfo {
    /// Debug information under `root`.
    ///
    /// # Errors
    ///
    /// When `root` does not exist, cannot be read, or is a file.
    pub fn new(root: impl AsRef<Path>) -> Result<Self, SymbolError> {
        // It is checked in the same way, and says the same if something is wrong.
        DirectorySource::new(&root)?;
        Ok(Self {
            root: root.as_ref().to_owned(),
            converter: Converter::new(LARGEST),
        })
    }

    /// The files that may have the debug information, best first. None of the names can lead out of the directory.
    fn candidates(&self, request: &SymbolRequest<'_>) -> Vec<PathBuf> {
        let name = request.name().debug_file();
        let id = request.module().code_id.as_ref();
        let by_id = id
            .and_then(build_id_path)
            .into_iter()
            .flat_map(|(first, rest)| {
                let directory = self.root.join(".build-id").join(first);
                [
                    directory.join(format!("{rest}.debug")),
                    directory.join(rest),
                ]
            });
        let by_name = [
            self.root.join(format!("{name}.debug")),
            self.root.join(name),
        ];
        let all = by_id.chain(by_name);
        all.filter(|path| path.is_file()).collect()
    }
}

#[async_trait]
impl FetchSymbols for LocalDebugInfo {
    async fn fetch(
        &self,
        request: &SymbolRequest<'_>,
    ) -> Result<Option<FoundSymbols>, SymbolError> {
        let candidates = self.candidates(request);
        if candidates.is_empty() {
            return Ok(None);
        }
        let Some(text) = self.converter.convert(candidates, request.name()).await? else {
            return Ok(None);
        };
        let downloaded = request.keep(&text, self.place()).await?;
        Ok(Some(FoundSymbols {
            content: SymbolContent::Downloaded(downloaded),
            url: None,
        }))
    }

    fn place(&self) -> String {
        self.root.display().to_string()
    }
}
