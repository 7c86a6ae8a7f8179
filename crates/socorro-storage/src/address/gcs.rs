//! Google Cloud Storage.

use std::sync::Arc;

use object_store::{
    ObjectStore,
    client::HttpRequest,
    gcp::{GoogleCloudStorage, GoogleCloudStorageBuilder},
};
use url::Url;

use super::{cloud, create::Creation, invalid, options::Query};
use crate::{
    engine::{
        google_json::GoogleJson,
        http::{generic, request},
    },
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

/// The request that makes the bucket. Source: Google's *Cloud Storage JSON API* reference,
/// `buckets.insert`.
pub(super) fn creation(
    url: &Url,
    query: &Query,
    options: &StorageOptions,
) -> Result<Creation, Error> {
    let emulator = emulator(url, query)?;
    let project = PROJECT
        .into_iter()
        .find_map(|name| std::env::var(name).ok())
        .filter(|project| !project.is_empty());
    let project = match (project, &emulator) {
        (Some(project), _) => project,
        (None, Some(_)) => "test".to_owned(),
        (None, None) => {
            let reason = "making a bucket needs a project: set STORAGE_PROJECT_ID";
            return Err(invalid(url, reason));
        }
    };
    let store = match &emulator {
        Some(_) => None,
        None => Some(google(url, options)?),
    };
    let mut target = match emulator {
        Some(endpoint) => endpoint,
        None => cloud::checked_endpoint(url, API)?,
    };
    target.set_path("storage/v1/b");
    target.query_pairs_mut().append_pair("project", &project);
    let body = serde_json::json!({"name": cloud::bucket(url)?}).to_string();
    Ok(Box::pin(async move {
        let mut request = request("POST", &target, body)?;
        let json = "application/json".parse().map_err(generic)?;
        request.headers_mut().insert("content-type", json);
        if let Some(store) = store {
            authorize(&mut request, &store).await?;
        }
        Ok(request)
    }))
}

async fn authorize(
    request: &mut HttpRequest,
    store: &GoogleCloudStorage,
) -> object_store::Result<()> {
    let credential = store.credentials().get_credential().await?;
    let bearer = format!("Bearer {}", credential.bearer);
    let bearer = bearer.parse().map_err(generic)?;
    request.headers_mut().insert("authorization", bearer);
    Ok(())
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
