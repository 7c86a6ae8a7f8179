//! The storages of this crate, from outside.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "the helpers of tests are tests too"
)]

mod bucket;
mod conformance;
mod directory;
mod erase;
mod flaky;
mod large_dumps;
mod layers;
mod legacy_keys;
mod limits;
#[cfg(any(feature = "azure", feature = "gcs"))]
mod missing_buckets;
mod pointers;
#[cfg(all(feature = "azure", feature = "gcs", feature = "s3"))]
mod retry_after;
#[cfg(feature = "s3")]
mod s3;
#[cfg(feature = "s3")]
mod server;
#[cfg(feature = "s3")]
mod signed_s3;
mod trees;
mod vectors;
