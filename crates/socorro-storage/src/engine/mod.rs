//! Engines that object_store does not have.

#[cfg(feature = "gcs")]
pub(crate) mod google_json;
#[cfg(feature = "cloud")]
pub(crate) mod http;
