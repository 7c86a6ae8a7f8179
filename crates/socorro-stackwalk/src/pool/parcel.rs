//! Symbols on their way from the parent's store to a child: open files instead of bytes, so that all processes share
//! their memory.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

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

/// The symbol file, and its index if it has one.
fn files_of(index: &SymbolIndex) -> io::Result<Vec<File>> {
    index.text_path().into_iter().map(File::open).collect()
}

/// Opens symbols in the child. Tells also how many bytes are mapped.
pub(super) fn open(files: Vec<OwnedFd>, url: Option<&str>) -> Result<(SymbolIndex, u64), String> {
    let mut files = files.into_iter();
    let text = files.next().ok_or("they came without their file")?;
    let text = map::map(&File::from(text)).map_err(|error| format!("cannot map them: {error}"))?;
    let size = text.len() as u64;
    let index = SymbolIndex::from_text(text).map_err(|error| error.to_string())?;
    Ok((index.or_url(url), size))
}
