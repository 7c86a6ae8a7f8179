//! What a worker owes its queue: every message ends with a saved result or a dead letter, whatever
//! fails meanwhile.
//!
//! Time is tokio's paused time, also for leases, delays and results; nothing here waits for a real
//! clock.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod back_pressure;
mod delivery;
mod destinations;
mod duplicates;
mod endurance;
mod history;
mod killed;
mod leases;
mod metrics;
mod no_walker;
mod panics;
mod queue_faults;
mod safe_mode;
mod shutdown;
mod status;
mod storage_faults;
mod support;
mod verify;
