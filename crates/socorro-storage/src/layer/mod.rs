//! Layers: what is put around any storage.
//!
//! [`Layered`] is a storage that sends every call through a [`Layer`] to the storage inside.
//!
//! | layer | does |
//! |---|---|
//! | [`Retry`] | repeats what failed because of an outage, for a while |
//! | [`Limit`] | lets only so many calls through at the same time |
//! | [`Observe`] | tells an [`Observer`] how each call went, for metrics |
//! | [`ReadOnly`] | refuses to write and delete |
//!
//! Two more have a form of their own: [`FanOut`](crate::FanOut) writes to several storages, and
//! [`ObjectStorage::below`](crate::ObjectStorage::below) uses a part of one.
//!
//! ```
//! use socorro_storage::{
//!     CrashStorage, ErrorKind, DocumentKey, ObjectStorage, StorageOptions,
//!     layer::{Layered, Limit, ReadOnly, Retry},
//! };
//! use socorro_core::{CrashId, time::Date};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let storage = ObjectStorage::memory(StorageOptions::default());
//! let storage = Layered::new(storage, Retry::default());
//! let storage = Layered::new(storage, Limit::new(16));
//! storage.check().await?;
//!
//! let storage = Layered::new(storage, ReadOnly);
//! let day = Date::constant(2026, 11, 23);
//! let key = DocumentKey::dead_letter(day, &CrashId::mint(day, 0));
//! let error = storage.save_document(&key, "{}".into()).await.unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Denied);
//! # Ok(())
//! # }
//! ```

mod call;
mod limit;
mod observe;
mod read_only;
mod retry;
mod storage;

use std::{fmt, sync::Arc};

use futures::stream::BoxStream;

pub use self::{
    call::{Answer, Call, Operation},
    limit::Limit,
    observe::{Observation, Observe, Observer, Outcome},
    read_only::ReadOnly,
    retry::Retry,
};
use crate::{error::Error, storage::CrashStorage};

/// What happens around each call of a storage.
pub trait Layer: fmt::Debug + Send + Sync + 'static {
    /// Answers one call. `work` passes it on, each time it is called.
    ///
    /// # Errors
    ///
    /// Those of the call, and whatever the layer has to say.
    fn run<V, F, W>(&self, call: &Call, work: F) -> impl Future<Output = Result<V, Error>> + Send
    where
        V: Answer,
        F: Fn() -> W + Send + Sync,
        W: Future<Output = Result<V, Error>> + Send;

    /// Answers a call whose answer is a list. `start` passes it on, where that can be said from
    /// after an entry on; otherwise it gives `None` when asked to.
    fn list<'a, V, F>(&'a self, call: &Call, start: F) -> BoxStream<'a, Result<V, Error>>
    where
        V: Clone + Send + Sync + 'a,
        F: Fn(Option<V>) -> Option<BoxStream<'a, Result<V, Error>>> + Send + Sync + 'a;
}

/// A storage with a layer around it.
pub struct Layered<L> {
    layer: L,
    inner: Arc<dyn CrashStorage>,
}

impl<L: Layer> Layered<L> {
    /// Puts a layer around a storage.
    pub fn new(storage: impl CrashStorage, layer: L) -> Self {
        Self {
            layer,
            inner: Arc::new(storage),
        }
    }

    /// The layer.
    pub fn layer(&self) -> &L {
        &self.layer
    }

    /// The storage inside.
    pub fn inner(&self) -> &Arc<dyn CrashStorage> {
        &self.inner
    }
}

impl<L: Layer> fmt::Debug for Layered<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layered")
            .field("layer", &self.layer)
            .field("inner", &self.inner)
            .finish()
    }
}

/// The name of the storage inside.
impl<L> fmt::Display for Layered<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
