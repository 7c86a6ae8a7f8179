//! The walker that works in the process that asks.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value};
use tokio::runtime::Handle;
#[cfg(all(unix, feature = "pool"))]
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::time::timeout_at;

use super::budget::Budget;
use super::run::{self, Job};
use crate::annotations::WalkAnnotations;
use crate::dump::OwnedDump;
use crate::error::WalkError;
use crate::report::Stackwalk;
use crate::symbols::{LookUpSymbols, SymbolStore};
use crate::walked::Walked;
use crate::walker::{DumpSource, Stackwalker, WalkOutcome, WalkRequest};

/// Walks minidumps in this process.
///
/// Each walk has a thread of its own, so the async runtime is never blocked. Panics are caught. A walk whose deadline
/// has passed, or whose caller has gone, ends at its next frame or where it waits for symbols; what it found until then
/// is [kept](Walked::partial). What cannot be survived in one's own process is an abort: known ways for a minidump to
/// cause one are closed before the walk.
///
/// Minidumps in files are mapped into memory: a file must not be cut off while it is walked.
///
/// Must be used within a tokio runtime, of either flavour, with its time driver (and its I/O driver, if there are HTTP
/// symbol sources) enabled.
#[derive(Clone, Debug)]
pub struct InProcessStackwalker {
    symbols: Arc<dyn LookUpSymbols>,
    settings: Settings,
}

/// How much longer than its deadline a walk may take until its caller gives it up without a result. It is for what
/// cannot be interrupted: reading the minidump, and unwinding one frame.
const GRACE: Duration = Duration::from_secs(5);

/// What a walk may take.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "pool", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Settings {
    pub(crate) deadline: Duration,
    pub(crate) max_dump_size: u64,
    pub(crate) max_frames: u64,
    pub(crate) frames_per_thread: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(120),
            max_dump_size: 4 << 30,
            max_frames: 1 << 16,
            frames_per_thread: usize::MAX,
        }
    }
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
            symbols: Arc::new(SymbolStore::empty()),
            settings: Settings::default(),
        }
    }

    /// Takes symbols from `symbols`, which other walkers may share.
    #[must_use]
    pub fn symbols(mut self, symbols: SymbolStore) -> Self {
        self.symbols = Arc::new(symbols);
        self
    }

    /// Bounds the time of one walk, loading of symbols included. Default: 120 seconds.
    ///
    /// A walk that takes longer has a [partial result](Walked::partial).
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.settings.deadline = deadline;
        self
    }

    /// Bounds the size of a minidump, in bytes. Default: 4 GiB.
    #[must_use]
    pub fn max_dump_size(mut self, bytes: u64) -> Self {
        self.settings.max_dump_size = bytes;
        self
    }

    /// Bounds the frames of all threads together, and so the memory of a walk: some kilobytes for each. Default: 65,536.
    ///
    /// A walk that meets the bound has a [partial result](Walked::partial). An overflow of an 8 MiB stack has some
    /// 60,000 frames.
    #[must_use]
    pub fn max_frames(mut self, frames: u64) -> Self {
        self.settings.max_frames = frames;
        self
    }

    /// Bounds the frames of one thread in the document. Default: all are there, as in the reference.
    ///
    /// Of a thread with more frames, the first and the last half are kept. `frame` is the true number of each, and
    /// `frame_count` the true count.
    #[must_use]
    pub fn frames_per_thread(mut self, frames: usize) -> Self {
        self.settings.frames_per_thread = frames;
        self
    }

    /// Walks the stacks of one minidump.
    ///
    /// # Errors
    ///
    /// When the minidump cannot be read, is too large or not one, lacks its thread list or system information, or when
    /// the walk panics. A passed deadline is an error only if not even the minidump was read until then.
    pub async fn stackwalk(
        &self,
        dump: impl Into<DumpSource<'_>> + Send,
        annotations: &Map<String, Value>,
    ) -> Result<Stackwalk, WalkError> {
        self.run(dump.into(), annotations, |walked| walked.to_stackwalk())
            .await
    }

    /// Walks the stacks of one minidump, as [`stackwalk`](Self::stackwalk) does, and leaves it to the caller what
    /// becomes of the result.
    ///
    /// # Errors
    ///
    /// As for [`stackwalk`](Self::stackwalk).
    pub async fn walked(
        &self,
        dump: impl Into<DumpSource<'_>> + Send,
        annotations: &Map<String, Value>,
    ) -> Result<Walked, WalkError> {
        self.run(dump.into(), annotations, |walked| walked).await
    }

    /// A walker with these settings that takes symbols from wherever `symbols` finds them.
    #[cfg(all(unix, feature = "pool"))]
    pub(crate) fn with(settings: Settings, symbols: Arc<dyn LookUpSymbols>) -> Self {
        Self { symbols, settings }
    }

    /// Walks on a thread of its own; `finish` runs there, too.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        dump: impl Into<OwnedDump>,
        annotations: &Map<String, Value>,
        finish: impl FnOnce(Walked) -> T + Send + 'static,
    ) -> Result<T, WalkError> {
        let job = self.job(dump.into(), annotations);
        let budget = Arc::clone(&job.budget);
        let _cancel_on_drop = CancelOnDrop(Arc::clone(&budget));
        let (sender, receiver) = oneshot::channel();
        let runtime = Handle::current();
        run::spawn(move || job.run(&runtime).map(finish), sender)
            .map_err(|source| WalkError::NoThread { source })?;
        match timeout_at(budget.deadline() + GRACE, receiver).await {
            Ok(answer) => answer.unwrap_or_else(|_| Err(no_answer())),
            Err(_) => Err(WalkError::DeadlinePassed {
                deadline: self.settings.deadline,
            }),
        }
    }

    /// Walks on this thread, which should have a stack of [`run::STACK_SIZE`] and must not be one of a runtime. What
    /// cannot be interrupted is not given up.
    #[cfg(all(unix, feature = "pool"))]
    pub(crate) fn run_here<T>(
        &self,
        runtime: &Runtime,
        dump: OwnedDump,
        annotations: &Map<String, Value>,
        finish: impl FnOnce(Walked) -> T,
    ) -> Result<T, WalkError> {
        let job = self.job(dump, annotations);
        run::fenced(move || job.run(runtime).map(finish))
    }

    fn job(&self, dump: OwnedDump, annotations: &Map<String, Value>) -> Job {
        let Settings {
            deadline,
            max_frames,
            ..
        } = self.settings;
        Job {
            dump,
            annotations: WalkAnnotations::new(annotations),
            symbols: Arc::clone(&self.symbols),
            settings: self.settings,
            budget: Arc::new(Budget::new(deadline, max_frames)),
        }
    }
}

/// Stops the walk when its caller goes, which changes nothing for one that has come to its end.
struct CancelOnDrop(Arc<Budget>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// The thread of a walk answers in all cases, panics included, unless the program was built so that panics abort.
fn no_answer() -> WalkError {
    WalkError::Panicked {
        location: "unknown place".to_owned(),
        message: "the walk ended without an answer".to_owned(),
    }
}

#[async_trait]
impl Stackwalker for InProcessStackwalker {
    fn version(&self) -> String {
        concat!("socorro-stackwalk ", env!("CARGO_PKG_VERSION")).to_owned()
    }

    async fn walk(&self, request: WalkRequest<'_>) -> WalkOutcome {
        let walked = self
            .run(request.dump, request.annotations, |walked| {
                WalkOutcome::from(&walked)
            })
            .await;
        walked.unwrap_or_else(WalkOutcome::from)
    }
}
