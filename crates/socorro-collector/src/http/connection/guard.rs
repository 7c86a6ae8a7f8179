//! A connection as hyper sees it: with every head whole, bounded and unambiguous.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::{Instant, Sleep, sleep},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::{
    framing::Framing,
    head::{HeadLimits, Refusal, Scanner, Seen},
};

/// What hyper gets in place of a head that is refused. The service sees it with a [`Refusal`] at hand.
const REFUSED: &[u8] = b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n";

/// How many bytes of a request that was answered early are still read, so that the client sees the answer instead
/// of a reset, and for how long.
const LINGER_BYTES: usize = 1 << 20;
const LINGER: Duration = Duration::from_secs(1);

/// What the reading side tells the service of the same connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Refused(Arc<Mutex<Option<Refusal>>>);

impl Refused {
    pub(crate) fn take(&self) -> Option<Refusal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, refusal: Refusal) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
    }
}

/// How long a connection may be silent, and how large heads may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GuardLimits {
    pub(crate) head: HeadLimits,
    pub(crate) head_time: Duration,
    pub(crate) keep_alive: Duration,
    /// How long the client may take nothing of an answer.
    pub(crate) write: Duration,
}

#[derive(Debug)]
enum State {
    /// Between two requests, or within a head.
    Head {
        scanner: Scanner,
        /// Whether a client that says nothing more is late, rather than done.
        begun: bool,
    },
    Body(Framing),
    /// No more is read.
    Over,
}

/// A stream between client and hyper.
#[derive(Debug)]
pub(crate) struct Guard<S> {
    stream: S,
    limits: GuardLimits,
    refused: Refused,
    state: State,
    /// Bytes from the client that hyper has not got: of a head that is not complete.
    held: BytesMut,
    /// Bytes for hyper.
    ready: BytesMut,
    /// Runs while a head is awaited.
    head_timer: Option<Pin<Box<Sleep>>>,
    /// Runs while the client takes nothing.
    write_timer: Option<Pin<Box<Sleep>>>,
    stopping: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl State {
    /// Behind a request that was read to its end.
    fn between() -> Self {
        let scanner = Scanner::default();
        Self::Head {
            scanner,
            begun: false,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Guard<S> {
    /// `stopping` ends a connection that waits for a further request.
    pub(crate) fn new(
        stream: S,
        limits: GuardLimits,
        refused: Refused,
        stopping: CancellationToken,
    ) -> Self {
        Self {
            stream,
            limits,
            refused,
            state: State::Head {
                scanner: Scanner::default(),
                begun: true,
            },
            held: BytesMut::new(),
            ready: BytesMut::new(),
            head_timer: None,
            write_timer: None,
            stopping: Box::pin(stopping.cancelled_owned()),
        }
    }

    /// Closes the connection so that the client can read what was written.
    pub(crate) async fn close(mut self) {
        let all_read = matches!(self.state, State::Head { .. }) && self.held.is_empty();
        if self.stream.shutdown().await.is_err() || all_read {
            return;
        }
        let mut buffer = vec![0; 16 << 10];
        let mut rest = LINGER_BYTES;
        let drain = async {
            while let Ok(read @ 1..) = self.stream.read(&mut buffer).await {
                match rest.checked_sub(read) {
                    Some(less) => rest = less,
                    None => break,
                }
            }
        };
        let _ = tokio::time::timeout(LINGER, drain).await;
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.refused.put(refusal);
        self.ready.extend_from_slice(REFUSED);
        self.state = State::Over;
        self.head_timer = None;
    }

    /// Looks for a whole head in what is held, and hands it on with as much of the body as there is.
    fn look(&mut self) {
        let State::Head { scanner, .. } = &mut self.state else {
            return;
        };
        if self.held.starts_with(b"\r") || self.held.starts_with(b"\n") {
            // Clients may send empty lines before a request (RFC 9112, section 2.2).
            let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
            let ends = self.held.iter().take_while(|byte| is_end(byte)).count();
            self.held.advance(ends);
            *scanner = Scanner::default();
        }
        match scanner.look(&self.held, self.limits.head) {
            Seen::Incomplete => {}
            Seen::Refused(refusal) => self.refuse(refusal),
            Seen::Complete(head) => {
                let bytes = self.held.split_to(head.len);
                head.write_to(&bytes, &mut self.ready);
                let mut framing = head.framing;
                let end = framing.advance(&self.held);
                let body = self.held.split_to(end.unwrap_or(self.held.len()));
                self.ready.unsplit(body);
                self.state = if end.is_some() {
                    State::between()
                } else {
                    State::Body(framing)
                };
                self.head_timer = None;
            }
        }
    }

    /// Reads on in a head, with `buffer` as a place to read into.
    fn poll_head(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let State::Head { begun, .. } = &mut self.state else {
            return Poll::Ready(Ok(()));
        };
        let limits = self.limits;
        let limit = if *begun {
            limits.head_time
        } else {
            limits.keep_alive
        };
        let timer = self
            .head_timer
            .get_or_insert_with(|| Box::pin(sleep(limit)));
        let filled = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_pending() {
            let stopping = !*begun && self.stopping.as_mut().poll(context).is_ready();
            if !stopping {
                ready!(timer.as_mut().poll(context));
            }
            if self.held.is_empty() {
                self.state = State::Over;
            } else {
                self.refuse(Refusal::Timeout);
            }
            return Poll::Ready(Ok(()));
        }
        ready!(read)?;
        if !*begun {
            *begun = true;
            timer.as_mut().reset(Instant::now() + limits.head_time);
        }
        if buffer.filled().len() == filled {
            self.state = State::Over;
        }
        self.held.extend_from_slice(&buffer.filled()[filled..]);
        buffer.set_filled(filled);
        self.look();
        Poll::Ready(Ok(()))
    }

    /// Reads on in a body; what comes behind it is held back.
    fn poll_body(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let State::Body(framing) = &mut self.state else {
            return Poll::Ready(Ok(()));
        };
        let filled = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let read = &buffer.filled()[filled..];
        if read.is_empty() {
            self.state = State::Over;
        } else if let Some(end) = framing.advance(read) {
            self.held.extend_from_slice(&read[end..]);
            buffer.set_filled(filled + end);
            self.state = State::between();
        }
        Poll::Ready(Ok(()))
    }

    /// Lets a client that takes nothing for too long be an error.
    fn poll_taken<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write_timer = None;
            return written;
        }
        let limit = self.limits.write;
        let timer = self
            .write_timer
            .get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(timer.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let guard = self.get_mut();
        loop {
            if guard.ready.is_empty() && !guard.held.is_empty() {
                guard.look();
            }
            if !guard.ready.is_empty() {
                let length = guard.ready.len().min(buffer.remaining());
                buffer.put_slice(&guard.ready.split_to(length));
                return Poll::Ready(Ok(()));
            }
            match guard.state {
                State::Head { .. } => ready!(guard.poll_head(context, buffer))?,
                State::Body(_) => return guard.poll_body(context, buffer),
                State::Over => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let guard = self.get_mut();
        let written = Pin::new(&mut guard.stream).poll_write(context, bytes);
        guard.poll_taken(context, written)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let guard = self.get_mut();
        let flushed = Pin::new(&mut guard.stream).poll_flush(context);
        guard.poll_taken(context, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let guard = self.get_mut();
        let written = Pin::new(&mut guard.stream).poll_write_vectored(context, parts);
        guard.poll_taken(context, written)
    }
}
