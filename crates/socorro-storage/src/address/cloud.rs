//! What the addresses of all buckets have in common.

use std::time::Duration;

use object_store::{
    ClientOptions, RetryConfig,
    client::{HttpClient, HttpConnector as _},
};
use url::Url;

use super::invalid;
use crate::{
    engine::retry_after::Connector, error::Error, object::ObjectStorage, options::StorageOptions,
};

/// How long one request waits for a server that asks for it. Whoever wants a crash has other things
/// to do in a longer time.
const PATIENCE: Duration = Duration::from_secs(10);

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

/// Makes the HTTP clients. Where requests are not to be repeated, they do not wait either.
pub(super) fn connector(options: &StorageOptions) -> Connector {
    let patience = match options.max_retries {
        0 => Duration::ZERO,
        _ => options.retry_timeout.min(PATIENCE),
    };
    Connector { patience }
}

/// A client for single requests; plain HTTP is up to the address.
pub(super) fn http_client(options: &StorageOptions) -> object_store::Result<HttpClient> {
    connector(options).connect(&client(options).with_allow_http(true))
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
