//! Telling how calls went.

use std::{fmt, time::Duration};

use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::time::Instant;

use super::{Answer, Call, Layer, Operation};
use crate::error::{Error, ErrorKind};

/// Whoever wants to know how calls went, such as the metrics of a program.
pub trait Observer: fmt::Debug + Send + Sync + 'static {
    /// Called once at the end of each call. It must not block: it runs on the threads that do the
    /// work.
    fn observe(&self, observation: &Observation);
}

/// How a call went.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Observation {
    /// Which method.
    pub operation: Operation,
    /// How it ended.
    pub outcome: Outcome,
    /// How many bytes of dumps, documents or processed crash were read or written by a call that
    /// succeeded. `None` where the storage does not tell, as when it reads a raw crash.
    pub bytes: Option<u64>,
    /// How long it took. Of a list, with the time its reader took.
    pub duration: Duration,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// With an answer; of a list, with its end.
    Success,
    /// With an error. *Not found* is often no trouble at all.
    Failure(ErrorKind),
    /// The caller went away before.
    Abandoned,
}

/// Tells an [`Observer`] how each call went.
#[derive(Debug)]
pub struct Observe<O> {
    observer: O,
}

impl<O: Observer> Observe<O> {
    /// Tells `observer`.
    pub fn with(observer: O) -> Self {
        Self { observer }
    }

    /// Whom it tells.
    pub fn observer(&self) -> &O {
        &self.observer
    }

    fn begin(&self, call: &Call) -> Pending<'_, O> {
        let observation = Observation {
            operation: call.operation,
            outcome: Outcome::Abandoned,
            bytes: None,
            duration: Duration::ZERO,
        };
        Pending {
            observer: &self.observer,
            begin: Instant::now(),
            observation,
        }
    }
}

/// Tells at its end, whichever way it comes.
struct Pending<'a, O: Observer> {
    observer: &'a O,
    begin: Instant,
    observation: Observation,
}

impl<O: Observer> Pending<'_, O> {
    fn failed(&mut self, error: &Error) {
        self.observation.outcome = Outcome::Failure(error.kind());
    }
}

impl<O: Observer> Drop for Pending<'_, O> {
    fn drop(&mut self) {
        self.observation.duration = self.begin.elapsed();
        self.observer.observe(&self.observation);
    }
}

impl<O: Observer> Layer for Observe<O> {
    async fn run<V, F, W>(&self, call: &Call, work: F) -> Result<V, Error>
    where
        V: Answer,
        F: Fn() -> W + Send + Sync,
        W: Future<Output = Result<V, Error>> + Send,
    {
        let mut pending = self.begin(call);
        let result = work().await;
        match &result {
            Ok(answer) => {
                pending.observation.outcome = Outcome::Success;
                pending.observation.bytes = answer.bytes().or(call.bytes);
            }
            Err(error) => pending.failed(error),
        }
        result
    }

    fn list<'a, V, F>(&'a self, call: &Call, start: F) -> BoxStream<'a, Result<V, Error>>
    where
        V: Clone + Send + Sync + 'a,
        F: Fn(Option<V>) -> Option<BoxStream<'a, Result<V, Error>>> + Send + Sync + 'a,
    {
        let entries = start(None).unwrap_or_else(|| stream::empty().boxed());
        let state = (entries, self.begin(call));
        stream::unfold(state, |(mut entries, mut pending)| async move {
            let entry = entries.next().await;
            match &entry {
                None => pending.observation.outcome = Outcome::Success,
                Some(Err(error)) => pending.failed(error),
                Some(Ok(_)) => {}
            }
            entry.map(|entry| (entry, (entries, pending)))
        })
        .boxed()
    }
}
