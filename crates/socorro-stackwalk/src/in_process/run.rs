//! One walk, from bytes to result, on its own thread.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::thread;

use minidump::Minidump;
use tokio::runtime::Handle;
#[cfg(all(unix, feature = "pool"))]
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tracing::Span;

use super::budget::Budget;
use super::walker::Settings;
use super::{threads, unwalked};
use crate::annotations::WalkAnnotations;
use crate::dump::{self, OwnedDump};
use crate::error::WalkError;
use crate::fence;
use crate::symbols::{CrashSymbols, LookUpSymbols};
use crate::walked::{Partial, Walked};

/// Stack of a walking thread. Nothing in a walk is known to recurse deeply; the space is reserved, not used.
pub(crate) const STACK_SIZE: usize = 16 << 20;

/// Everything that a walk needs, owned, because its caller may leave before it ends.
pub(super) struct Job {
    pub(super) dump: OwnedDump,
    pub(super) annotations: WalkAnnotations,
    pub(super) symbols: Arc<dyn LookUpSymbols>,
    pub(super) settings: Settings,
    pub(super) budget: Arc<Budget>,
}

/// What a walking thread waits with for symbols.
pub(super) trait BlockOn {
    fn block_on<F: Future>(&self, future: F) -> F::Output;
}

/// A runtime that others drive.
impl BlockOn for Handle {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        Handle::block_on(self, future)
    }
}

/// A runtime of the thread's own.
#[cfg(all(unix, feature = "pool"))]
impl BlockOn for Runtime {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        Runtime::block_on(self, future)
    }
}

pub(super) type Answer<T> = Result<T, WalkError>;

/// Starts a walk on a thread of its own. Its answer goes to `sender`; nobody need be there to take it.
pub(super) fn spawn<T: Send + 'static>(
    walk: impl FnOnce() -> Answer<T> + Send + 'static,
    sender: oneshot::Sender<Answer<T>>,
) -> io::Result<()> {
    let span = Span::current();
    let work = move || {
        let _entered = span.enter();
        let answer = fenced(walk);
        // The caller may have gone; then nobody wants the answer.
        let _ = sender.send(answer);
    };
    thread::Builder::new()
        .name("stackwalk".to_owned())
        .stack_size(STACK_SIZE)
        .spawn(work)?;
    Ok(())
}

/// Does a walk on this thread; a panic is an answer, too.
pub(super) fn fenced<T>(walk: impl FnOnce() -> Answer<T>) -> Answer<T> {
    fence::catch(walk).unwrap_or_else(|panic| Err(panic.into()))
}

impl Job {
    /// Does the walk.
    pub(super) fn run(self, runtime: &impl BlockOn) -> Answer<Walked> {
        let bytes = dump::sanitize(dump::load(self.dump, self.settings.max_dump_size)?)?;
        let dump = Minidump::read(bytes).map_err(|error| WalkError::Unreadable {
            name: error.name(),
            reason: error.to_string(),
        })?;
        let mut state = unwalked::read(&dump, &self.budget)?;
        let symbols = CrashSymbols::new(self.symbols, Arc::clone(&self.budget));
        let walk = threads::walk(&dump, &mut state, &symbols, &self.budget);
        let is_complete = runtime.block_on(walk);
        let partial = (!is_complete).then(|| self.settings.partial(&self.budget));
        self.annotations.apply(&mut state, &dump);
        Ok(Walked::new(
            state,
            symbols.into_looked_up(),
            self.settings.frames_per_thread,
            partial,
        ))
    }
}

impl Settings {
    /// Why a walk did not come to its end.
    fn partial(&self, budget: &Budget) -> Partial {
        if budget.is_out_of_time() {
            Partial::DeadlinePassed {
                deadline: self.deadline,
            }
        } else {
            Partial::TooManyFrames {
                limit: self.max_frames,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_an_answer() {
        let (sender, receiver) = oneshot::channel::<Answer<()>>();
        spawn(|| panic!("boom"), sender).unwrap();
        match receiver.await.unwrap() {
            Err(WalkError::Panicked { location, message }) => {
                assert!(location.contains("run.rs:"), "{location}");
                assert_eq!(message, "boom");
            }
            other => panic!("{other:?}"),
        }
    }
}
