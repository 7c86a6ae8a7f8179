//! Requests that wait for messages, one for each lane at most.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use socorro_core::time::Timestamp;
use tokio::{sync::Notify, time::Instant};

use super::client::{Arrived, Client};
use crate::{error::Error, lane::Lane};

/// Requests that wait for messages, and what they have brought.
///
/// A request is never called off: the service might just be answering it, and the message would be
/// nobody's until its lease ends. Each asks for one message, so that not much can be brought that
/// nobody wants any more.
#[derive(Debug, Default)]
pub(super) struct Polls {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    asking: [bool; 3],
    arrived: VecDeque<(Arrived, Instant)>,
    failure: Option<Error>,
}

impl Polls {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what came meanwhile, as far as its lease goes on.
    pub(super) fn take(&self, max: usize) -> Vec<(Arrived, Instant)> {
        let mut state = self.state();
        let now = Instant::now();
        state.arrived.retain(|(_, lease_ends)| *lease_ends > now);
        let count = max.min(state.arrived.len());
        state.arrived.drain(..count).collect()
    }

    pub(super) fn is_asking(&self, lane: Lane) -> bool {
        self.state().asking[lane.index()]
    }

    /// Has every lane asked that is not being asked yet.
    pub(super) fn ask(
        self: &Arc<Self>,
        client: &Arc<Client>,
        lease: Duration,
        wait: Duration,
        now: impl Fn() -> Timestamp,
    ) {
        for lane in Lane::ALL {
            if std::mem::replace(&mut self.state().asking[lane.index()], true) {
                continue;
            }
            let (polls, client, now) = (Arc::clone(self), Arc::clone(client), now());
            tokio::spawn(async move {
                let answer = client.receive(lane, 1, lease, wait, now).await;
                polls.answered(lane, lease, answer);
            });
        }
    }

    fn answered(&self, lane: Lane, lease: Duration, answer: Result<Vec<Arrived>, Error>) {
        let mut state = self.state();
        state.asking[lane.index()] = false;
        match answer {
            Ok(messages) => {
                let early = (lease / 10).min(Duration::from_secs(1));
                let lease_ends = Instant::now() + lease - early;
                let messages = messages.into_iter();
                state
                    .arrived
                    .extend(messages.map(|message| (message, lease_ends)));
            }
            Err(error) => state.failure = Some(error),
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Waits until something came or nothing is waited for any more.
    pub(super) async fn wait(&self, give_up_at: Instant) -> Result<(), Error> {
        loop {
            // Listen before looking: what arrives in between must not be missed.
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            {
                let mut state = self.state();
                if let Some(error) = state.failure.take() {
                    return Err(error);
                }
                if !state.arrived.is_empty() || state.asking == [false; 3] {
                    return Ok(());
                }
            }
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(give_up_at) => return Ok(()),
            }
        }
    }
}
