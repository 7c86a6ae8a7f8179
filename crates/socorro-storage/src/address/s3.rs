//! Amazon S3 and everything that speaks its protocol.

use std::sync::Arc;

use object_store::{
    ClientOptions, ObjectStore, RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey},
    path::Path,
    prefix::PrefixStore,
};
use url::Url;

use super::{invalid, options::Query, shown};
use crate::{error::Error, object::ObjectStorage, options::StorageOptions};

/// `s3://bucket[/prefix][?endpoint=URL][&region=NAME]`; everything else comes from the `AWS_*`
/// environment variables.
pub(super) fn open(
    url: &Url,
    query: &Query,
    options: StorageOptions,
) -> Result<ObjectStorage, Error> {
    let bucket = url
        .host_str()
        .filter(|bucket| !bucket.is_empty())
        .ok_or_else(|| invalid(url, "the bucket is missing: s3://bucket/prefix"))?;
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_retry(RetryConfig {
            max_retries: options.max_retries,
            retry_timeout: options.retry_timeout,
            ..RetryConfig::default()
        })
        .with_client_options(ClientOptions::new().with_timeout(options.request_timeout));
    if let Some(region) = query.get("region") {
        builder = builder.with_region(region);
    }
    if let Some(endpoint) = query.get("endpoint") {
        builder = builder.with_endpoint(checked_endpoint(url, endpoint)?);
    }
    // Whoever writes http:// means it.
    let endpoint = builder.get_config_value(&AmazonS3ConfigKey::Endpoint);
    if endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")) {
        builder = builder.with_allow_http(true);
    }
    let bucket = builder
        .build()
        .map_err(|error| invalid(url, error.to_string()))?;

    let name = shown(url);
    let prefix = Path::parse(url.path().trim_matches('/'))
        .map_err(|error| invalid(url, error.to_string()))?;
    let store: Arc<dyn ObjectStore> = if prefix.as_ref().is_empty() {
        Arc::new(bucket)
    } else {
        Arc::new(PrefixStore::new(bucket, prefix))
    };
    Ok(ObjectStorage::over(store, name, options))
}

fn checked_endpoint<'a>(url: &Url, endpoint: &'a str) -> Result<&'a str, Error> {
    let reason = match Url::parse(endpoint) {
        Err(error) => format!("the endpoint is no URL: {error}"),
        Ok(parsed) if !matches!(parsed.scheme(), "http" | "https") => {
            "the endpoint has to begin with http:// or https://".to_owned()
        }
        Ok(parsed) if !parsed.username().is_empty() || parsed.password().is_some() => {
            "credentials do not belong into the endpoint".to_owned()
        }
        Ok(_) => return Ok(endpoint.trim_end_matches('/')),
    };
    Err(invalid(url, reason))
}

#[cfg(test)]
mod tests {
    use crate::{StorageOptions, open};

    #[test]
    fn the_name_has_no_query_and_the_endpoint_is_checked() {
        let storage = open(
            "s3://dev_bucket/some/prefix?endpoint=http://127.0.0.1:1&region=us-west-2",
            StorageOptions::default(),
        )
        .unwrap();
        assert_eq!(storage.to_string(), "s3://dev_bucket/some/prefix");
        for (address, part) in [
            ("s3:///prefix", "bucket is missing"),
            ("s3://b?endpoint=localhost", "endpoint"),
            ("s3://b?endpoint=http://user:pass@host", "credentials"),
            ("s3://b?endpoint=ftp://host", "https://"),
            ("s3://b?regoin=x", "known are legacy_keys, endpoint, region"),
        ] {
            let error = open(address, StorageOptions::default()).unwrap_err();
            assert!(error.to_string().contains(part), "{address}: {error}");
            assert!(!error.to_string().contains("pass"), "{error}");
        }
    }
}
