//! Reading crash reports: recorded cases, any cut of the body, any damage, bounded memory.

#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

mod common;
mod cuts;
mod files;
mod limits;
mod memory;
mod notes;
mod packing;
#[path = "../recorded/mod.rs"]
mod recorded;
mod seeds;
mod vectors;
