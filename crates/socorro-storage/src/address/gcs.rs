//! Google Cloud Storage.

use std::sync::Arc;

use object_store::{
    ObjectStore,
    gcp::{GoogleCloudStorage, GoogleCloudStorageBuilder},
};
use url::Url;

use super::{cloud, create::Creation, invalid, options::Query};
use crate::{
    engine::{google::Google, google_json::GoogleJson},
    error::Error,
    object::ObjectStorage,
    options::StorageOptions,
};

/// `http://host:port` of an emulator of the JSON API, as Google's own clients read it.
const EMULATOR: &str = "STORAGE_EMULATOR_HOST";
/// The project in which buckets are made: Mozilla's name first.
const PROJECT: [&str; 2] = ["STORAGE_PROJECT_ID", "GOOGLE_CLOUD_PROJECT"];
const API: &str = "https://storage.googleapis.com";

/// `gs://bucket[/prefix][?endpoint=URL]`; credentials come from the `GOOGLE_*` environment
/// variables, `GOOGLE_APPLICATION_CREDENTIALS` first of all, or from the machine. With an
/// endpoint, or `STORAGE_EMULATOR_HOST`, it is an emulator without credentials.
pub(super) fn open(
    url: &Url,
    query: &Query,
    options: StorageOptions,
) -> Result<ObjectStorage, Error> {
    let store: Arc<dyn ObjectStore> = match emulator(url, query)? {
        Some(endpoint) => {
            let client =
                cloud::http_client(&options).map_err(|error| invalid(url, error.to_string()))?;
            Arc::new(GoogleJson::new(client, endpoint, cloud::bucket(url)?))
        }
        None => Arc::new(google(url, &options)?),
    };
    let storage = ObjectStorage::over(store, cloud::name(url), options);
    cloud::below_path(storage, url)
}

fn google(url: &Url, options: &StorageOptions) -> Result<GoogleCloudStorage, Error> {
    GoogleCloudStorageBuilder::from_env()
        .with_bucket_name(cloud::bucket(url)?)
        .with_retry(cloud::retry(options))
        .with_client_options(cloud::client(options))
        .with_http_connector(cloud::connector(options))
        .build()
        .map_err(|error| invalid(url, error.to_string()))
}

fn emulator(url: &Url, query: &Query) -> Result<Option<Url>, Error> {
    let from_environment = std::env::var(EMULATOR).ok().filter(|host| !host.is_empty());
    let Some(endpoint) = query
        .get("endpoint")
        .map(str::to_owned)
        .or(from_environment)
    else {
        return Ok(None);
    };
    // Google's clients take a host without a scheme, too.
    let endpoint = if endpoint.contains("://") {
        endpoint
    } else {
        format!("http://{endpoint}")
    };
    cloud::checked_endpoint(url, &endpoint).map(Some)
}

/// The bucket, for requests that object_store has no call for.
pub(super) fn requests(
    url: &Url,
    query: &Query,
    options: &StorageOptions,
) -> Result<Google, Error> {
    let emulator = emulator(url, query)?;
    let project = PROJECT
        .into_iter()
        .find_map(|name| std::env::var(name).ok())
        .filter(|project| !project.is_empty());
    let (store, endpoint, project) = match emulator {
        Some(endpoint) => (None, endpoint, project.or(Some("test".to_owned()))),
        None => (
            Some(google(url, options)?),
            cloud::checked_endpoint(url, API)?,
            project,
        ),
    };
    Ok(Google {
        store,
        client: cloud::http_client(options).map_err(|error| invalid(url, error.to_string()))?,
        endpoint,
        project,
        bucket: cloud::bucket(url)?.to_owned(),
        options: options.clone(),
    })
}

/// The request that makes the bucket. Source: Google's *Cloud Storage JSON API* reference,
/// `buckets.insert`.
pub(super) fn creation(
    url: &Url,
    query: &Query,
    options: &StorageOptions,
) -> Result<Creation, Error> {
    let google = requests(url, query, options)?;
    let Some(project) = google.project.clone() else {
        let reason = "making a bucket needs a project: set STORAGE_PROJECT_ID";
        return Err(invalid(url, reason));
    };
    let target = google.url(&[], &[("project", &project)]);
    let body = serde_json::json!({"name": google.bucket}).to_string();
    Ok(Box::pin(async move {
        google.signed("POST", &target, body).await
    }))
}

#[cfg(test)]
mod tests {
    use crate::{StorageOptions, open};

    #[test]
    fn an_endpoint_is_an_emulator() {
        let storage = open(
            "gs://dev-bucket/prefix?endpoint=127.0.0.1:1",
            StorageOptions::default(),
        )
        .unwrap();
        assert_eq!(storage.to_string(), "gs://dev-bucket/prefix");
        for (address, part) in [
            ("gs:///prefix", "bucket is missing: gs://bucket/prefix"),
            ("gs://b?endpoint=ftp://host", "https://"),
            ("gs://b?region=x", "known are legacy_keys, endpoint"),
        ] {
            let error = open(address, StorageOptions::default()).unwrap_err();
            assert!(error.to_string().contains(part), "{address}: {error}");
        }
    }
}
