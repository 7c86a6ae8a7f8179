//! The storages of this crate, from outside.

mod conformance;
mod directory;
mod flaky;
mod legacy_keys;
mod limits;
mod pointers;
#[cfg(feature = "s3")]
mod s3;
mod vectors;
