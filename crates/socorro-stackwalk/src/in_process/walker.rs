//! The walker that works in the process that asks.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::cancel::cancellation;
use super::run::{self, Job};
use crate::annotations::WalkAnnotations;
use crate::error::WalkError;
use crate::report::Stackwalk;
use crate::symbols::SymbolStore;
use crate::walker::{DumpSource, Stackwalker, WalkOutcome, WalkOutput, WalkRequest};

/// Walks minidumps in this process.
///
/// Each walk has a thread of its own, so the async runtime is never blocked. Panics are caught. A walk whose deadline
/// has passed, or whose caller has gone, ends at its next look for symbols. What cannot be survived in one's own process
/// is an abort: known ways for a minidump to cause one are closed before the walk.
///
/// Must be used within a tokio runtime, of either flavour, with its time driver (and its I/O driver, if there are HTTP
/// symbol sources) enabled.
#[derive(Clone, Debug)]
pub struct InProcessStackwalker {
    symbols: SymbolStore,
    settings: Settings,
}

/// What a walk may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) deadline: Duration,
    pub(super) max_dump_size: u64,
    pub(super) max_frames: u64,
}

impl Default for InProcessStackwalker {
    fn default() -> Self {
        Self::new()
    }
}

impl InProcessStackwalker {
    /// A walker without symbols, with default bounds.
    pub fn new() -> Self {
        Self {
            symbols: SymbolStore::empty(),
            settings: Settings {
                deadline: Duration::from_secs(120),
                max_dump_size: 512 << 20,
                max_frames: 100_000,
            },
        }
    }

    /// Takes symbols from `symbols`, which other walkers may share.
    #[must_use]
    pub fn symbols(mut self, symbols: SymbolStore) -> Self {
        self.symbols = symbols;
        self
    }

    /// Bounds the time of one walk, loading of symbols included. Default: 120 seconds.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.settings.deadline = deadline;
        self
    }

    /// Bounds the size of a minidump, in bytes. Default: 512 MiB.
    #[must_use]
    pub fn max_dump_size(mut self, bytes: u64) -> Self {
        self.settings.max_dump_size = bytes;
        self
    }

    /// Bounds the frames of all threads together. Default: 100,000.
    ///
    /// Stacks are cut off where the bound is met: an overflow of an 8 MiB stack has some 60,000 frames.
    #[must_use]
    pub fn max_frames(mut self, frames: u64) -> Self {
        self.settings.max_frames = frames;
        self
    }

    /// Walks the stacks of one minidump.
    ///
    /// # Errors
    ///
    /// When the minidump cannot be read, is too large or not one, lacks its thread list or system information, when the
    /// walk panics or the deadline passes.
    pub async fn stackwalk(
        &self,
        dump: impl Into<DumpSource<'_>> + Send,
        annotations: &Map<String, Value>,
    ) -> Result<Stackwalk, WalkError> {
        let (cancel_on_drop, cancelled) = cancellation();
        let (sender, receiver) = oneshot::channel();
        let job = Job {
            dump: dump.into().into(),
            annotations: WalkAnnotations::new(annotations),
            symbols: self.symbols.clone(),
            settings: self.settings,
            cancelled,
            runtime: Handle::current(),
        };
        run::spawn(move || job.run(), sender).map_err(|source| WalkError::NoThread { source })?;
        let result = tokio::time::timeout(self.settings.deadline, receiver).await;
        drop(cancel_on_drop);
        match result {
            Ok(Ok(result)) => result,
            // The thread only goes without an answer when it is told to, which is below; or when it cannot unwind.
            Ok(Err(_)) => Err(WalkError::Panicked {
                location: "unknown place".to_owned(),
                message: "the walk ended without an answer".to_owned(),
            }),
            Err(_) => Err(WalkError::DeadlinePassed {
                deadline: self.settings.deadline,
            }),
        }
    }
}

#[async_trait]
impl Stackwalker for InProcessStackwalker {
    fn version(&self) -> String {
        concat!("socorro-stackwalk ", env!("CARGO_PKG_VERSION")).to_owned()
    }

    async fn walk(&self, request: WalkRequest<'_>) -> WalkOutcome {
        match self.stackwalk(request.dump, request.annotations).await {
            Ok(stackwalk) => WalkOutcome {
                exit_code: WalkOutcome::GOOD,
                output: WalkOutput::Json(stackwalk.into_json()),
                log: None,
            },
            Err(error) => error.into(),
        }
    }
}
