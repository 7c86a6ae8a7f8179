//! What other crates and backends test themselves with (feature `testkit`).
//!
//! * [`conformance`]: the behaviour that every [`CrashStorage`](crate::CrashStorage) has to show,
//!   one function each, and [`conformance_tests!`](crate::conformance_tests) to run them all.
//! * [`FlakyStorage`]: a storage that fails when told to.
//! * [`vectors`]: recorded cases of Mozilla's programs.

#[cfg(feature = "cloud")]
mod buckets;
pub mod conformance;
mod faults;
mod flaky;
mod harness;
pub mod sample;
mod servers;
mod trees;
pub mod vectors;

pub use crate::layer::Operation;
pub use flaky::{Call, Fault, FlakyStorage};
pub use harness::{Harness, ObjectHarness};
pub use servers::{endpoint, s3_endpoint};
