//! Keeping the lease of a message alive while it is worked on.

use std::{sync::Arc, time::Duration};

use socorro_queue::{CrashQueue, Error, Receipt};
use tokio::{
    task::AbortHandle,
    time::{Instant, MissedTickBehavior, interval_at, timeout},
};
use tokio_util::sync::CancellationToken;

use super::fence::fence;
use crate::metrics;

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
    let period = (lease / 3).max(Duration::from_millis(1));
    let mut ticks = interval_at(Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // A call that hangs or fails must not cost the lease: two more tries fit into it.
        let extended = timeout(period, fence(async { queue.extend(&receipt, lease).await }));
        match extended.await {
            Ok(Ok(Ok(()))) => {
                metrics::QUEUE_EXTENDED.count(&[]);
                continue;
            }
            Ok(Ok(Err(Error::LeaseLost { .. }))) => {
                lost.cancel();
                return;
            }
            Ok(Ok(Err(error))) => tracing::warn!(%error, "cannot extend the lease yet"),
            Ok(Err(panicked)) => tracing::error!(%panicked, "cannot extend the lease yet"),
            Err(_) => tracing::warn!("cannot extend the lease yet: the queue does not answer"),
        }
        metrics::RETRIES.count(&[("op", "extend".into())]);
    }
}
