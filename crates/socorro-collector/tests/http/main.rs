//! The HTTP service over real sockets.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "this is how a test fails"
)]

mod answers;
mod clients;
mod framing;
mod hostile;
mod pieces;
#[path = "../recorded/mod.rs"]
mod recorded;
mod recorded_requests;
mod recorded_wire;
mod server;
mod shutdown;
mod vectors;
mod wire;
