//! Everything that a minidump tells before its stacks are walked.
//!
//! Only minidump-processor's walk tells it, so such a walk is begun, with symbols that never come. It stops where it
//! asks for them: at the first frame of each thread that lies in a module. Only frames in no module go on without
//! symbols; a damaged minidump can chain millions of them, so that part of the walk is watched.

use std::future;
use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use breakpad_symbols::{FileError, FileKind, FillSymbolError, FrameSymbolizer, FrameWalker};
use bytes::Bytes;
use minidump::{Minidump, Module};
use minidump_processor::{
    PendingProcessorStatSubscriptions, PendingProcessorStats, ProcessState, ProcessorOptions,
    process_minidump_with_options,
};
use minidump_unwind::SymbolProvider;
use tracing::Span;

use super::budget::Budget;
use crate::error::WalkError;
use crate::fence::{self, Panic};

/// How often to look how far the walk is. Nearly all are over before the first look.
const TICK: Duration = Duration::from_millis(10);

/// Reads the minidump; its threads have their first frames only.
pub(super) fn read(dump: &Minidump<'_, Bytes>, budget: &Budget) -> Result<ProcessState, WalkError> {
    let mut subscriptions = PendingProcessorStatSubscriptions::default();
    subscriptions.unwalked_result = true;
    subscriptions.live_frames = true;
    let stats = PendingProcessorStats::new(subscriptions);
    let begun = thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        let stats = &stats;
        let span = Span::current();
        thread::Builder::new()
            .name("stackwalk-begin".to_owned())
            .spawn_scoped(scope, move || {
                let _entered = span.enter();
                // Its receiver lives until this thread ends.
                let _ = sender.send(fence::catch(|| begin(dump, stats)));
            })?;
        io::Result::Ok(watch(&receiver, stats, budget))
    });
    begun.map_err(|source| WalkError::NoThread { source })?
}

/// Begins the walk, as far as it comes without symbols.
fn begin(dump: &Minidump<'_, Bytes>, stats: &PendingProcessorStats) -> Result<(), WalkError> {
    let mut options = ProcessorOptions::stable_basic();
    options.stat_reporter = Some(stats);
    let walk = pin!(process_minidump_with_options(dump, &NeverAnswers, options));
    match walk.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Err(error)) => Err(WalkError::Unprocessable {
            name: error.name(),
            reason: error.to_string(),
        }),
        Poll::Ready(Ok(_)) | Poll::Pending => Ok(()),
    }
}

type Begun = Result<Result<(), WalkError>, Panic>;

/// Waits for the begun walk, and stops it if it goes on and on.
fn watch(
    receiver: &mpsc::Receiver<Begun>,
    stats: &PendingProcessorStats,
    budget: &Budget,
) -> Result<ProcessState, WalkError> {
    let mut unwalked = None;
    let mut frames = 0;
    let begun = loop {
        match receiver.recv_timeout(TICK) {
            Ok(begun) => break begun,
            Err(RecvTimeoutError::Disconnected) => return Err(no_result()),
            Err(RecvTimeoutError::Timeout) if unwalked.is_some() => stop(stats),
            Err(RecvTimeoutError::Timeout) => {
                stats.drain_new_frames(|_| frames += 1);
                if budget.is_spent_by(frames) {
                    unwalked = stats.take_unwalked_result();
                }
            }
        }
    };
    match (begun, unwalked) {
        (Ok(Err(error)), _) => Err(error),
        // It may have been stopped, as told.
        (_, Some(unwalked)) => Ok(unwalked),
        (Ok(Ok(())), None) => stats.take_unwalked_result().ok_or_else(no_result),
        (Err(panic), None) => Err(panic.into()),
    }
}

/// Lets the begun walk panic, behind its fence, at its next frame: it records the frame under a lock, and insists that
/// nobody panicked with that lock. So somebody does, as soon as there is a frame to look at.
fn stop(stats: &PendingProcessorStats) {
    // What is caught is the panic made here, or the news that it was made before.
    let _ = fence::catch(|| stats.drain_new_frames(|_| std::panic::resume_unwind(Box::new(()))));
}

/// The walk tells its state before it asks for symbols, unless it fails and says so.
fn no_result() -> WalkError {
    WalkError::Panicked {
        location: "unknown place".to_owned(),
        message: "the walk ended without an answer".to_owned(),
    }
}

/// Symbols that never come.
struct NeverAnswers;

#[async_trait]
impl SymbolProvider for NeverAnswers {
    async fn fill_symbol(
        &self,
        _: &(dyn Module + Sync),
        _: &mut (dyn FrameSymbolizer + Send),
    ) -> Result<(), FillSymbolError> {
        future::pending().await
    }

    async fn walk_frame(
        &self,
        _: &(dyn Module + Sync),
        _: &mut (dyn FrameWalker + Send),
    ) -> Option<()> {
        future::pending().await
    }

    async fn get_file_path(
        &self,
        _: &(dyn Module + Sync),
        _: FileKind,
    ) -> Result<PathBuf, FileError> {
        future::pending().await
    }
}
