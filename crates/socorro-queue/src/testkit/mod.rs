//! For those who write a queue of their own, or test against queues: a conformance suite, fault
//! injection, and the runner of the published message vectors. Feature `testkit`.
//!
//! A backend proves itself by implementing [`Fixture`] for its tests and stamping out the suite,
//! one `#[tokio::test]` per promise of [`CrashQueue`](crate::CrashQueue):
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//! use async_trait::async_trait;
//! use bytes::Bytes;
//! use socorro_core::{Environment, time::ManualClock};
//! use socorro_queue::{CrashQueue, Error, Lane, MemoryQueue, QueueOptions};
//! use socorro_queue::testkit::{Capabilities, Fixture};
//!
//! struct Memory {
//!     queue: Arc<MemoryQueue>,
//!     clock: Arc<ManualClock>,
//! }
//!
//! impl Memory {
//!     async fn start() -> Self {
//!         let clock = Arc::new(ManualClock::at("2026-01-02T03:04:05Z".parse().unwrap()));
//!         let options = QueueOptions {
//!             environment: Environment::new(clock.clone(), "testhost"),
//!             ..QueueOptions::default()
//!         };
//!         let queue = Arc::new(MemoryQueue::new(options).unwrap());
//!         Self { queue, clock }
//!     }
//! }
//!
//! #[async_trait]
//! impl Fixture for Memory {
//!     fn queue(&self) -> Arc<dyn CrashQueue> {
//!         self.queue.clone()
//!     }
//!     async fn publish_body(&self, lane: Lane, body: Bytes) -> Result<(), Error> {
//!         self.queue.publish_body(lane, body)
//!     }
//!     async fn pass(&self, time: Duration) {
//!         self.clock.advance(time); // a real service would have to wait
//!     }
//!     fn capabilities(&self) -> Capabilities {
//!         Capabilities::ALL
//!     }
//! }
//!
//! # #[cfg(test)]
//! socorro_queue::conformance_suite!(memory, Memory::start().await);
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod fixture;
mod flaky;
mod macros;
pub mod suite;
mod vectors;

pub use fixture::{Capabilities, Fixture};
pub use flaky::{Fault, FlakyQueue, Operation};
pub use macros::run_suite;
pub use vectors::run_case;
