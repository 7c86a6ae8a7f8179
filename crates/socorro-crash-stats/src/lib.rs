//! The HTTP API of Crash Stats, Mozilla's site for crashes, and of what speaks like it.

#![forbid(unsafe_code)]

pub mod client;
pub mod query;
#[cfg(feature = "server")]
pub mod server;
