//! Refusing to write.

use futures::stream::{self, BoxStream, StreamExt as _};

use super::{Answer, Call, Layer};
use crate::error::Error;

/// Refuses to write and to delete, with [`Error::ReadOnly`]; reading works.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadOnly;

impl Layer for ReadOnly {
    async fn run<V, F, W>(&self, call: &Call, work: F) -> Result<V, Error>
    where
        V: Answer,
        F: Fn() -> W + Send + Sync,
        W: Future<Output = Result<V, Error>> + Send,
    {
        if call.operation.writes() {
            let what = Box::new(call.subject.clone());
            return Err(Error::ReadOnly { what });
        }
        work().await
    }

    fn list<'a, V, F>(&'a self, _: &Call, start: F) -> BoxStream<'a, Result<V, Error>>
    where
        V: Clone + Send + Sync + 'a,
        F: Fn(Option<V>) -> Option<BoxStream<'a, Result<V, Error>>> + Send + Sync + 'a,
    {
        start(None).unwrap_or_else(|| stream::empty().boxed())
    }
}
