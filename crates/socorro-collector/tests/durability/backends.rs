//! Storage and queue that fail in the way that a test wants.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::stream::BoxStream;
use socorro_queue::{
    Blame, CrashQueue, DeadLetterCause, DeadLetters, Delivery, Job, Lane, PublishReport,
    QueueDepth, Receipt,
};
use socorro_storage::{
    Error, Subject,
    layer::{Answer, Call, Layer},
};

/// How a backend is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It works.
    Well,
    /// It cannot be reached.
    Down,
    /// Each call takes half a minute, and works.
    Slow,
    /// It refuses what it is given, and always will.
    Refusing,
}

/// Half a minute.
pub(crate) const SLOW: Duration = Duration::from_secs(30);

/// A mood that can be changed from outside.
#[derive(Debug, Clone)]
pub(crate) struct Switch(Arc<Mutex<Mood>>);

impl Switch {
    pub(crate) fn new(mood: Mood) -> Self {
        Self(Arc::new(Mutex::new(mood)))
    }

    pub(crate) fn set(&self, mood: Mood) {
        *self.0.lock().unwrap() = mood;
    }

    fn get(&self) -> Mood {
        *self.0.lock().unwrap()
    }
}

impl Layer for Switch {
    async fn run<V, F, W>(&self, _: &Call, work: F) -> Result<V, Error>
    where
        V: Answer,
        F: Fn() -> W + Send + Sync,
        W: Future<Output = Result<V, Error>> + Send,
    {
        match self.get() {
            Mood::Well => work().await,
            Mood::Down => Err(Error::unavailable("test", "told to be down")),
            Mood::Slow => {
                tokio::time::sleep(SLOW).await;
                work().await
            }
            Mood::Refusing => Err(Error::TooLarge {
                storage: "test".into(),
                what: Box::new(Subject::Storage),
                limit: 1,
            }),
        }
    }

    fn list<'a, V, F>(&'a self, _: &Call, start: F) -> BoxStream<'a, Result<V, Error>>
    where
        V: Clone + Send + Sync + 'a,
        F: Fn(Option<V>) -> Option<BoxStream<'a, Result<V, Error>>> + Send + Sync + 'a,
    {
        start(None).unwrap()
    }
}

/// A queue with a mood.
#[derive(Debug)]
pub(crate) struct MoodyQueue<Q> {
    pub(crate) inner: Q,
    pub(crate) switch: Switch,
    /// After so many publications one is refused; 0 for none.
    pub(crate) refuses_every: usize,
    pub(crate) publications: AtomicUsize,
}

impl<Q> MoodyQueue<Q> {
    async fn mood(&self) -> Result<(), socorro_queue::Error> {
        match self.switch.get() {
            Mood::Well => Ok(()),
            Mood::Slow => {
                tokio::time::sleep(SLOW).await;
                Ok(())
            }
            Mood::Down => Err(socorro_queue::Error::Unavailable {
                queue: "test".to_owned(),
                reason: "told so".to_owned(),
                retry_after: None,
                source: None,
            }),
            Mood::Refusing => Err(denied()),
        }
    }
}

impl<Q: std::fmt::Display> std::fmt::Display for MoodyQueue<Q> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}

fn denied() -> socorro_queue::Error {
    socorro_queue::Error::Denied {
        queue: "test".to_owned(),
        reason: "told so".to_owned(),
        source: None,
    }
}

type Result<V, E = socorro_queue::Error> = std::result::Result<V, E>;

#[async_trait]
impl<Q: CrashQueue> CrashQueue for MoodyQueue<Q> {
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>> {
        self.inner.receive(max, wait).await
    }

    async fn publish(&self, lane: Lane, jobs: &[Job]) -> Result<PublishReport> {
        self.mood().await?;
        let count = 1 + self.publications.fetch_add(1, Ordering::Relaxed);
        if self.refuses_every > 0 && count.is_multiple_of(self.refuses_every) {
            return Err(denied());
        }
        self.inner.publish(lane, jobs).await
    }

    async fn ack(&self, receipt: &Receipt) -> Result<()> {
        self.inner.ack(receipt).await
    }

    async fn nack(&self, receipt: &Receipt, delay: Duration, blame: Blame) -> Result<()> {
        self.inner.nack(receipt, delay, blame).await
    }

    async fn extend(&self, receipt: &Receipt, by: Duration) -> Result<()> {
        self.inner.extend(receipt, by).await
    }

    async fn dead_letter(&self, delivery: &Delivery, cause: &DeadLetterCause) -> Result<()> {
        self.inner.dead_letter(delivery, cause).await
    }

    fn lease(&self) -> Duration {
        self.inner.lease()
    }

    async fn depth(&self) -> Result<Option<QueueDepth>> {
        self.inner.depth().await
    }

    async fn check(&self) -> Result<()> {
        self.mood().await
    }

    fn dead_letters(&self) -> Option<&dyn DeadLetters> {
        self.inner.dead_letters()
    }
}
