//! The body of a request, with an eye on the clock and on the number of bytes.

use std::{
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Body as AxumBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::{Timeouts, admission::Admitted, options::limit};
use crate::BodyError;

/// The body of a request. It ends with an error for clients that are too slow, or send too much.
#[derive(Debug)]
pub struct RequestBody {
    body: AxumBody,
    progress: Arc<Progress>,
    admitted: Admitted,
    timeouts: Timeouts,
    limit: u64,
    begun: Instant,
    last: Instant,
    timer: Pin<Box<Sleep>>,
}

/// How far the body of a request was read.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    received: AtomicU64,
    first_byte: OnceLock<Duration>,
    failure: OnceLock<Failure>,
}

/// Why a body was not read to its end, where that is known better here than by whoever reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    Timeout,
    TooLarge,
    Overloaded,
}

impl Progress {
    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    pub(crate) fn first_byte(&self) -> Option<Duration> {
        self.first_byte.get().copied()
    }

    pub(crate) fn failure(&self) -> Option<Failure> {
        self.failure.get().copied()
    }
}

impl RequestBody {
    /// A body of at most `limit` bytes, or any number when that is 0.
    pub(crate) fn new(body: AxumBody, timeouts: Timeouts, limit: u64, admitted: Admitted) -> Self {
        let now = Instant::now();
        let mut this = Self {
            body,
            progress: Arc::default(),
            admitted,
            timeouts,
            limit,
            begun: now,
            last: now,
            timer: Box::pin(sleep_until(now)),
        };
        let deadline = this.deadline();
        this.timer.as_mut().reset(deadline);
        this
    }

    pub(crate) fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    fn deadline(&self) -> Instant {
        let silent = self.last + limit(self.timeouts.silence);
        silent.min(self.begun + limit(self.timeouts.request))
    }

    /// Notes bytes that came.
    fn take(&mut self, bytes: u64) -> Result<(), Failure> {
        self.last = Instant::now();
        let elapsed = self.last - self.begun;
        if bytes > 0 {
            self.progress.first_byte.get_or_init(|| elapsed);
        }
        let received = self.progress.received.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if self.limit > 0 && received > self.limit {
            return Err(Failure::TooLarge);
        }
        let slow = || {
            let wanted = u128::from(self.timeouts.min_rate) * elapsed.as_millis() / 1000;
            elapsed > limit(self.timeouts.min_rate_after) && u128::from(received) < wanted
        };
        if slow() || elapsed > limit(self.timeouts.request) {
            return Err(Failure::Timeout);
        }
        if !self.admitted.cover(received) {
            return Err(Failure::Overloaded);
        }
        Ok(())
    }

    fn fail(&mut self, failure: Failure) -> BodyError {
        let _ = self.progress.failure.set(failure);
        self.body = AxumBody::empty();
        match failure {
            Failure::Timeout => BodyError::Timeout,
            Failure::TooLarge => BodyError::TooLarge,
            Failure::Overloaded => BodyError::Broken("too many bytes at once".into()),
        }
    }

    /// Reads all of it and forgets it, so that clients which do not read before they have sent everything see the
    /// answer.
    pub(crate) async fn discard(mut self) {
        use http_body_util::BodyExt as _;
        while let Some(Ok(_)) = self.frame().await {}
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) else {
            loop {
                ready!(this.timer.as_mut().poll(context));
                let deadline = this.deadline();
                if deadline <= Instant::now() {
                    return Poll::Ready(Some(Err(this.fail(Failure::Timeout))));
                }
                // Bytes came since it was set.
                this.timer.as_mut().reset(deadline);
            }
        };
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                match this.take(bytes as u64) {
                    Ok(()) => Some(Ok(frame)),
                    Err(failure) => Some(Err(this.fail(failure))),
                }
            }
            Some(Err(error)) => {
                this.body = AxumBody::empty();
                Some(Err(BodyError::Broken(error.into_inner())))
            }
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
