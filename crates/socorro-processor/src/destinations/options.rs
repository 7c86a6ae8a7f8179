//! How a destination is treated.

use std::time::Duration;

/// The settings of one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationOptions {
    /// Whether a crash must not be acked before the destination took it or the note about it is
    /// durable. Otherwise a crash that can be neither taken nor noted is counted and forgotten.
    /// Default: yes.
    pub required: bool,
    /// How often a crash is offered before it is noted, the first time included. Default: 3.
    pub tries: u32,
    /// How long to wait before the second try; doubled for each further one. Default: 250 ms.
    pub retry_delay: Duration,
    /// Time for one try. Default: 30 s.
    pub timeout: Duration,
    /// How long a destination is left alone after an outage; crashes are noted at once meanwhile,
    /// so that an outage does not slow down the worker. Then one crash is offered once. A longer
    /// rest that the destination asks for is granted up to an hour. Default: 10 s.
    pub rest: Duration,
    /// How often a running worker looks for notes. Default: 30 s.
    pub sweep_interval: Duration,
    /// How far the interval grows, doubling, while nothing of what is noted is taken.
    /// Default: 10 min.
    pub max_sweep_interval: Duration,
}

impl Default for DestinationOptions {
    fn default() -> Self {
        Self {
            required: true,
            tries: 3,
            retry_delay: Duration::from_millis(250),
            timeout: Duration::from_secs(30),
            rest: Duration::from_secs(10),
            sweep_interval: Duration::from_secs(30),
            max_sweep_interval: Duration::from_secs(10 * 60),
        }
    }
}
