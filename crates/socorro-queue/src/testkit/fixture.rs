//! A queue under test.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;

use crate::{error::Error, lane::Lane, queue::CrashQueue};

/// An empty queue that nobody else uses, and power over its time.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// The queue; the same one each time.
    fn queue(&self) -> Arc<dyn CrashQueue>;

    /// Puts a body into the queue that [`publish`](CrashQueue::publish) would never make.
    async fn publish_body(&self, lane: Lane, body: Bytes) -> Result<(), Error>;

    /// How long a lease of this queue lasts.
    fn lease(&self) -> Duration {
        self.queue().lease()
    }

    /// Lets time pass for the queue: moves its clock, or waits.
    async fn pass(&self, time: Duration);

    /// Which parts of the contract the backend can keep.
    fn capabilities(&self) -> Capabilities;
}

/// What some backends can and others cannot. Cases that need more than a backend has pass without
/// looking. Fields may be added: end a literal with `..Capabilities::ALL` or `LEAST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Messages of one lane are delivered in the order of their publication.
    pub ordered: bool,
    /// One call to receive looks at all lanes, in the order of [`Lane`].
    pub lanes_in_order: bool,
    /// The number of attempts is exact.
    pub counts_attempts: bool,
    /// The number of lapses is exact.
    pub counts_lapses: bool,
    /// A lost lease is noticed at once.
    pub tells_lost_leases: bool,
    /// A message whose lease ran out can be acked until somebody else has it.
    pub takes_late_acks: bool,
    /// `depth` tells everything, exactly.
    pub tells_depth: bool,
    /// `dead_letters` lists them.
    pub lists_dead_letters: bool,
    /// Thousands of messages can be received within a lease: not from every server for tests.
    pub quick: bool,
}

impl Capabilities {
    /// Everything.
    pub const ALL: Self = Self {
        ordered: true,
        lanes_in_order: true,
        counts_attempts: true,
        counts_lapses: true,
        tells_lost_leases: true,
        takes_late_acks: true,
        tells_depth: true,
        lists_dead_letters: true,
        quick: true,
    };

    /// Only what every backend must do.
    pub const LEAST: Self = Self {
        ordered: false,
        lanes_in_order: false,
        counts_attempts: false,
        counts_lapses: false,
        tells_lost_leases: false,
        takes_late_acks: false,
        tells_depth: false,
        lists_dead_letters: false,
        quick: false,
    };
}
