//! The client against a server that answers like Crash Stats, over real HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod dumps;
mod others;
mod search;
mod support;
mod trouble;
