//! The content of a file while it arrives: in memory, or on disk when it is large.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use socorro_core::Dump;
use tempfile::TempDir;

use super::{ParseError, Scratch, buffer::Buffer};
use crate::{Malformed, Reservation};

/// A file on disk gets its content in pieces of about this size, or larger.
const PIECE: usize = 128 << 10;
/// Bytes at the beginning that tell what a file is.
const MAGIC: usize = 6;

/// Where the large files of one report go.
#[derive(Debug)]
pub(super) struct Space {
    root: Option<Arc<PathBuf>>,
    /// Bytes of files that may still be kept in memory.
    room: usize,
    directory: Option<TempDir>,
    files: usize,
}

impl Space {
    pub(super) fn new(scratch: &Scratch) -> Self {
        Self {
            root: scratch.directory.clone(),
            room: scratch.threshold,
            directory: None,
            files: 0,
        }
    }

    /// The directory, if there are files in it.
    pub(super) fn into_directory(self) -> Option<TempDir> {
        self.directory
    }

    /// Writes `bytes` to the end of a file, or of a new one; gives the file and the emptied vector.
    async fn write(
        &mut self,
        file: Option<OnDisk>,
        mut bytes: Vec<u8>,
    ) -> io::Result<(OnDisk, Vec<u8>)> {
        let place = match file {
            Some(file) => Place::Open(file),
            None => {
                let number = self.files;
                self.files += 1;
                Place::New(self.directory.take(), self.root.clone(), number)
            }
        };
        // One visit to the threads that may block, since each costs.
        let work = tokio::task::spawn_blocking(move || {
            let (directory, mut on_disk) = place.open()?;
            on_disk.file.write_all(&bytes)?;
            bytes.clear();
            Ok::<_, io::Error>((directory, on_disk, bytes))
        });
        let (directory, on_disk, bytes) = work.await??;
        self.directory = directory.or(self.directory.take());
        Ok((on_disk, bytes))
    }
}

/// A file, or where to make one.
#[derive(Debug)]
enum Place {
    Open(OnDisk),
    /// The directory of the report, if there is one; where to make it; the number of the file.
    New(Option<TempDir>, Option<Arc<PathBuf>>, usize),
}

impl Place {
    /// Gives the directory back, too, if it was taken or made.
    fn open(self) -> io::Result<(Option<TempDir>, OnDisk)> {
        let (directory, root, number) = match self {
            Self::Open(file) => return Ok((None, file)),
            Self::New(directory, root, number) => (directory, root, number),
        };
        let directory = match (directory, root) {
            (Some(directory), _) => directory,
            (None, Some(root)) => tempfile::Builder::new()
                .prefix("report-")
                .tempdir_in(&*root)?,
            (None, None) => return Err(io::Error::other("there is no scratch directory")),
        };
        // Names are numbers: nothing that a client sends becomes part of a path.
        let path = directory.path().join(number.to_string());
        let file = create(&path)?;
        Ok((Some(directory), OnDisk { file, path }))
    }
}

/// Makes a file that nobody else may read, wherever it is moved: dumps are private data.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[derive(Debug)]
struct OnDisk {
    file: File,
    path: PathBuf,
}

/// A file that is being written, hashed on the way.
#[derive(Debug)]
pub(super) struct Writer {
    hash: Sha256,
    magic: [u8; MAGIC],
    size: u64,
    most: u64,
    /// The content, or what is not on disk yet.
    pending: Buffer,
    on_disk: Option<OnDisk>,
}

impl Writer {
    /// `most` is the largest size, 0 for any.
    pub(super) fn new(most: u64) -> Self {
        Self {
            hash: Sha256::new(),
            magic: [0; MAGIC],
            size: 0,
            most,
            pending: Buffer::default(),
            on_disk: None,
        }
    }

    /// Appends `data`.
    ///
    /// # Errors
    ///
    /// [`Malformed::TooLarge`], [`ParseError::Overloaded`], [`ParseError::Scratch`].
    pub(super) async fn write(
        &mut self,
        data: &[u8],
        space: &mut Space,
        memory: &mut Reservation,
    ) -> Result<(), ParseError> {
        let written = self.size.try_into().unwrap_or(MAGIC);
        if let Some(magic) = self.magic.get_mut(written..) {
            let count = magic.len().min(data.len());
            magic[..count].copy_from_slice(&data[..count]);
        }
        self.size += data.len() as u64;
        if self.most != 0 && self.size > self.most {
            return Err(Malformed::TooLarge.into());
        }
        self.hash.update(data);
        let room = match self.on_disk {
            Some(_) => PIECE,
            None if memory.is_scarce() => PIECE.min(space.room),
            None => space.room,
        };
        if space.root.is_some() && self.pending.len() + data.len() > room {
            self.flush(space).await?;
        }
        self.pending.push(data, memory)
    }

    async fn flush(&mut self, space: &mut Space) -> Result<(), ParseError> {
        let bytes = self.pending.lend();
        let (on_disk, bytes) = space.write(self.on_disk.take(), bytes).await?;
        self.on_disk = Some(on_disk);
        self.pending.restore(bytes);
        Ok(())
    }

    /// The complete file.
    ///
    /// # Errors
    ///
    /// [`ParseError::Scratch`].
    pub(super) async fn finish(
        mut self,
        space: &mut Space,
        memory: &mut Reservation,
    ) -> Result<Content, ParseError> {
        if self.on_disk.is_some() && self.pending.len() > 0 {
            self.flush(space).await?;
        }
        let mut reserved = 0;
        let dump = match self.on_disk {
            Some(OnDisk { path, .. }) => {
                self.pending.release(memory);
                let size = self.size;
                Dump::File { path, size }
            }
            None => {
                reserved = self.pending.capacity();
                space.room = space.room.saturating_sub(self.pending.len());
                Dump::Bytes(Bytes::from(self.pending.into_vec()))
            }
        };
        Ok(Content {
            dump,
            reserved,
            sha256: hexadecimal(&self.hash.finalize()),
            magic: self.magic,
        })
    }

    /// Forgets what was written.
    pub(super) async fn abandon(mut self, memory: &mut Reservation) {
        self.pending.release(memory);
        if let Some(on_disk) = self.on_disk {
            remove(&on_disk.path).await;
        }
    }
}

/// A file that is complete.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) dump: Dump,
    /// Memory that it takes.
    reserved: usize,
    /// In hexadecimal.
    pub(super) sha256: String,
    magic: [u8; MAGIC],
}

impl Content {
    /// The first bytes; zeros where there are none.
    pub(super) fn magic(&self) -> &[u8] {
        &self.magic
    }

    /// Forgets the file: gives its memory back, or removes it from the disk.
    pub(super) async fn discard(self, memory: &mut Reservation) {
        match self.dump {
            Dump::Bytes(_) => memory.shrink(self.reserved as u64),
            Dump::File { path, .. } => remove(&path).await,
        }
    }
}

/// Removes a file now; it goes with its directory, at the latest.
async fn remove(path: &Path) {
    let _ = tokio::fs::remove_file(path).await;
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0xf])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}
