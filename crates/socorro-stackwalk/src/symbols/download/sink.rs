//! Where the bytes of a download are kept.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};

use bytes::{Bytes, BytesMut};
use tracing::warn;

use crate::symbols::cache::{Partial, SymbolCache};

/// Where the bytes of a download are kept.
#[derive(Debug)]
pub(super) enum Sink {
    File {
        file: File,
        partial: Partial,
        cache: SymbolCache,
        /// Whether room was made for it already.
        made_room: bool,
    },
    Memory(BytesMut),
}

impl Sink {
    /// A file in the cache, if there is a cache and it can be written to.
    pub(super) fn new(cache: Option<SymbolCache>) -> Self {
        let Some(cache) = cache else {
            return Self::Memory(BytesMut::new());
        };
        match cache.create_partial() {
            Ok((file, partial)) => Self::File {
                file,
                partial,
                cache,
                made_room: false,
            },
            Err(error) => {
                warn!(%error, "cannot write to the symbol cache; holding the file in memory");
                Self::Memory(BytesMut::new())
            }
        }
    }

    /// Adds bytes to the `size` bytes that are there. If the disk is full, room is made in the cache; if that does not
    /// help, everything is moved into memory, unless it is more than `largest_in_memory`.
    pub(super) fn write(
        &mut self,
        bytes: &[u8],
        size: u64,
        largest_in_memory: u64,
    ) -> io::Result<()> {
        let error = match self {
            Self::Memory(held) => {
                check(size + bytes.len() as u64, largest_in_memory)?;
                held.extend_from_slice(bytes);
                return Ok(());
            }
            Self::File {
                file,
                cache,
                made_room,
                ..
            } => match file.write_all(bytes) {
                Ok(()) => return Ok(()),
                Err(error) if is_full(&error) && !*made_room => {
                    *made_room = true;
                    let pruned = cache.make_room(bytes.len() as u64);
                    match pruned.and_then(|()| write_at(file, bytes, size)) {
                        Ok(()) => return Ok(()),
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            },
        };
        warn!(%error, "cannot write to the symbol cache; holding the file in memory");
        check(size + bytes.len() as u64, largest_in_memory)?;
        let mut held = self.read_back(size)?;
        held.extend_from_slice(bytes);
        *self = Self::Memory(held);
        Ok(())
    }

    fn read_back(&mut self, size: u64) -> io::Result<BytesMut> {
        let Self::File { file, .. } = self else {
            return Ok(BytesMut::new());
        };
        let mut held = Vec::new();
        file.rewind()?;
        file.take(size).read_to_end(&mut held)?;
        Ok(Bytes::from(held).into())
    }
}

/// Writes at a place, over what a write that failed may have left there.
fn write_at(file: &mut File, bytes: &[u8], place: u64) -> io::Result<()> {
    file.set_len(place)?;
    file.seek(SeekFrom::Start(place))?;
    file.write_all(bytes)
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
    )
}

fn check(size: u64, largest_in_memory: u64) -> io::Result<()> {
    if size > largest_in_memory {
        let reason = format!(
            "a file of more than {largest_in_memory} bytes needs a cache directory with room for it"
        );
        return Err(io::Error::new(ErrorKind::FileTooLarge, reason));
    }
    Ok(())
}
