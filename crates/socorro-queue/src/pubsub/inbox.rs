//! The streams and the clock behind a Pub/Sub queue.

use std::{
    future::Future as _,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, Waker},
    time::Duration,
};

use google_cloud_pubsub::subscriber::{MessageStream, ShutdownToken};
use socorro_core::Environment;
use tokio::{sync::Notify, time::Instant};

use super::{
    client::Client,
    state::{Ending, State, Stream},
    taken::{Slot, Taken},
};
use crate::{envelope::Envelope, error::Error, lane::Lane, limits::MAX_HOLD};

/// How long a pause waits until the service has heard of everything.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// How often a receiver to whom nothing comes asks whether the service is there at all.
const CHECK_INTERVAL: Duration = Duration::from_secs(30);

/// Brings messages here when somebody wants to receive, and sends them back when their time is up.
#[derive(Debug)]
pub(super) struct Inbox {
    pub(super) client: Client,
    state: Mutex<State>,
    /// Woken when something may be received, or a stream failed.
    pub(super) changed: Notify,
    /// Woken when the end of some time is set.
    deadline_set: Notify,
    /// When the service last said that the subscriptions are there.
    checked_at: Mutex<Option<Instant>>,
    lease: Duration,
    environment: Environment,
}

impl Inbox {
    pub(super) fn new(client: Client, lease: Duration, environment: Environment) -> Self {
        Self {
            client,
            state: Mutex::default(),
            changed: Notify::new(),
            deadline_set: Notify::new(),
            checked_at: Mutex::default(),
            lease,
            environment,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn checked_at(&self) -> MutexGuard<'_, Option<Instant>> {
        self.checked_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Lends up to `max` messages that are here. If there are none, sees to it that others come: at
    /// most `max` of each lane.
    pub(super) fn take(self: &Arc<Self>, max: usize) -> Result<Vec<(u64, Envelope)>, Error> {
        let mut state = self.state();
        let mut taken = Vec::new();
        while taken.len() < max {
            let Some((number, lent)) = state.lend(self.lease) else {
                break;
            };
            taken.push((number, lent.envelope.clone()));
        }
        if let Some(error) = state.take_failure() {
            if taken.is_empty() {
                return Err(error);
            }
            // The messages are more important; the stream will fail again.
            tracing::warn!(%error, "a stream of the queue failed");
        }
        if taken.is_empty() {
            for lane in Lane::ALL {
                let capacity = state.missing_capacity(lane, max);
                if capacity > 0
                    && let Some(stream) = self.client.stream(lane, capacity, self.lease)
                {
                    state.add_stream(lane, self.feed_from(stream, lane, capacity));
                }
            }
        }
        self.deadline_set.notify_one();
        Ok(taken)
    }

    /// Reads a stream as long as it goes.
    fn feed_from(
        self: &Arc<Self>,
        mut stream: MessageStream,
        lane: Lane,
        capacity: usize,
    ) -> Stream {
        let slots = Slot::default();
        let weak = Arc::downgrade(&slots);
        let shutdown = stream.shutdown_token();
        let inbox = Arc::clone(self);
        let task = tokio::spawn(async move {
            while let Some(next) = stream.next().await {
                // Without its slots the stream has been closed.
                let Some(slot) = Weak::upgrade(&weak) else {
                    return;
                };
                match next {
                    Ok((message, handler)) => {
                        let now = inbox.environment.now();
                        let taken = Taken::new(lane, message, handler, slot, now);
                        let wait = taken.envelope.wait(now).min(MAX_HOLD);
                        inbox.state().arrive(taken, wait);
                        inbox.deadline_set.notify_one();
                    }
                    Err(error) => {
                        let error = inbox.client.stream_error(lane, error);
                        inbox.state().fail(lane, &weak, error);
                    }
                }
                inbox.changed.notify_waiters();
            }
        });
        Stream::new(capacity, slots, task.abort_handle(), shutdown)
    }

    /// Makes sure that somebody is there who could send something. The streams do not tell: they try
    /// for ever to reach the service.
    pub(super) async fn check_now_and_then(&self) -> Result<(), Error> {
        let checked_at = *self.checked_at();
        if checked_at.is_some_and(|at| at.elapsed() < CHECK_INTERVAL) {
            return Ok(());
        }
        self.client.check_subscriptions().await?;
        *self.checked_at() = Some(Instant::now());
        Ok(())
    }

    /// Lets leases and delays end in time, for ever.
    pub(super) async fn keep_time(self: Arc<Self>) {
        loop {
            let (next, arrived) = self.state().pass_time(Instant::now());
            if arrived {
                self.changed.notify_waiters();
            }
            let next_end = async {
                match next {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.deadline_set.notified() => {}
                () = next_end => {}
            }
        }
    }

    /// What is known of a message on loan.
    pub(super) fn envelope(&self, number: u64) -> Option<Envelope> {
        let state = self.state();
        state.held(number).map(|taken| taken.envelope.clone())
    }

    /// Takes a message back from its receiver.
    pub(super) fn release(&self, number: u64) -> Option<Taken> {
        self.state().release(number)
    }

    /// Moves the end of a loan; says whether there is one.
    pub(super) fn extend(&self, number: u64, by: Duration) -> bool {
        let held = self.state().extend(number, by);
        self.deadline_set.notify_one();
        held
    }

    /// How a message ended, if that is known still.
    pub(super) fn ended(&self, number: u64) -> Option<Ending> {
        self.state().ended(number)
    }

    pub(super) fn remember(&self, number: u64, ending: Ending) {
        self.state().remember(number, ending);
    }

    /// Returns everything that nobody has received, and waits a moment until the service knows.
    pub(super) async fn pause(&self) {
        let closing = {
            let mut state = self.state();
            state.pause();
            std::mem::take(state.closing())
        };
        if closing.is_empty() {
            return;
        }
        self.client.renew_connection().await;
        let flushed = async {
            for token in &closing {
                token.shutdown().await;
            }
        };
        if tokio::time::timeout(FLUSH_TIMEOUT, flushed).await.is_err() {
            // Messages on loan keep their streams; the next pause may see them end.
            let left = closing.into_iter().filter(|token| !is_done(token));
            self.state().closing().extend(left);
        }
    }

    /// Returns everything at once.
    pub(super) fn close(&self) {
        self.state().drop_everything();
    }
}

/// Whether a stream that was closed has nothing to tell the service any more.
fn is_done(token: &ShutdownToken) -> bool {
    let done = pin!(token.shutdown()).poll(&mut Context::from_waker(Waker::noop()));
    matches!(done, Poll::Ready(()))
}
