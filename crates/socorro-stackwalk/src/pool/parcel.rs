//! Symbols on their way from the parent's store to a child: open files instead of bytes, so that all processes share
//! their memory.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::SystemTime;

use bytes::Bytes;

use super::memory_file::in_memory;
use super::message::{Found, Symbols};
use crate::map;
use crate::symbols::{MissingSymbols, ModuleSymbols, SymbolIndex, SymbolLookup};

/// Makes the answer to question `id`, and opens the files that go with it.
pub(super) fn pack(id: u32, symbols: &ModuleSymbols) -> (Symbols, Vec<File>) {
    let identified = symbols
        .identified
        .as_ref()
        .map(|name| (name.debug_file().to_owned(), name.debug_id()));
    let mut files = Vec::new();
    let found = match &*symbols.lookup {
        SymbolLookup::Loaded(index) => match files_of(index) {
            Ok(opened) => {
                files = opened;
                Found::Loaded {
                    url: index.url().map(str::to_owned),
                    modified: index.index().1,
                }
            }
            Err(error) => Found::Missing(MissingSymbols::Unavailable {
                reason: format!("cannot hand them to a walker: {error}"),
            }),
        },
        SymbolLookup::Corrupt {
            place,
            line,
            reason,
        } => Found::Corrupt {
            place: place.clone(),
            line: *line,
            reason: reason.clone(),
        },
        SymbolLookup::Missing(why) => Found::Missing(why.clone()),
    };
    let symbols = Symbols {
        id,
        identified,
        found,
    };
    (symbols, files)
}

/// The symbol file and its index. What is in no file, or in one that was removed meanwhile, is copied to one in memory.
fn files_of(index: &SymbolIndex) -> io::Result<Vec<File>> {
    let (image, _) = index.index();
    Ok(vec![
        file_of("symbols", index.text_path(), index.text())?,
        file_of("symbol index", index.index_path(), image)?,
    ])
}

fn file_of(name: &str, path: Option<&Path>, bytes: &Bytes) -> io::Result<File> {
    match path.map(File::open) {
        Some(Ok(file)) if file.metadata()?.len() == bytes.len() as u64 => Ok(file),
        _ => in_memory(name, bytes),
    }
}

/// Opens symbols in the child. Tells also how many bytes are mapped.
///
/// An index that does not fit, because a file was replaced in the same moment, is made anew.
pub(super) fn open(
    files: Vec<OwnedFd>,
    url: Option<&str>,
    modified: Option<SystemTime>,
) -> Result<(SymbolIndex, u64), String> {
    let Ok([text, index]) = <[OwnedFd; 2]>::try_from(files) else {
        return Err("they came without their files".to_owned());
    };
    let unmapped = |error| format!("cannot map them: {error}");
    let text = map::map(&text.into()).map_err(unmapped)?;
    let index = map::map(&index.into()).map_err(unmapped)?;
    let size = text.len() as u64 + index.len() as u64;
    let symbols = SymbolIndex::open(text.clone(), index, modified)
        .or_else(|_| SymbolIndex::from_text(text))
        .map_err(|error| error.to_string())?;
    Ok((symbols.or_url(url), size))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const TEXT: &[u8] =
        b"MODULE Linux x86_64 ABCD1234ABCD1234ABCDABCD12345678a foo\nFUNC 1000 10 0 main\n";

    fn there(symbols: SymbolIndex) -> SymbolIndex {
        let symbols = ModuleSymbols {
            lookup: Arc::new(SymbolLookup::Loaded(symbols)),
            identified: None,
        };
        let (message, files) = pack(1, &symbols);
        let Found::Loaded { url, modified } = message.found else {
            panic!("{message:?}");
        };
        let files = files.into_iter().map(OwnedFd::from).collect();
        open(files, url.as_deref(), modified).unwrap().0
    }

    #[test]
    fn symbols_arrive_with_their_index_whether_in_files_or_in_memory() {
        let directory = tempfile::tempdir().unwrap();
        let (text, index) = (directory.path().join("a"), directory.path().join("b"));
        std::fs::write(&text, TEXT).unwrap();
        let in_files = SymbolIndex::open_or_build(&text, &index, 1000).unwrap();
        let of_files = in_files.index().0.clone();
        let arrived = there(in_files);
        // The same bytes: the index was not made anew.
        assert_eq!(arrived.index().0, &of_files);
        assert!(arrived.index().1.is_some());

        let in_memory = SymbolIndex::from_text(Bytes::from_static(TEXT)).unwrap();
        let arrived = there(in_memory.or_url(Some("https://symbols.example.org/a")));
        assert_eq!(arrived.url(), Some("https://symbols.example.org/a"));
    }

    #[test]
    fn a_file_that_was_removed_or_replaced_is_no_obstacle() {
        let directory = tempfile::tempdir().unwrap();
        let (text, index) = (directory.path().join("a"), directory.path().join("b"));
        std::fs::write(&text, TEXT).unwrap();
        let symbols = SymbolIndex::open_or_build(&text, &index, 1000).unwrap();
        std::fs::remove_file(&text).unwrap();
        std::fs::remove_file(&index).unwrap();
        assert_eq!(there(symbols).text(), TEXT);
    }
}
