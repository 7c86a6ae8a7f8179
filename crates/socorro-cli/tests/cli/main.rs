//! The program as its users run it: real processes, real files, real pipes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(unix)]
mod collector;
mod config;
#[cfg(feature = "crash-stats")]
mod crash_stats;
mod destinations;
mod doctor;
mod manners;
#[cfg(feature = "s3")]
mod objects;
#[cfg(unix)]
mod operations;
mod pages;
mod process;
mod processor;
#[cfg(feature = "pubsub")]
mod pubsub;
mod queue;
mod queue_messages;
mod rules;
#[cfg(feature = "sentry")]
mod sentry;
mod setup;
mod show;
mod signature;
#[cfg(feature = "sqs")]
mod sqs;
mod stackwalk;
mod storage;
mod storage_delete;
mod storage_import;
mod stored_crashes;
#[cfg(feature = "submit")]
mod submit;
mod support;
mod symbols;
#[cfg(all(unix, feature = "demo"))]
mod up;
mod usage;
mod verify;
mod waitfor;
