//! How the service ends.

use tokio_util::sync::CancellationToken;

/// Ends the service, in steps. Clones share the state.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    begun: CancellationToken,
    stopping: CancellationToken,
    over: CancellationToken,
}

impl Shutdown {
    /// Begins it: load balancers are told to send no more, and every running [`serve`](super::serve) ends.
    pub fn begin(&self) {
        self.begun.cancel();
    }

    /// Whether it has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.begun.is_cancelled()
    }

    /// Waits until it begins.
    pub async fn begun(&self) {
        self.begun.cancelled().await;
    }

    /// No more connections are accepted, and those without a request end.
    pub(crate) fn stop(&self) {
        self.stopping.cancel();
    }

    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// What still runs is answered with 503.
    pub(crate) fn end(&self) {
        self.over.cancel();
    }

    pub(crate) fn over(&self) -> &CancellationToken {
        &self.over
    }
}
