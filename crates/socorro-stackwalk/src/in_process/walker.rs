//! The walker that works in the process that asks.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::cancel::cancellation;
use super::progress::Progress;
use super::run::{self, Job};
use crate::annotations::WalkAnnotations;
use crate::error::WalkError;
use crate::report::Stackwalk;
use crate::symbols::{LookUpSymbols, SymbolStore};
use crate::walker::{DumpSource, Stackwalker, WalkOutcome, WalkOutput, WalkRequest};

/// Walks minidumps in this process.
///
/// Each walk has a thread of its own, so the async runtime is never blocked. Panics are caught. A walk whose deadline
/// has passed, or whose caller has gone, ends at its next frame or where it waits for symbols. What cannot be survived
/// in one's own process is an abort: known ways for a minidump to cause one are closed before the walk.
///
/// Must be used within a tokio runtime, of either flavour, with its time driver (and its I/O driver, if there are HTTP
/// symbol sources) enabled.
#[derive(Clone, Debug)]
pub struct InProcessStackwalker {
    symbols: Arc<dyn LookUpSymbols>,
    settings: Settings,
}

/// What a deadline beyond all time amounts to.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How often to look how far a walk is. Most are over before the first look.
const TICK: Duration = Duration::from_millis(10);

/// Frames that a walk may always have beyond its bound: one per thread is found before the bound is felt.
const FRAMES_BEYOND: u64 = 1000;

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
            symbols: Arc::new(SymbolStore::empty()),
            settings: Settings {
                deadline: Duration::from_secs(120),
                max_dump_size: 512 << 20,
                max_frames: 1 << 16,
            },
        }
    }

    /// Takes symbols from `symbols`, which other walkers may share.
    #[must_use]
    pub fn symbols(mut self, symbols: SymbolStore) -> Self {
        self.symbols = Arc::new(symbols);
        self
    }

    /// Takes symbols from wherever `symbols` finds them.
    #[cfg(all(unix, feature = "pool"))]
    pub(crate) fn looking_up(mut self, symbols: Arc<dyn LookUpSymbols>) -> Self {
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

    /// Bounds the frames of all threads together. Default: 65,536.
    ///
    /// Stacks are cut off where the bound is met; a walk that cannot be cut off there is ended with
    /// [`WalkError::TooManyFrames`] at half as many again. An overflow of an 8 MiB stack has some 60,000 frames.
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
    /// walk panics, has too many frames, or the deadline passes.
    pub async fn stackwalk(
        &self,
        dump: impl Into<DumpSource<'_>> + Send,
        annotations: &Map<String, Value>,
    ) -> Result<Stackwalk, WalkError> {
        let now = Instant::now();
        let deadline = now
            .checked_add(self.settings.deadline)
            .unwrap_or(now + FOR_EVER);
        let progress = Arc::new(Progress::new());
        let (cancel_on_drop, cancelled) = cancellation(Arc::clone(&progress));
        let (sender, mut receiver) = oneshot::channel();
        let job = Job {
            dump: dump.into().into(),
            annotations: WalkAnnotations::new(annotations),
            symbols: Arc::clone(&self.symbols),
            settings: self.settings,
            cancelled,
            progress: Arc::clone(&progress),
            runtime: Handle::current(),
        };
        run::spawn(move || job.run(), sender).map_err(|source| WalkError::NoThread { source })?;
        loop {
            let tick = deadline.min(Instant::now() + TICK);
            match timeout_at(tick, &mut receiver).await {
                Ok(answer) => {
                    cancel_on_drop.finish();
                    return answer.unwrap_or_else(|_| Err(no_answer()));
                }
                Err(_) if tick == deadline => {
                    return Err(WalkError::DeadlinePassed {
                        deadline: self.settings.deadline,
                    });
                }
                Err(_) => self.settings.check_frames(progress.frames())?,
            }
        }
    }
}

impl Settings {
    /// Unwinding stops by itself shortly after `max_frames` unless frames follow each other without symbols; such walks
    /// get some more, and then are ended.
    pub(super) fn check_frames(&self, frames: u64) -> Result<(), WalkError> {
        let limit = self
            .max_frames
            .saturating_add(self.max_frames / 2)
            .saturating_add(FRAMES_BEYOND);
        if frames > limit {
            Err(WalkError::TooManyFrames { limit })
        } else {
            Ok(())
        }
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
        match self.stackwalk(request.dump, request.annotations).await {
            Ok(stackwalk) => WalkOutcome {
                exit_code: WalkOutcome::GOOD,
                output: WalkOutput::Json(stackwalk.into_json()),
                log: None,
                symbolication: None,
            },
            Err(error) => error.into(),
        }
    }
}
