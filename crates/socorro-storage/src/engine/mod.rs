//! Engines that object_store does not have, and what its own lack.

#[cfg(feature = "azure")]
pub(crate) mod azure;
pub(crate) mod bucket_api;
#[cfg(feature = "gcs")]
pub(crate) mod google;
#[cfg(feature = "gcs")]
pub(crate) mod google_json;
#[cfg(feature = "cloud")]
pub(crate) mod http;
pub(crate) mod left_alone;
#[cfg(feature = "cloud")]
pub(crate) mod retry_after;
#[cfg(feature = "s3")]
pub(crate) mod s3;
pub(crate) mod store;
#[cfg(any(feature = "azure", feature = "s3"))]
pub(crate) mod xml;
