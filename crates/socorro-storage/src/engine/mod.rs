//! Engines that object_store does not have, and what its own lack.

#[cfg(feature = "gcs")]
pub(crate) mod google_json;
#[cfg(feature = "cloud")]
pub(crate) mod http;
pub(crate) mod left_alone;
#[cfg(feature = "cloud")]
pub(crate) mod retry_after;
