//! Bounding how much happens at the same time.

use futures::stream::{self, BoxStream, StreamExt as _};
use tokio::sync::Semaphore;

use super::{Answer, Call, Layer};
use crate::error::Error;

/// Lets only so many calls through at the same time; the others wait their turn.
///
/// A list counts while the next entry is awaited, not while its reader does something else, so a
/// reader may use the same storage for every entry.
#[derive(Debug)]
pub struct Limit {
    permits: Semaphore,
}

impl Limit {
    /// At most `calls` at the same time; none counts as one.
    #[must_use]
    pub fn new(calls: usize) -> Self {
        Self {
            permits: Semaphore::new(calls.clamp(1, Semaphore::MAX_PERMITS)),
        }
    }
}

impl Layer for Limit {
    async fn run<V, F, W>(&self, _: &Call, work: F) -> Result<V, Error>
    where
        V: Answer,
        F: Fn() -> W + Send + Sync,
        W: Future<Output = Result<V, Error>> + Send,
    {
        // The semaphore is never closed.
        let _permit = self.permits.acquire().await;
        work().await
    }

    fn list<'a, V, F>(&'a self, _: &Call, start: F) -> BoxStream<'a, Result<V, Error>>
    where
        V: Clone + Send + Sync + 'a,
        F: Fn(Option<V>) -> Option<BoxStream<'a, Result<V, Error>>> + Send + Sync + 'a,
    {
        let entries = start(None).unwrap_or_else(|| stream::empty().boxed());
        stream::unfold(entries, move |mut entries| async move {
            let _permit = self.permits.acquire().await;
            let entry = entries.next().await?;
            Some((entry, entries))
        })
        .boxed()
    }
}
