//! Which version a build is.
//!
//! A beta knows its version only up to the release it leads to: `145.0`, not `145.0b3`. Somebody
//! else has to be asked which beta a build was: a [`VersionLookup`].
//!
//! | Lookup | Asks |
//! |---|---|
//! | [`NoVersions`] | nobody; the default, works offline |
//! | [`VersionTable`] | a table, read from a JSON file |
//! | `HttpVersions` (feature `http-versions`) | a service such as Mozilla's crash-stats |
//! | [`CachedVersions`] | another one, and remembers the answers |

mod cached;
mod error;
#[cfg(feature = "http-versions")]
mod http;
mod table;

use std::{fmt, sync::Arc};

use async_trait::async_trait;

pub use cached::{CachedVersions, Lifetimes};
pub use error::LookupError;
#[cfg(feature = "http-versions")]
pub use http::{HttpVersions, HttpVersionsOptions};
pub use table::VersionTable;

/// Tells the version of a build.
///
/// ```
/// use socorro_processor::version_lookup::{LookupError, VersionLookup};
///
/// /// Knows one build.
/// #[derive(Debug)]
/// struct OneBuild;
///
/// #[async_trait::async_trait]
/// impl VersionLookup for OneBuild {
///     async fn version(&self, _: &str, _: &str, build_id: &str) -> Result<Option<String>, LookupError> {
///         Ok((build_id == "20261106093015").then(|| "145.0b3".to_owned()))
///     }
/// }
/// ```
#[async_trait]
pub trait VersionLookup: fmt::Debug + Send + Sync + 'static {
    /// The version of a build: `145.0b3` for product `Firefox`, channel `beta` and some build id.
    /// `None` means that nothing is known about the build.
    ///
    /// # Errors
    ///
    /// When nobody could be asked.
    async fn version(
        &self,
        product: &str,
        channel: &str,
        build_id: &str,
    ) -> Result<Option<String>, LookupError>;
}

#[async_trait]
impl<L: VersionLookup + ?Sized> VersionLookup for Arc<L> {
    async fn version(
        &self,
        product: &str,
        channel: &str,
        build_id: &str,
    ) -> Result<Option<String>, LookupError> {
        (**self).version(product, channel, build_id).await
    }
}

/// Knows no version.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoVersions;

#[async_trait]
impl VersionLookup for NoVersions {
    async fn version(&self, _: &str, _: &str, _: &str) -> Result<Option<String>, LookupError> {
        Ok(None)
    }
}
