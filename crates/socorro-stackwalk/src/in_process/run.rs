//! One walk, from bytes to result, on its own thread.

use std::io;
use std::sync::Arc;
use std::thread;

use minidump::Minidump;
use tokio::runtime::Handle;
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

/// Stack of the walking thread. Nothing in a walk is known to recurse deeply; the space is reserved, not used.
const STACK_SIZE: usize = 16 << 20;

/// Everything that a walk needs, owned, because its caller may leave before it ends.
pub(super) struct Job {
    pub(super) dump: OwnedDump,
    pub(super) annotations: WalkAnnotations,
    pub(super) symbols: Arc<dyn LookUpSymbols>,
    pub(super) settings: Settings,
    pub(super) budget: Arc<Budget>,
    pub(super) runtime: Handle,
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
        let answer = fence::catch(walk).unwrap_or_else(|panic| Err(panic.into()));
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
    pub(super) fn run(self) -> Answer<Walked> {
        let bytes = dump::sanitize(dump::load(self.dump, self.settings.max_dump_size)?)?;
        let dump = Minidump::read(bytes).map_err(|error| WalkError::Unreadable {
            name: error.name(),
            reason: error.to_string(),
        })?;
        let mut state = unwalked::read(&dump, &self.budget)?;
        let symbols = CrashSymbols::new(self.symbols, Arc::clone(&self.budget));
        let walk = threads::walk(&dump, &mut state, &symbols, &self.budget);
        let is_complete = self.runtime.block_on(walk);
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
