//! The error of a server that asks to be left alone.

use std::time::Duration;

/// A server answered with trouble and `Retry-After`. It travels as the cause of object_store's own
/// errors, which have no place for a time.
#[derive(Debug, thiserror::Error)]
#[error("{status}; the server asks to be left alone for {time:?}")]
pub(crate) struct LeftAlone {
    /// The status of the answer, as in `503 Service Unavailable`.
    pub(crate) status: String,
    pub(crate) time: Duration,
}
