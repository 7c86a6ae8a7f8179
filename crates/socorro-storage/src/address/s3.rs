//! Amazon S3 and everything that speaks its protocol.

use std::sync::Arc;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use url::Url;

use super::{cloud, create::Creation, invalid, options::Query};
use crate::{
    engine::{s3::S3, xml},
    error::Error,
    object::ObjectStorage,
    options::StorageOptions,
};

/// Where buckets are when nobody says.
const DEFAULT_REGION: &str = "us-east-1";

/// `s3://bucket[/prefix][?endpoint=URL][&region=NAME]`; everything else comes from the `AWS_*`
/// environment variables.
pub(super) fn open(
    url: &Url,
    query: &Query,
    options: StorageOptions,
) -> Result<ObjectStorage, Error> {
    let bucket = builder(url, query, &options)?
        .build()
        .map_err(|error| invalid(url, error.to_string()))?;
    let storage = ObjectStorage::over(Arc::new(bucket), cloud::name(url), options);
    cloud::below_path(storage, url)
}

fn builder(url: &Url, query: &Query, options: &StorageOptions) -> Result<AmazonS3Builder, Error> {
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(cloud::bucket(url)?)
        .with_retry(cloud::retry(options))
        .with_client_options(cloud::client(options))
        .with_http_connector(cloud::connector(options));
    if let Some(region) = query.get("region") {
        builder = builder.with_region(region);
    }
    if let Some(endpoint) = query.get("endpoint") {
        cloud::checked_endpoint(url, endpoint)?;
        builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
    }
    // Whoever writes http:// means it.
    let endpoint = builder.get_config_value(&AmazonS3ConfigKey::Endpoint);
    if endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")) {
        builder = builder.with_allow_http(true);
    }
    Ok(builder)
}

/// The bucket, for requests that object_store has no call for.
pub(super) fn requests(url: &Url, query: &Query, options: &StorageOptions) -> Result<S3, Error> {
    let builder = builder(url, query, options)?;
    let set = |key| {
        builder
            .get_config_value(&key)
            .filter(|value| !value.is_empty())
    };
    let region = set(AmazonS3ConfigKey::Region)
        .or_else(|| set(AmazonS3ConfigKey::DefaultRegion))
        .unwrap_or_else(|| DEFAULT_REGION.to_owned());
    let endpoint = set(AmazonS3ConfigKey::Endpoint)
        .unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
    let unusable = |error: object_store::Error| invalid(url, error.to_string());
    Ok(S3 {
        store: builder.build().map_err(unusable)?,
        client: cloud::http_client(options).map_err(unusable)?,
        endpoint: cloud::checked_endpoint(url, &endpoint)?,
        region,
        bucket: cloud::bucket(url)?.to_owned(),
        options: options.clone(),
    })
}

/// The request that makes the bucket. Source: Amazon's S3 API reference, `CreateBucket`.
pub(super) fn creation(
    url: &Url,
    query: &Query,
    options: &StorageOptions,
) -> Result<Creation, Error> {
    let s3 = requests(url, query, options)?;
    let target = s3.url(Some(&s3.bucket), &[]);
    let body = if s3.region == DEFAULT_REGION {
        String::new()
    } else {
        let region = xml::escaped(&s3.region);
        format!(
            "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
        )
    };
    Ok(Box::pin(
        async move { s3.signed("PUT", &target, body).await },
    ))
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
            ("s3://b/a//b", "empty path segment"),
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
