//! One walk, from bytes to document, on its own thread.

use std::future::poll_fn;
use std::io;
use std::ops::Deref;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::thread;

use minidump::Minidump;
use minidump_processor::{ProcessState, ProcessorOptions, process_minidump_with_options};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tracing::Span;

use super::cancel::Cancelled;
use super::progress::Progress;
use super::walker::Settings;
use crate::annotations::WalkAnnotations;
use crate::dump::{self, OwnedDump};
use crate::error::WalkError;
use crate::fence;
use crate::json;
use crate::report::Stackwalk;
use crate::symbols::{CrashSymbols, LookUpSymbols};

/// Stack of the walking thread. Nothing in a walk is known to recurse deeply; the space is reserved, not used.
const STACK_SIZE: usize = 16 << 20;

/// Everything that a walk needs, owned, because its caller may leave before it ends.
pub(super) struct Job {
    pub(super) dump: OwnedDump,
    pub(super) annotations: WalkAnnotations,
    pub(super) symbols: Arc<dyn LookUpSymbols>,
    pub(super) settings: Settings,
    pub(super) cancelled: Cancelled,
    pub(super) progress: Arc<Progress>,
    pub(super) runtime: Handle,
}

pub(super) type Answer = Result<Stackwalk, WalkError>;

/// Starts a walk on a thread of its own. Its answer goes to `sender`; nobody need be there to take it.
pub(super) fn spawn(
    walk: impl FnOnce() -> Answer + Send + 'static,
    sender: oneshot::Sender<Answer>,
) -> io::Result<()> {
    let span = Span::current();
    let work = move || {
        let _entered = span.enter();
        let answer = fence::catch(walk).unwrap_or_else(|panic| {
            Err(WalkError::Panicked {
                location: panic.location,
                message: panic.message,
            })
        });
        // The caller may have gone; then nobody wants the answer.
        let _ = sender.send(answer);
    };
    thread::Builder::new()
        .name("stackwalk".to_owned())
        .stack_size(STACK_SIZE)
        .spawn(work)?;
    Ok(())
}

impl Job {
    /// Does the walk.
    pub(super) fn run(self) -> Answer {
        let bytes = dump::sanitize(dump::load(self.dump, self.settings.max_dump_size)?);
        let dump = Minidump::read(bytes).map_err(|error| WalkError::Unreadable {
            name: error.name(),
            reason: error.to_string(),
        })?;
        let symbols = CrashSymbols::new(
            self.symbols,
            self.cancelled.clone(),
            Arc::clone(&self.progress),
            self.settings.max_frames,
        );
        let walk = walk(&dump, &symbols, &self.progress);
        let walked = self
            .runtime
            .block_on(unless_cancelled(walk, self.cancelled));
        // Nobody takes the answer of a cancelled walk; the caller has its own.
        let mut state = walked.ok_or(WalkError::DeadlinePassed {
            deadline: self.settings.deadline,
        })??;
        self.settings.check_frames(self.progress.frames())?;
        self.annotations.apply(&mut state, &dump);
        Ok(Stackwalk::new(json::document(&mut state, &symbols)))
    }
}

async fn walk<D: Deref<Target = [u8]>>(
    dump: &Minidump<'_, D>,
    symbols: &CrashSymbols,
    progress: &Progress,
) -> Result<ProcessState, WalkError> {
    let mut options = ProcessorOptions::stable_basic();
    options.stat_reporter = Some(&progress.stats);
    process_minidump_with_options(dump, symbols, options)
        .await
        .map_err(|error| WalkError::Unprocessable {
            name: error.name(),
            reason: error.to_string(),
        })
}

/// Awaits `walk`; `None` once it is cancelled. A walk that waits for symbols is dropped where it waits.
async fn unless_cancelled<T>(walk: impl Future<Output = T>, cancelled: Cancelled) -> Option<T> {
    let mut walk = pin!(walk);
    let mut cancelled = pin!(cancelled.wait());
    poll_fn(|context| {
        if cancelled.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        walk.as_mut().poll(context).map(Some)
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::cancel::cancellation;
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_an_answer() {
        let (sender, receiver) = oneshot::channel();
        spawn(|| panic!("boom"), sender).unwrap();
        match receiver.await.unwrap() {
            Err(WalkError::Panicked { location, message }) => {
                assert!(location.contains("run.rs:"), "{location}");
                assert_eq!(message, "boom");
            }
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_cancelled_walk_ends_where_it_waits() {
        let (cancel_on_drop, cancelled) = cancellation(Arc::new(Progress::new()));
        let (sender, receiver) = oneshot::channel();
        let runtime = Handle::current();
        let work = move || {
            let waited =
                runtime.block_on(unless_cancelled(std::future::pending::<()>(), cancelled));
            assert_eq!(waited, None);
            Err(WalkError::DeadlinePassed {
                deadline: Duration::ZERO,
            })
        };
        spawn(work, sender).unwrap();
        drop(cancel_on_drop);
        assert!(matches!(
            receiver.await.unwrap(),
            Err(WalkError::DeadlinePassed { .. })
        ));
    }
}
