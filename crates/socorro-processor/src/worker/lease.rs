//! Keeping the lease of a message alive while it is worked on.

use std::{sync::Arc, time::Duration};

use socorro_queue::{CrashQueue, Error, Receipt};
use tokio::{task::AbortHandle, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// Extends a lease every third of its length until it is dropped.
#[derive(Debug)]
pub(super) struct LeaseKeeper {
    task: AbortHandle,
    lost: CancellationToken,
}

impl LeaseKeeper {
    pub(super) fn start(queue: Arc<dyn CrashQueue>, receipt: Receipt, lease: Duration) -> Self {
        let lost = CancellationToken::new();
        let task = tokio::spawn(keep(queue, receipt, lease, lost.clone()));
        Self {
            task: task.abort_handle(),
            lost,
        }
    }

    /// Waits until somebody else has the message.
    pub(super) async fn lost(&self) {
        self.lost.cancelled().await;
    }
}

impl Drop for LeaseKeeper {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep(
    queue: Arc<dyn CrashQueue>,
    receipt: Receipt,
    lease: Duration,
    lost: CancellationToken,
) {
    let mut ticks = tokio::time::interval((lease / 3).max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick comes at once; the lease is fresh then.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        match queue.extend(&receipt, lease).await {
            Ok(()) => {}
            Err(Error::LeaseLost { .. }) => {
                lost.cancel();
                return;
            }
            // Two more tries fit into the lease.
            Err(error) => tracing::warn!(%error, "cannot extend the lease yet"),
        }
    }
}
