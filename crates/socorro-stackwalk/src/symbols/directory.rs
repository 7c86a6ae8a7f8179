//! Symbols in a directory tree.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use debugid::DebugId;

use super::error::SymbolError;
use super::file::SymbolFile;
use super::name::SymbolName;
use super::source::{FetchSymbols, FoundSymbols, SymbolContent, SymbolRequest};

/// How many other builds of a debug file are looked at for a near miss.
const NEIGHBOURS: usize = 16;

/// A directory tree laid out as on a symbol server: `NAME/ID/NAME.sym`.
#[derive(Debug)]
pub struct DirectorySource {
    root: PathBuf,
}

impl DirectorySource {
    /// Symbols under `root`.
    ///
    /// # Errors
    ///
    /// When `root` does not exist, cannot be read, or is a file.
    pub fn new(root: impl AsRef<Path>) -> Result<Self, SymbolError> {
        let root = root.as_ref().to_owned();
        match std::fs::metadata(&root) {
            Ok(metadata) if metadata.is_dir() => Ok(Self { root }),
            Ok(_) => Err(SymbolError::NotADirectory { path: root }),
            Err(source) if source.kind() == ErrorKind::NotFound => {
                Err(SymbolError::NoDirectory { path: root })
            }
            Err(source) => Err(SymbolError::Io { path: root, source }),
        }
    }
}

#[async_trait]
impl FetchSymbols for DirectorySource {
    async fn fetch(
        &self,
        request: &SymbolRequest<'_>,
    ) -> Result<Option<FoundSymbols>, SymbolError> {
        let path = path_in(&self.root, request.name());
        // One look into the file system: too short to be worth handing to another thread.
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => Ok(Some(FoundSymbols {
                content: SymbolContent::File(path),
                url: None,
            })),
            Ok(_) => Ok(None),
            Err(source)
                if matches!(
                    source.kind(),
                    ErrorKind::NotFound | ErrorKind::NotADirectory
                ) =>
            {
                Ok(None)
            }
            Err(source) => Err(SymbolError::Io { path, source }),
        }
    }

    /// Looks at a few other builds only, however many there are.
    async fn near_miss(&self, name: &SymbolName) -> Option<DebugId> {
        let [debug_file, _, symbol_file] = name.path_parts();
        let entries = std::fs::read_dir(self.root.join(debug_file)).ok()?;
        let neighbours = entries.flatten().take(NEIGHBOURS);
        let mut ids = neighbours.filter_map(|entry| {
            let id = DebugId::from_breakpad(entry.file_name().to_str()?).ok()?;
            let has_symbols = entry.path().join(&symbol_file).is_file();
            (has_symbols && id != name.debug_id()).then_some(id)
        });
        ids.next()
    }

    fn place(&self) -> String {
        self.root.display().to_string()
    }

    fn is_local(&self) -> bool {
        true
    }
}

impl DirectorySource {
    /// Whether there is a symbol file, good or not, of this debug file and debug id. There is none of what is unfit for
    /// a path.
    pub fn has(&self, debug_file: &str, debug_id: &str) -> bool {
        let id = DebugId::from_breakpad(debug_id).ok();
        let name = id.and_then(|id| SymbolName::new(debug_file, id));
        name.is_some_and(|name| path_in(&self.root, &name).is_file())
    }

    /// Puts a symbol file where it will be found, and gives back where that is. It appears there as a whole.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn put(&self, file: &SymbolFile) -> Result<PathBuf, SymbolError> {
        let path = path_in(&self.root, file.name());
        let unfinished = path.with_added_extension(format!("{}.tmp", std::process::id()));
        let directory = path.parent().unwrap_or(&self.root);
        let written = std::fs::create_dir_all(directory)
            .and_then(|()| std::fs::write(&unfinished, file.text()))
            .and_then(|()| std::fs::rename(&unfinished, &path));
        written.map_err(|source| {
            // Whatever there is of it is of no use.
            let _ = std::fs::remove_file(&unfinished);
            SymbolError::Io {
                path: path.clone(),
                source,
            }
        })?;
        Ok(path)
    }
}

/// Where a symbol file lies in a tree. [`SymbolName`] cannot lead out of it.
pub(super) fn path_in(root: &Path, name: &SymbolName) -> PathBuf {
    let mut path = root.to_owned();
    path.extend(name.path_parts());
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::symbols::name::ModuleName;

    async fn fetch(source: &DirectorySource, name: &SymbolName) -> Option<FoundSymbols> {
        let module = ModuleName::default();
        let request = SymbolRequest::new(name, &module);
        source.fetch(&request).await.unwrap()
    }

    #[tokio::test]
    async fn finds_a_file_by_name_and_id_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let id: DebugId = "abcd1234-abcd-1234-abcd-abcd12345678-a".parse().unwrap();
        let name = SymbolName::new("foo.pdb", id).unwrap();
        let source = DirectorySource::new(root.path()).unwrap();
        assert!(fetch(&source, &name).await.is_none());

        let path = path_in(root.path(), &name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let other = SymbolName::new("foo.pdb", DebugId::nil()).unwrap();
        // A directory alone is no build that there are symbols of.
        assert_eq!(source.near_miss(&other).await, None);
        std::fs::write(&path, "MODULE").unwrap();
        let found = fetch(&source, &name).await.unwrap();
        assert!(matches!(found.content, SymbolContent::File(found) if found == path));

        assert!(fetch(&source, &other).await.is_none());
        assert_eq!(source.near_miss(&other).await, Some(id));
        assert_eq!(source.near_miss(&name).await, None);
    }
}
