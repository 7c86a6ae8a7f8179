//! Takes crash reports, decides which to keep, stores them and publishes their ids.

#![forbid(unsafe_code)]

mod body;
mod collector;
pub mod form;
mod health;
pub mod http;
mod limits;
mod malformed;
mod memory;
mod metrics;
mod outcome;
pub mod parse;
pub mod report;
pub mod spool;
#[cfg(feature = "symbol-upload")]
pub mod symbols;
pub mod throttle;

pub use body::BodyError;
pub use collector::{Builder, Collector, Details, Error, Fate};
pub use health::{Ailment, Health};
pub use limits::Limits;
pub use malformed::Malformed;
pub use memory::{MemoryBudget, Reservation};
pub use metrics::METRICS;
pub use outcome::Outcome;
