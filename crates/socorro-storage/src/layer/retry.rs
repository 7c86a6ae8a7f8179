//! Trying again.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::time::{Instant, sleep};

use super::{Answer, Call, Layer};
use crate::error::{Error, ErrorKind};

/// Repeats calls that failed because of an outage ([`ErrorKind::Unavailable`]), with growing waits.
///
/// Every call of a storage may be repeated, so no call is special. Other errors are given back at
/// once. A storage that asks to be left alone for some time
/// ([`retry_after`](Error::retry_after)) is; when that is longer than there is time, the error is
/// given back at once. A list goes on after its last entry; one of documents is not repeated once
/// it has begun.
///
/// Buckets have a retry of their own inside, for single requests; see
/// [`StorageOptions::max_retries`](crate::StorageOptions::max_retries).
#[derive(Debug, Clone)]
pub struct Retry {
    /// How often a call is made at most, the first time included. Default: 4.
    pub attempts: u32,
    /// The first wait; each further one is twice as long. Default: 200 ms.
    pub first_wait: Duration,
    /// The longest wait, unless the storage asks for a longer one. Default: 10 s.
    pub longest_wait: Duration,
    /// After this time no further attempt begins. Default: 60 s.
    pub give_up_after: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 4,
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(10),
            give_up_after: Duration::from_secs(60),
        }
    }
}

/// The attempts at one call.
#[derive(Debug)]
struct Attempts<'a> {
    retry: &'a Retry,
    begin: Instant,
    made: u32,
}

impl<'a> Attempts<'a> {
    fn of(retry: &'a Retry) -> Self {
        Self {
            retry,
            begin: Instant::now(),
            made: 0,
        }
    }

    /// Waits for the next attempt.
    ///
    /// # Errors
    ///
    /// The one it was given, when there is to be no further attempt.
    async fn after(&mut self, error: Error) -> Result<(), Error> {
        self.made += 1;
        if error.kind() != ErrorKind::Unavailable || self.made >= self.retry.attempts {
            return Err(error);
        }
        let wait = error
            .retry_after()
            .unwrap_or_default()
            .max(self.retry.wait(self.made));
        if self.begin.elapsed() + wait > self.retry.give_up_after {
            return Err(error);
        }
        sleep(wait).await;
        Ok(())
    }
}

impl Retry {
    /// The wait after so many attempts: between half and all of it, so that callers that failed
    /// together do not come back together.
    fn wait(&self, attempts: u32) -> Duration {
        let factor = 2_u32.saturating_pow(attempts.saturating_sub(1));
        let full = self.first_wait.saturating_mul(factor);
        let full = full.min(self.longest_wait);
        // Seeded anew each time, as good as random here.
        let random = RandomState::new().hash_one(attempts) % 1000;
        full.mul_f64(0.5 + random as f64 / 2000.0)
    }
}

impl Layer for Retry {
    async fn run<V, F, W>(&self, _: &Call, work: F) -> Result<V, Error>
    where
        V: Answer,
        F: Fn() -> W + Send + Sync,
        W: Future<Output = Result<V, Error>> + Send,
    {
        let mut attempts = Attempts::of(self);
        loop {
            match work().await {
                Ok(answer) => return Ok(answer),
                Err(error) => attempts.after(error).await?,
            }
        }
    }

    fn list<'a, V, F>(&'a self, _: &Call, start: F) -> BoxStream<'a, Result<V, Error>>
    where
        V: Clone + Send + Sync + 'a,
        F: Fn(Option<V>) -> Option<BoxStream<'a, Result<V, Error>>> + Send + Sync + 'a,
    {
        let list = List {
            entries: start(None),
            start,
            last: None,
            attempts: Attempts::of(self),
        };
        stream::try_unfold(list, |mut list| async move {
            Ok(list.next().await?.map(|entry| (entry, list)))
        })
        .boxed()
    }
}

/// A list under way.
struct List<'a, V, F> {
    entries: Option<BoxStream<'a, Result<V, Error>>>,
    start: F,
    last: Option<V>,
    attempts: Attempts<'a>,
}

impl<'a, V: Clone, F> List<'a, V, F>
where
    F: Fn(Option<V>) -> Option<BoxStream<'a, Result<V, Error>>>,
{
    async fn next(&mut self) -> Result<Option<V>, Error> {
        while let Some(entries) = &mut self.entries {
            match entries.next().await {
                None => break,
                Some(Ok(entry)) => {
                    self.last = Some(entry.clone());
                    // It works again, so the next failure is a new one.
                    self.attempts = Attempts::of(self.attempts.retry);
                    return Ok(Some(entry));
                }
                Some(Err(error)) => {
                    let Some(again) = (self.start)(self.last.clone()) else {
                        return Err(error);
                    };
                    self.attempts.after(error).await?;
                    self.entries = Some(again);
                }
            }
        }
        Ok(None)
    }
}
