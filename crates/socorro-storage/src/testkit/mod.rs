//! What other crates and backends test themselves with (feature `testkit`).
//!
//! * [`conformance`]: the behaviour that every [`CrashStorage`](crate::CrashStorage) has to show,
//!   one function each, and [`conformance_tests!`](crate::conformance_tests) to run them all.
//! * [`FlakyStorage`]: a storage that fails when told to.
//! * [`vectors`]: recorded cases of Mozilla's programs.

pub mod conformance;
mod flaky;
mod harness;
#[cfg(feature = "s3")]
mod s3;
pub mod sample;
pub mod vectors;

pub use crate::layer::Operation;
pub use flaky::{Call, Fault, FlakyStorage};
pub use harness::{Harness, ObjectHarness};
#[cfg(feature = "s3")]
pub use s3::endpoint as s3_endpoint;
