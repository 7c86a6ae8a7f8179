//! Offering a crash to one destination.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use socorro_core::{CrashId, ProcessedCrash};
use tokio::time::{Instant, sleep, timeout};

use super::{DestinationError, Entry};
use crate::{metrics, worker::fence};

/// The longest rest that a destination may ask for.
const LONGEST_REST: Duration = Duration::from_secs(60 * 60);

/// Whether a destination is in order, as far as is known here.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<State>);

#[derive(Debug, Clone, Copy, Default)]
enum State {
    #[default]
    Fine,
    /// It was out of order, and is left alone until then.
    RestsUntil(Instant),
}

impl Health {
    /// How long it has to be left alone yet; `None` when it is in order.
    pub(super) fn rest(&self) -> Option<Duration> {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Fine => None,
            State::RestsUntil(end) => Some(end.saturating_duration_since(Instant::now())),
        }
    }

    fn set(&self, state: State) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

impl Entry {
    /// Offers a crash, several times if need be. Says why it was not taken.
    pub(super) async fn deliver(
        &self,
        id: &CrashId,
        crash: &ProcessedCrash,
    ) -> Result<(), DestinationError> {
        let tries = match self.health.rest() {
            None => self.options.tries.max(1),
            Some(rest) if rest.is_zero() => 1,
            Some(_) => return Err(self.unavailable("left alone for a while after an outage")),
        };
        let mut delay = self.options.retry_delay;
        let mut made = 1;
        loop {
            let Err(error) = self.offer(id, crash).await else {
                return Ok(());
            };
            let asks_for_rest = error.retry_after().is_some_and(|asked| asked > delay);
            if made >= tries || asks_for_rest || !error.is_temporary() {
                self.leave_alone(&error);
                return Err(error);
            }
            tracing::debug!(destination = self.name, %error, ?delay, "not taken yet");
            metrics::RETRIES.count(&[("op", "destination".into())]);
            sleep(delay).await;
            delay = delay.saturating_mul(2);
            made += 1;
        }
    }

    /// Offers a crash once.
    pub(super) async fn offer(
        &self,
        id: &CrashId,
        crash: &ProcessedCrash,
    ) -> Result<(), DestinationError> {
        let limit = self.options.timeout;
        let started = Instant::now();
        let take = fence(async { self.destination.take(id, crash).await });
        let result = match timeout(limit, take).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(DestinationError::Panicked {
                destination: self.destination.to_string(),
            }),
            Err(_) => Err(self.unavailable(&format!("no answer within {limit:?}"))),
        };
        if result.is_ok() {
            metrics::DESTINATION_SAVE.time_of(&self.name, started.elapsed());
            self.health.set(State::Fine);
        }
        result
    }

    /// Lets the destination rest after an outage.
    pub(super) fn leave_alone(&self, error: &DestinationError) {
        if error.is_temporary() {
            let asked = error.retry_after().unwrap_or_default();
            let rest = asked.max(self.options.rest).min(LONGEST_REST);
            self.health.set(State::RestsUntil(Instant::now() + rest));
        }
    }

    fn unavailable(&self, reason: &str) -> DestinationError {
        DestinationError::unavailable(self.destination.to_string(), reason)
    }
}
