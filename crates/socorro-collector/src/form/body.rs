//! The bytes of a form: what is in memory at once, what is on the disk piece by piece.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, stream};
use tokio::io::AsyncReadExt;

use super::Content;

/// The most bytes that are read from a file at once.
const PIECE: usize = 64 << 10;

/// A piece of a form.
pub(super) enum Segment {
    Memory(Bytes),
    Disk { path: PathBuf, length: u64 },
}

impl Segment {
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Disk { length, .. } => *length,
        }
    }
}

impl From<Content> for Segment {
    fn from(content: Content) -> Self {
        match content {
            Content::Memory(bytes) => Self::Memory(bytes),
            Content::Disk { path, length } => Self::Disk { path, length },
        }
    }
}

/// Streams the segments one after another.
pub(super) fn stream(
    segments: Vec<Segment>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::iter(segments).flat_map(|segment| match segment {
        Segment::Memory(bytes) => stream::once(async { Ok(bytes) }).boxed(),
        Segment::Disk { path, length } => file(path, length).boxed(),
    })
}

/// Streams the first `length` bytes of a file.
fn file(path: PathBuf, length: u64) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::try_unfold(
        (path, None::<tokio::fs::File>, length),
        |(path, file, left)| async move {
            if left == 0 {
                return Ok(None);
            }
            let mut file = match file {
                Some(file) => file,
                None => tokio::fs::File::open(&path).await?,
            };
            let most = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
            let mut piece = BytesMut::with_capacity(most);
            // What is limited is the reader: a buffer may take more than it was asked for.
            (&mut file).take(most as u64).read_buf(&mut piece).await?;
            if piece.is_empty() {
                return Err(shorter(&path));
            }
            let left = left - piece.len() as u64;
            Ok(Some((piece.freeze(), (path, Some(file), left))))
        },
    )
}

/// Reads all segments.
pub(super) fn read(segments: Vec<Segment>) -> io::Result<Bytes> {
    let mut body = Vec::new();
    for segment in segments {
        match segment {
            Segment::Memory(bytes) => body.extend_from_slice(&bytes),
            Segment::Disk { path, length } => {
                let read = fs::File::open(&path)?.take(length).read_to_end(&mut body)?;
                if (read as u64) < length {
                    return Err(shorter(&path));
                }
            }
        }
    }
    Ok(body.into())
}

fn shorter(path: &Path) -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        format!("{} became shorter while it was read", path.display()),
    )
}
