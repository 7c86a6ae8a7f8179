//! Messages on a stream socket, with open files passed along.
//!
//! A frame is a byte for its kind, the length of its content as a little-endian 32-bit number, and the content. Files
//! travel with its first byte (`SCM_RIGHTS`). Only the parent passes files.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream as BlockingStream;

use bytes::{Buf, Bytes, BytesMut};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::UnixStream;

const HEADER: usize = 5;

/// Most files in a frame: a symbol file and its index.
const MOST_FILES: usize = 2;

/// Most bytes of a message.
const LARGEST_MESSAGE: usize = 64 << 20;

/// Most bytes of an answer. The longest stacks that a walk may have make some 60 MB.
const LARGEST_ANSWER: usize = 512 << 20;

/// What the content of a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One of the messages that are about a walk.
    Message = 1,
    /// What came of a walk.
    Answer = 2,
}

/// A frame without files.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) content: Bytes,
}

impl Kind {
    fn largest(self) -> usize {
        match self {
            Self::Message => LARGEST_MESSAGE,
            Self::Answer => LARGEST_ANSWER,
        }
    }
}

/// Makes a header. Fails for contents that the other end would refuse.
fn header(kind: Kind, content: &[u8]) -> io::Result<[u8; HEADER]> {
    let length = u32::try_from(content.len())
        .ok()
        .filter(|_| content.len() <= kind.largest());
    let length = length.ok_or_else(|| io::Error::other("message too long"))?;
    let mut header = [kind as u8; HEADER];
    header[1..].copy_from_slice(&length.to_le_bytes());
    Ok(header)
}

/// Reads a header.
fn understand(header: [u8; HEADER]) -> io::Result<(Kind, usize)> {
    let [kind, length @ ..] = header;
    let length = u32::from_le_bytes(length) as usize;
    let kind = [Kind::Message, Kind::Answer]
        .into_iter()
        .find(|known| *known as u8 == kind && length <= known.largest());
    let kind = kind.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not a message"))?;
    Ok((kind, length))
}

/// The parent's end.
#[derive(Debug)]
pub(super) struct Channel {
    stream: UnixStream,
    received: BytesMut,
}

impl Channel {
    /// The stream must not block. Must be called within a tokio runtime with its I/O driver enabled.
    pub(super) fn new(stream: BlockingStream) -> io::Result<Self> {
        Ok(Self {
            stream: UnixStream::from_std(stream)?,
            received: BytesMut::new(),
        })
    }

    /// Receives a frame. May be dropped while it waits, and called again.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` when the other end is gone, `InvalidData` when it does not send frames.
    pub(super) async fn receive(&mut self) -> io::Result<Frame> {
        loop {
            if let Some((header, _)) = self.received.split_first_chunk() {
                let (kind, length) = understand(*header)?;
                if self.received.len() >= HEADER + length {
                    self.received.advance(HEADER);
                    let content = self.received.split_to(length).freeze();
                    return Ok(Frame { kind, content });
                }
                self.received.reserve(HEADER + length - self.received.len());
            }
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Sends a message. A channel whose sending was dropped half-way is of no more use.
    pub(super) async fn send(
        &mut self,
        content: &[u8],
        files: &[BorrowedFd<'_>],
    ) -> io::Result<()> {
        let header = header(Kind::Message, content)?;
        let sent = self
            .stream
            .async_io(Interest::WRITABLE, || {
                let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FILES))];
                let mut passed = SendAncillaryBuffer::new(&mut space);
                if !files.is_empty() && !passed.push(SendAncillaryMessage::ScmRights(files)) {
                    return Err(io::Error::other("too many files for a message"));
                }
                let parts = [IoSlice::new(&header), IoSlice::new(content)];
                Ok(rustix::net::sendmsg(
                    &self.stream,
                    &parts,
                    &mut passed,
                    flags::SEND,
                )?)
            })
            .await?;
        let left_of_header = header.get(sent..).unwrap_or_default();
        self.stream.write_all(left_of_header).await?;
        let left = content.get(sent.saturating_sub(HEADER)..);
        self.stream.write_all(left.unwrap_or_default()).await
    }
}

/// Sends a frame from the child.
pub(super) fn send(mut stream: &BlockingStream, kind: Kind, content: &[u8]) -> io::Result<()> {
    let header = header(kind, content)?;
    // At once, so that the parent is woken once.
    let sent = loop {
        match stream.write_vectored(&[IoSlice::new(&header), IoSlice::new(content)]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            sent => break sent?,
        }
    };
    stream.write_all(header.get(sent..).unwrap_or_default())?;
    let left = content.get(sent.saturating_sub(HEADER)..);
    stream.write_all(left.unwrap_or_default())
}

/// Receives a message in the child, and the files that came with it. `None` when the parent is gone.
pub(super) fn receive(mut stream: &BlockingStream) -> io::Result<Option<(Vec<u8>, Vec<OwnedFd>)>> {
    let mut header = [0; HEADER];
    let mut files = Vec::new();
    let mut filled = 0;
    while filled < HEADER {
        match receive_with_files(stream, &mut header[filled..], &mut files)? {
            0 if filled == 0 => return Ok(None),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => filled += read,
        }
    }
    let (_, length) = understand(header)?;
    let mut content = vec![0; length];
    stream.read_exact(&mut content)?;
    Ok(Some((content, files)))
}

fn receive_with_files(
    stream: &BlockingStream,
    buffer: &mut [u8],
    files: &mut Vec<OwnedFd>,
) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FILES))];
    let mut passed = RecvAncillaryBuffer::new(&mut space);
    let parts = &mut [IoSliceMut::new(buffer)];
    let received = loop {
        match rustix::net::recvmsg(stream, parts, &mut passed, flags::RECEIVE) {
            Err(rustix::io::Errno::INTR) => {}
            received => break received?,
        }
    };
    for message in passed.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            files.extend(descriptors);
        }
    }
    Ok(received.bytes)
}

/// Elsewhere a program has to ignore `SIGPIPE`, as Rust's do, and a child starts no programs anyway.
#[cfg(target_os = "linux")]
mod flags {
    pub(super) const SEND: super::SendFlags = super::SendFlags::NOSIGNAL;
    pub(super) const RECEIVE: super::RecvFlags = super::RecvFlags::CMSG_CLOEXEC;
}

#[cfg(not(target_os = "linux"))]
mod flags {
    pub(super) const SEND: super::SendFlags = super::SendFlags::empty();
    pub(super) const RECEIVE: super::RecvFlags = super::RecvFlags::empty();
}
