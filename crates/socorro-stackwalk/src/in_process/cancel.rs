//! Telling a walk that nobody waits for it any more.

use tokio::sync::watch;

/// The walk's end: whether it is cancelled.
#[derive(Clone, Debug)]
pub(crate) struct Cancelled(watch::Receiver<bool>);

/// The caller's end: cancels the walk when dropped.
#[derive(Debug)]
pub(super) struct CancelOnDrop(watch::Sender<bool>);

/// Both ends of a walk that is not cancelled yet.
pub(super) fn cancellation() -> (CancelOnDrop, Cancelled) {
    let (sender, receiver) = watch::channel(false);
    (CancelOnDrop(sender), Cancelled(receiver))
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}

impl Cancelled {
    /// Whether the walk is cancelled.
    pub(crate) fn get(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the walk is cancelled.
    pub(super) async fn wait(mut self) {
        // An error means that the sender is gone, which cancels first.
        let _ = self.0.wait_for(|cancelled| *cancelled).await;
    }
}
