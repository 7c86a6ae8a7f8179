//! The program as its users run it: real processes, real files, real pipes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod config;
mod destinations;
mod doctor;
#[cfg(unix)]
mod operations;
mod pages;
mod process;
mod processor;
mod queue;
mod rules;
#[cfg(feature = "sentry")]
mod sentry;
mod show;
mod signature;
mod stackwalk;
mod storage;
mod storage_delete;
mod storage_import;
mod support;
mod symbols;
mod usage;
mod verify;
