//! What became of a request.

use std::{sync::Arc, time::Duration};

use socorro_core::CrashId;

use crate::Malformed;

/// What became of a request. `http` makes the answer of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Outcome {
    /// The report is durable (or, for a fake acceptance, forgotten): the client gets its id.
    Accepted {
        /// The crash id.
        id: CrashId,
        /// The version that the client is told to send no more crashes of.
        stop_sending: Option<Arc<str>>,
    },
    /// A throttling rule does not want it.
    Rejected {
        /// The name of the rule.
        rule: Arc<str>,
    },
    /// It is no crash report.
    Malformed(Malformed),
    /// It brought a crash id without being allowed to.
    UnauthorizedUuid,
    /// It has no upload token, or none for its product.
    Unauthorized,
    /// It cannot be taken now: too many at once, no room on the disk, shutting down.
    TryLater {
        /// When to ask again.
        retry_after: Duration,
    },
    /// It could not be stored, and there is no spool to keep it.
    NotStored,
}
