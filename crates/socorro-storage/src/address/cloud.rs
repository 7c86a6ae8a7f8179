//! What the addresses of all buckets have in common.

use object_store::{ClientOptions, RetryConfig};
use url::Url;

use super::invalid;
use crate::{error::Error, object::ObjectStorage, options::StorageOptions};

pub(super) fn retry(options: &StorageOptions) -> RetryConfig {
    RetryConfig {
        max_retries: options.max_retries,
        retry_timeout: options.retry_timeout,
        ..RetryConfig::default()
    }
}

pub(super) fn client(options: &StorageOptions) -> ClientOptions {
    ClientOptions::new().with_timeout(options.request_timeout)
}

/// The name of the bucket, which is the host of the address.
pub(super) fn bucket(url: &Url) -> Result<&str, Error> {
    let scheme = url.scheme();
    url.host_str()
        .filter(|bucket| !bucket.is_empty())
        .ok_or_else(|| {
            invalid(
                url,
                format!("the bucket is missing: {scheme}://bucket/prefix"),
            )
        })
}

/// The storage below the path of the address.
pub(super) fn below_path(storage: ObjectStorage, url: &Url) -> Result<ObjectStorage, Error> {
    storage.below(url.path()).map_err(|error| match error {
        Error::InvalidAddress { reason, .. } => invalid(url, reason),
        error => error,
    })
}

/// The name of the bucket alone, before its prefix.
pub(super) fn name(url: &Url) -> String {
    format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default())
}

/// An endpoint, from wherever it comes.
pub(super) fn checked_endpoint(url: &Url, endpoint: &str) -> Result<Url, Error> {
    let reason = match Url::parse(endpoint) {
        Err(error) => format!("the endpoint is no URL: {error}"),
        Ok(parsed) if !matches!(parsed.scheme(), "http" | "https") => {
            "the endpoint has to begin with http:// or https://".to_owned()
        }
        Ok(parsed) if !parsed.username().is_empty() || parsed.password().is_some() => {
            "credentials do not belong into the endpoint".to_owned()
        }
        Ok(parsed) => return Ok(parsed),
    };
    Err(invalid(url, reason))
}
