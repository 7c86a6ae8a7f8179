//! A report for which a crash id was given out is never lost, whatever fails.

#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

mod backends;
mod disk;
mod kill;
mod matrix;
mod rig;
mod spool;
