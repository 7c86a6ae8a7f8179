//! Azure Blob Storage.

use std::sync::Arc;

use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use url::Url;

use super::{cloud, create::Creation, invalid, options::Query};
use crate::{engine::azure::Azure, error::Error, object::ObjectStorage, options::StorageOptions};

/// `az://container[/prefix][?account=NAME][&endpoint=URL]`; everything else comes from the
/// `AZURE_*` environment variables.
pub(super) fn open(
    url: &Url,
    query: &Query,
    options: StorageOptions,
) -> Result<ObjectStorage, Error> {
    let container = builder(url, query, &options)?
        .build()
        .map_err(|error| invalid(url, error.to_string()))?;
    let storage = ObjectStorage::over(Arc::new(container), cloud::name(url), options);
    cloud::below_path(storage, url)
}

fn builder(
    url: &Url,
    query: &Query,
    options: &StorageOptions,
) -> Result<MicrosoftAzureBuilder, Error> {
    let mut builder = MicrosoftAzureBuilder::from_env()
        .with_container_name(cloud::bucket(url)?)
        .with_retry(cloud::retry(options))
        .with_client_options(cloud::client(options))
        .with_http_connector(cloud::connector(options));
    if let Some(account) = query.get("account") {
        builder = builder.with_account(account);
    }
    if let Some(endpoint) = query.get("endpoint") {
        cloud::checked_endpoint(url, endpoint)?;
        builder = builder.with_endpoint(endpoint.trim_end_matches('/').to_owned());
    }
    // Whoever writes http:// means it.
    let endpoint = builder.get_config_value(&AzureConfigKey::Endpoint);
    if endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")) {
        builder = builder.with_allow_http(true);
    }
    Ok(builder)
}

/// The container, for requests that object_store has no call for.
pub(super) fn requests(url: &Url, query: &Query, options: &StorageOptions) -> Result<Azure, Error> {
    let builder = builder(url, query, options)?;
    let set = |key| {
        builder
            .get_config_value(&key)
            .filter(|value| !value.is_empty())
    };
    let account = set(AzureConfigKey::AccountName).ok_or_else(|| {
        invalid(
            url,
            "the account is missing: set AZURE_STORAGE_ACCOUNT_NAME",
        )
    })?;
    let endpoint = set(AzureConfigKey::Endpoint)
        .unwrap_or_else(|| format!("https://{account}.blob.core.windows.net"));
    let unusable = |error: object_store::Error| invalid(url, error.to_string());
    Ok(Azure {
        store: builder.build().map_err(unusable)?,
        client: cloud::http_client(options).map_err(unusable)?,
        endpoint: cloud::checked_endpoint(url, &endpoint)?,
        account,
        container: cloud::bucket(url)?.to_owned(),
        options: options.clone(),
    })
}

/// The request that makes the container. Source: Microsoft's *Blob service REST API*, Create
/// Container.
pub(super) fn creation(
    url: &Url,
    query: &Query,
    options: &StorageOptions,
) -> Result<Creation, Error> {
    let azure = requests(url, query, options)?;
    let target = azure.url(Some(&azure.container), &[("restype", "container")]);
    Ok(Box::pin(async move { azure.signed("PUT", &target).await }))
}
