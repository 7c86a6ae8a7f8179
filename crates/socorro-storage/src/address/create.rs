//! Making the place that an address names.

use std::pin::Pin;

use object_store::{Error as StoreError, client::HttpRequest};
use url::Url;

use super::cloud;
use crate::{
    engine::http, error::Error, item::Subject, object::ObjectStorage, options::StorageOptions,
};

/// Makes and signs the request that creates a bucket.
pub(super) type Creation = Pin<Box<dyn Future<Output = object_store::Result<HttpRequest>> + Send>>;

/// Answers to say that the bucket is there and belongs to whoever asks.
const YOURS: [&str; 2] = ["BucketAlreadyOwnedByYou", "ContainerAlreadyExists"];
/// An answer that does not say whose it is.
const SOMEBODYS: [&str; 1] = ["BucketAlreadyExists"];

/// Sends the request. Gives back whether the bucket is new.
pub(super) async fn bucket(
    url: &Url,
    options: &StorageOptions,
    creation: Creation,
    opened: ObjectStorage,
) -> Result<bool, Error> {
    let what = Subject::Storage;
    let sent = async {
        let client = cloud::http_client(options)?;
        let path = url.host_str().unwrap_or_default();
        http::send(&client, creation.await?, path).await
    };
    let Err(error) = sent.await else {
        return Ok(true);
    };
    let text = error.to_string();
    let says = |codes: &[&str]| codes.iter().any(|code| text.contains(code));
    if says(&YOURS) {
        return Ok(false);
    }
    if says(&SOMEBODYS) || matches!(error, StoreError::AlreadyExists { .. }) {
        // Names of buckets are the same for everybody: it has to show that it may be used.
        use crate::storage::CrashStorage as _;
        return opened.check().await.map(|()| false);
    }
    Err(opened.unconditional_failure(&what, error).await)
}
