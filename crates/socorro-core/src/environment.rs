//! What results would otherwise take from the machine they are made on.

use std::sync::Arc;

use crate::time::{Clock, ManualClock, SystemClock, Timestamp};

/// The clock and the host name that appear in results.
///
/// Two runs with the same [`Environment::fixed`] give the same bytes.
#[derive(Debug, Clone)]
pub struct Environment {
    clock: Arc<dyn Clock>,
    host_name: Arc<str>,
}

impl Environment {
    /// An environment of one's own.
    pub fn new(clock: Arc<dyn Clock>, host_name: impl Into<Arc<str>>) -> Self {
        Self {
            clock,
            host_name: host_name.into(),
        }
    }

    /// This machine's clock and host name.
    #[must_use]
    pub fn system() -> Self {
        let host_name = gethostname::gethostname().to_string_lossy().into_owned();
        Self::new(Arc::new(SystemClock), host_name)
    }

    /// A clock that stands still, and the given host name.
    pub fn fixed(now: Timestamp, host_name: impl Into<Arc<str>>) -> Self {
        Self::new(Arc::new(ManualClock::at(now)), host_name)
    }

    /// The current time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The clock itself.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The host name.
    #[must_use]
    pub fn host_name(&self) -> &str {
        &self.host_name
    }
}

impl Default for Environment {
    fn default() -> Self {
        Self::system()
    }
}
