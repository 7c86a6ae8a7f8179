//! Where the bytes of a form come from: frames of a body, or a file in hand; unpacked if need be.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, Bytes, BytesMut};
use futures::{Stream, StreamExt as _};
use http_body::Body;

use super::{
    ParseError, buffer,
    gunzip::{self, Gunzip},
    window::Window,
};
use crate::{BodyError, Malformed, Reservation};

/// After so many bytes without waiting for anybody others get their turn.
const TURN: usize = 1 << 20;

/// The data of a body, frame by frame, counted.
#[derive(Debug)]
pub(super) struct Frames<B> {
    body: B,
    received: u64,
    most: u64,
    /// Whether there was more.
    exceeded: bool,
}

impl<B> Frames<B> {
    /// `most` is the largest size, 0 for any.
    pub(super) fn new(body: B, most: u64) -> Self {
        Self {
            body,
            received: 0,
            most: bound(most),
            exceeded: false,
        }
    }
}

impl<B> Stream for Frames<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BodyError>,
{
    type Item = Result<Bytes, ParseError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if self.exceeded {
                return Poll::Ready(Some(Err(Malformed::TooLarge.into())));
            }
            let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(context)) else {
                return Poll::Ready(None);
            };
            let mut data = match frame.map(http_body::Frame::into_data) {
                Ok(Ok(data)) => data,
                // Trailers say nothing to us.
                Ok(Err(_)) => continue,
                Err(error) => return Poll::Ready(Some(Err(ParseError::Body(error.into())))),
            };
            // What is within the bound counts, however the rest came.
            let allowed = self.most - self.received;
            self.exceeded = data.len() as u64 > allowed;
            data.truncate(usize::try_from(allowed).unwrap_or(usize::MAX));
            self.received += data.len() as u64;
            if !data.is_empty() {
                return Poll::Ready(Some(Ok(data)));
            }
        }
    }
}

/// A limit as a number: 0 means that there is none.
fn bound(limit: u64) -> u64 {
    match limit {
        0 => u64::MAX,
        limit => limit,
    }
}

/// How the bytes are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// Gzip, or else an error.
    Gzip,
    /// Said to be plain; it is looked whether that is so.
    Plain,
}

/// Fills a [`Window`] from chunks.
#[derive(Debug)]
pub(super) struct Source<S> {
    chunks: S,
    chunk: Bytes,
    ended: bool,
    gunzip: Option<Gunzip>,
    /// Bytes after unpacking.
    unpacked: u64,
    most_unpacked: u64,
    /// Bytes given out since others had their turn.
    turn: usize,
}

impl<S> Source<S>
where
    S: Stream<Item = Result<Bytes, ParseError>> + Unpin,
{
    /// Waits for the first bytes. `most` is the largest size after unpacking, 0 for any.
    ///
    /// # Errors
    ///
    /// [`Malformed::NoContentLength`] when there are none.
    pub(super) async fn open(
        chunks: S,
        packing: Packing,
        most: u64,
        memory: &mut Reservation,
    ) -> Result<Self, ParseError> {
        let mut source = Self {
            chunks,
            chunk: Bytes::new(),
            ended: false,
            gunzip: None,
            unpacked: 0,
            most_unpacked: bound(most),
            turn: 0,
        };
        source.look_ahead().await?;
        if source.chunk.is_empty() {
            return Err(Malformed::NoContentLength.into());
        }
        if packing == Packing::Gzip || source.chunk.starts_with(&gunzip::MAGIC) {
            buffer::reserve(memory, gunzip::MEMORY)?;
            source.gunzip = Some(Gunzip::new());
        }
        Ok(source)
    }

    /// Sees to it that enough bytes are there to know a magic number, if there are so many.
    async fn look_ahead(&mut self) -> Result<(), ParseError> {
        while self.chunk.len() < gunzip::MAGIC.len() && !self.ended {
            let first = std::mem::take(&mut self.chunk);
            self.next_chunk().await?;
            if !first.is_empty() {
                let mut joined = BytesMut::from(first);
                joined.extend_from_slice(&self.chunk);
                self.chunk = joined.freeze();
            }
        }
        Ok(())
    }

    async fn next_chunk(&mut self) -> Result<(), ParseError> {
        match self.chunks.next().await {
            Some(chunk) => self.chunk = chunk?,
            None => self.ended = true,
        }
        Ok(())
    }

    /// Adds bytes to a window that is not full; `false` when there are no more.
    pub(super) async fn fill(&mut self, window: &mut Window) -> Result<bool, ParseError> {
        loop {
            if self.chunk.is_empty() && !self.ended {
                self.next_chunk().await?;
            }
            let allowed = usize::try_from(self.most_unpacked - self.unpacked).unwrap_or(usize::MAX);
            if allowed == 0 {
                return self.refuse_more().await;
            }
            let spare = window.spare();
            let room = spare.len().min(allowed);
            let written = self.copy(&mut spare[..room])?;
            if written > 0 {
                window.advance(written);
                self.unpacked += written as u64;
                self.take_turns(written).await;
                return Ok(true);
            }
            if self.ended && self.chunk.is_empty() {
                return self.end();
            }
            // Members without content are work, too.
            self.take_turns(0).await;
        }
    }

    /// Goes on when no more bytes are allowed; there may be none.
    async fn refuse_more(&mut self) -> Result<bool, ParseError> {
        loop {
            if self.copy(&mut [0])? > 0 {
                return Err(Malformed::TooLarge.into());
            }
            if self.chunk.is_empty() {
                if self.ended {
                    return self.end();
                }
                self.next_chunk().await?;
            }
            self.take_turns(0).await;
        }
    }

    fn end(&self) -> Result<bool, ParseError> {
        if let Some(gunzip) = &self.gunzip {
            gunzip.finish()?;
        }
        Ok(false)
    }

    fn copy(&mut self, spare: &mut [u8]) -> Result<usize, ParseError> {
        let Some(gunzip) = &mut self.gunzip else {
            let count = self.chunk.len().min(spare.len());
            self.chunk.copy_to_slice(&mut spare[..count]);
            return Ok(count);
        };
        let progress = gunzip.step(&self.chunk, spare)?;
        self.chunk.advance(progress.read);
        Ok(progress.written)
    }

    async fn take_turns(&mut self, written: usize) {
        // What is tiny costs something, too.
        const LEAST: usize = 256;
        self.turn += written.max(LEAST);
        if self.turn >= TURN {
            self.turn = 0;
            tokio::task::yield_now().await;
        }
    }

    /// Whether the bytes are packed.
    pub(super) fn is_gzip(&self) -> bool {
        self.gunzip.is_some()
    }

    /// Bytes after unpacking, so far.
    pub(super) fn unpacked(&self) -> u64 {
        self.unpacked
    }

    /// Gives back what was reserved.
    pub(super) fn release(self, memory: &mut Reservation) {
        if self.gunzip.is_some() {
            memory.shrink(gunzip::MEMORY as u64);
        }
    }

    /// Whether something followed the packed bytes; to be asked at the end.
    pub(super) fn has_garbage(&self) -> bool {
        self.gunzip.as_ref().is_some_and(Gunzip::has_garbage)
    }
}

impl<B> Source<Frames<B>> {
    /// Bytes of the body so far, as sent.
    pub(super) fn received(&self) -> u64 {
        self.chunks.received
    }
}
