//! What a bucket can do that object_store has no call for.

use std::fmt;

use async_trait::async_trait;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, Result, path::Path};
#[cfg(feature = "cloud")]
use socorro_core::time::Timestamp;

use crate::bucket::{BucketEntry, Object};

/// One page of a list.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// Beginnings of keys up to the next `/`, where those were asked for.
    pub(crate) prefixes: Vec<String>,
    pub(crate) objects: Vec<Object>,
    /// Where the next page begins, if there is one.
    pub(crate) next: Option<String>,
}

/// What became of each of several keys: why it is not deleted, in the server's words.
pub(crate) type Deleted = Vec<(String, std::result::Result<(), String>)>;

/// Requests to a bucket by any key that a server takes. The paths of object_store have no empty
/// parts, no dots alone and no control characters; a list that has such a key is an error there.
#[async_trait]
pub(crate) trait BucketApi: fmt::Debug + Send + Sync {
    /// A page of the objects whose keys begin with `prefix`, wherever in a name it ends.
    async fn page(&self, prefix: &str, level: bool, next: Option<String>) -> Result<Page>;

    /// Deletes objects, at most [`MAX_DELETED`] of them. What is not there is deleted already.
    async fn delete(&self, keys: &[String]) -> Result<Deleted>;

    /// All buckets that whoever asks may see.
    async fn buckets(&self) -> Result<Vec<BucketEntry>>;

    /// Removes the bucket, which has to be empty.
    async fn remove(&self) -> Result<()>;
}

/// How many objects are deleted with one call.
pub(crate) const MAX_DELETED: usize = 1000;

/// How many objects are deleted at the same time by servers that take one per request.
#[cfg(any(feature = "azure", feature = "gcs"))]
const CONCURRENT: usize = 8;

/// Deletes objects of a server that takes one per request.
#[cfg(any(feature = "azure", feature = "gcs"))]
pub(crate) async fn delete_each<F>(keys: &[String], delete: impl Fn(String) -> F) -> Deleted
where
    F: Future<Output = (String, std::result::Result<(), String>)>,
{
    use futures::StreamExt as _;

    let deletions = futures::stream::iter(keys.iter().cloned().map(delete));
    deletions.buffered(CONCURRENT).collect().await
}

/// What became of a key that was to be deleted with an object store.
pub(crate) async fn delete_one(
    store: &dyn ObjectStore,
    key: &str,
) -> std::result::Result<(), String> {
    let path = Path::parse(key).map_err(|error| error.to_string())?;
    deletion(store.delete(&path).await)
}

/// What is not there is deleted already.
pub(crate) fn deletion<T>(result: Result<T>) -> std::result::Result<(), String> {
    match result {
        Ok(_) | Err(Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// A time as servers write it in lists: Azure in the form of HTTP headers.
#[cfg(feature = "cloud")]
pub(crate) fn time(text: &str) -> Option<Timestamp> {
    let iso = text.parse().ok();
    iso.or_else(|| Some(jiff::fmt::rfc2822::parse(text).ok()?.timestamp()))
}
