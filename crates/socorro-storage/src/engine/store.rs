//! Lists of any store of object_store: a directory, the memory.

use std::sync::Arc;

use async_trait::async_trait;
use futures::TryStreamExt as _;
use object_store::{Error as StoreError, ObjectMeta, ObjectStore, Result, path::Path};
use socorro_core::time::Timestamp;

use super::bucket_api::{BucketApi, Deleted, Page, delete_one};
use crate::bucket::{BucketEntry, Object};

/// A store without requests of its own.
#[derive(Debug)]
pub(crate) struct AnyStore(pub(crate) Arc<dyn ObjectStore>);

#[async_trait]
impl BucketApi for AnyStore {
    async fn page(&self, prefix: &str, level: bool, _: Option<String>) -> Result<Page> {
        // Stores list folders; what is asked for may end within a name.
        let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
        let folder = Path::parse(folder)?;
        let mut page = Page::default();
        if level {
            let listed = self.0.list_with_delimiter(Some(&folder)).await?;
            let folders = listed.common_prefixes.iter().map(|path| format!("{path}/"));
            page.prefixes = folders.filter(|path| path.starts_with(prefix)).collect();
            page.prefixes.sort_unstable();
            page.objects = listed.objects.iter().map(object).collect();
        } else {
            let listed: Vec<_> = self.0.list(Some(&folder)).try_collect().await?;
            page.objects = listed.iter().map(object).collect();
        }
        page.objects.retain(|object| object.key.starts_with(prefix));
        page.objects
            .sort_unstable_by(|one, other| one.key.cmp(&other.key));
        Ok(page)
    }

    async fn delete(&self, keys: &[String]) -> Result<Deleted> {
        let mut deleted = Deleted::new();
        for key in keys {
            deleted.push((key.clone(), delete_one(&*self.0, key).await));
        }
        Ok(deleted)
    }

    async fn buckets(&self) -> Result<Vec<BucketEntry>> {
        unsupported("a list of buckets", &self.0)
    }

    async fn remove(&self) -> Result<()> {
        unsupported("removing a bucket", &self.0)
    }
}

fn unsupported<T>(operation: &str, store: &Arc<dyn ObjectStore>) -> Result<T> {
    Err(StoreError::NotImplemented {
        operation: operation.to_owned(),
        implementer: store.to_string(),
    })
}

/// What a store says about an object. Its entity tag is no checksum.
pub(crate) fn object(meta: &ObjectMeta) -> Object {
    Object {
        key: meta.location.to_string(),
        size: meta.size,
        last_modified: Timestamp::from_millisecond(meta.last_modified.timestamp_millis()).ok(),
        e_tag: meta.e_tag.clone(),
        checksum: None,
    }
}
