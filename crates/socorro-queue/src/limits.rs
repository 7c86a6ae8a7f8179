//! Bounds shared by the queues of this crate.

use std::time::Duration;

/// Most messages one call to receive leases.
pub(crate) const MAX_RECEIVED: usize = 100;
/// Longest time one call to receive waits.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(60 * 60);
/// Longest lease, extension and delay. A message due later than this is the work of a clock that
/// was wrong.
pub(crate) const MAX_HOLD: Duration = Duration::from_secs(12 * 60 * 60);
/// Largest message body in bytes; a readable one has at most some hundred.
pub(crate) const MAX_BODY_BYTES: usize = 64 * 1024;
/// Most dead letters listed by one call.
pub(crate) const MAX_LISTED: usize = 1000;
