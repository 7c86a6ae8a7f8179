//! What all queues let one choose.

use std::time::Duration;

use socorro_core::Environment;

use crate::{error::Error, limits::MAX_HOLD};

/// What can be chosen for any queue, whatever keeps it. Fields may be added: end a literal with
/// `..QueueOptions::default()`.
///
/// ```
/// use std::time::Duration;
/// use socorro_queue::QueueOptions;
///
/// let options = QueueOptions { lease: Duration::from_secs(90), ..QueueOptions::default() };
/// # drop(options);
/// ```
#[derive(Debug, Clone)]
pub struct QueueOptions {
    /// How long a received message is kept from others, 1 ms to 12 hours. Default 60 seconds: the
    /// death of a process is noticed within a minute; who needs longer extends.
    ///
    /// In a URL: `?lease=90s`.
    pub lease: Duration,
    /// Whether a local queue that does not exist is made. Default: yes. Without, a mistyped address
    /// is an error.
    pub create: bool,
    /// The clock by which leases and delays run out, and the host name in dead letters. All
    /// processes on one durable queue need the same time.
    pub environment: Environment,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(60),
            create: true,
            environment: Environment::system(),
        }
    }
}

impl QueueOptions {
    /// Checks what the types cannot.
    pub(crate) fn checked(self) -> Result<Self, Error> {
        if !(Duration::from_millis(1)..=MAX_HOLD).contains(&self.lease) {
            return Err(Error::InvalidOption {
                name: "lease",
                reason: format!("{:?} is not between 1 ms and 12 hours", self.lease),
            });
        }
        Ok(self)
    }
}
