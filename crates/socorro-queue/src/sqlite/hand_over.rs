//! Messages leased for a receiver who may have gone away.

use std::sync::Arc;

use socorro_core::Environment;
use tokio::sync::Notify;

use super::{database::Database, messages};
use crate::delivery::Delivery;

/// Gives messages back at once that were leased for a `receive` whose future was dropped
/// meanwhile. Nobody would work on them until their leases had run out.
#[derive(Debug)]
pub(super) struct Giver {
    pub(super) database: Database,
    /// Woken when messages have been given back.
    pub(super) changed: Arc<Notify>,
    pub(super) environment: Environment,
}

impl Giver {
    /// Sends `deliveries` on their way.
    pub(super) fn hand_over(self, deliveries: Vec<Delivery>) -> HandedOver {
        HandedOver {
            deliveries,
            giver: self,
        }
    }
}

/// Deliveries on the way to their receiver; dropped on the way, they are given back.
#[derive(Debug)]
pub(super) struct HandedOver {
    deliveries: Vec<Delivery>,
    giver: Giver,
}

impl HandedOver {
    /// The receiver has them.
    pub(super) fn take(mut self) -> Vec<Delivery> {
        std::mem::take(&mut self.deliveries)
    }
}

impl Drop for HandedOver {
    fn drop(&mut self) {
        if self.deliveries.is_empty() {
            return;
        }
        let receipts: Vec<_> = self
            .deliveries
            .drain(..)
            .map(|delivery| delivery.receipt)
            .collect();
        let now = self.giver.environment.now();
        let changed = Arc::clone(&self.giver.changed);
        self.giver.database.write_later(move |connection| {
            messages::undo_receive(connection, &receipts, now)?;
            changed.notify_waiters();
            Ok(())
        });
    }
}
