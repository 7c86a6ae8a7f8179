//! A place where work stops until it is let through.

use std::sync::Arc;

use futures::FutureExt as _;
use tokio::sync::Semaphore;

use super::hooks::Hook;

/// Stops whoever comes, says so, and lets through as many as it is told to.
#[derive(Debug)]
pub(crate) struct Gate {
    arrived: Semaphore,
    open: Semaphore,
}

impl Gate {
    /// A gate that is shut.
    pub(crate) fn shut() -> Arc<Self> {
        Arc::new(Self {
            arrived: Semaphore::new(0),
            open: Semaphore::new(0),
        })
    }

    /// Goes through, as soon as that is possible.
    pub(crate) async fn pass(&self) {
        self.arrived.add_permits(1);
        self.open.acquire().await.unwrap().forget();
    }

    /// Waits until so many more have arrived.
    pub(crate) async fn wait_for(&self, count: u32) {
        self.arrived.acquire_many(count).await.unwrap().forget();
    }

    /// How many have arrived since anybody waited for them.
    pub(crate) fn waiting(&self) -> usize {
        self.arrived.available_permits()
    }

    /// Lets so many through.
    pub(crate) fn let_through(&self, count: usize) {
        self.open.add_permits(count);
    }

    /// Stops a call of a storage or queue here.
    pub(crate) fn hook(self: &Arc<Self>) -> Hook {
        let gate = Arc::clone(self);
        Arc::new(move || {
            let gate = Arc::clone(&gate);
            async move { gate.pass().await }.boxed()
        })
    }
}
