//! Telling a walk that nobody waits for it any more.

use std::sync::Arc;

use tokio::sync::watch;

use super::progress::Progress;

/// The walk's end: whether it is cancelled.
#[derive(Clone, Debug)]
pub(crate) struct Cancelled(watch::Receiver<bool>);

/// The caller's end: cancels the walk when dropped, unless it was finished.
#[derive(Debug)]
pub(super) struct CancelOnDrop {
    sender: watch::Sender<bool>,
    running: Option<Arc<Progress>>,
}

/// Both ends of a walk that is not cancelled yet.
pub(super) fn cancellation(progress: Arc<Progress>) -> (CancelOnDrop, Cancelled) {
    let (sender, receiver) = watch::channel(false);
    (
        CancelOnDrop {
            sender,
            running: Some(progress),
        },
        Cancelled(receiver),
    )
}

impl CancelOnDrop {
    /// The walk came to its end; there is nothing left to cancel.
    pub(super) fn finish(mut self) {
        self.running = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(progress) = &self.running {
            // A walk that waits for symbols hears of this, one that follows stacks of that.
            self.sender.send_replace(true);
            progress.stop();
        }
    }
}

impl Cancelled {
    /// Whether the walk is cancelled.
    pub(crate) fn get(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the walk is cancelled.
    pub(super) async fn wait(mut self) {
        if self.0.wait_for(|cancelled| *cancelled).await.is_err() {
            // The caller is gone without cancelling, so the walk had come to its end.
            std::future::pending::<()>().await;
        }
    }
}
