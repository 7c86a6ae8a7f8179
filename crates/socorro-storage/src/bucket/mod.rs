//! Objects by their keys: what a bucket holds, whether it is crashes or not.
//!
//! A [`CrashStorage`](crate::CrashStorage) knows crashes; a [`Bucket`] knows objects, for programs
//! that look after buckets: list, fetch, put, copy, delete, and buckets themselves. It works over
//! the same engines, with the same addresses and settings.
//!
//! ```
//! use futures::TryStreamExt as _;
//! use socorro_storage::{StorageOptions, bucket::{Bucket, ObjectAddress}};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let address = ObjectAddress::parse("s3://dev-bucket/v1/dump/de1bb258?region=us-west-2")?;
//! assert_eq!(address.bucket(), "dev-bucket");
//! assert_eq!(address.key(), "v1/dump/de1bb258");
//!
//! let bucket = Bucket::memory(StorageOptions::default());
//! bucket.put("v1/dump/a", "MDMP".into()).await?;
//! bucket.put("v1/raw_crash/20261126/a", "{}".into()).await?;
//!
//! // A beginning of keys may end anywhere.
//! let objects: Vec<_> = bucket.list("v1/du").try_collect().await?;
//! assert_eq!(objects[0].key, "v1/dump/a");
//! assert_eq!(objects[0].size, 4);
//! assert_eq!(bucket.get("v1/dump/a").await?.bytes(100).await?, "MDMP");
//!
//! let report = bucket.delete(["v1/dump/a"]).await?;
//! assert!(report.iter().all(|(_, outcome)| outcome.is_ok()));
//! # Ok(())
//! # }
//! ```
//!
//! # Keys
//!
//! Lists and deletions take any key that the server has. To fetch, put and copy, a key must have no
//! empty parts (`a//b`), no part that is `.` or `..`, no control characters and no `/` at its end;
//! any other one is answered with [`ErrorKind::Configuration`](crate::ErrorKind::Configuration).

mod address;
mod checksum;
mod fetch;
mod upload;

use std::{fmt, sync::Arc};

use bytes::Bytes;
use futures::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};
use object_store::{ObjectStore, ObjectStoreExt as _, path::Path};
use socorro_core::time::Timestamp;

pub use self::{
    address::ObjectAddress,
    checksum::{Checksum, Digests},
    fetch::Fetched,
    upload::{PART, Progress},
};
use crate::{
    address::open_bucket,
    engine::{
        bucket_api::{BucketApi, MAX_DELETED},
        store::{self, AnyStore},
    },
    error::{Error, NO_BUCKET_REASON},
    item::Subject,
    object::ObjectStorage,
    options::StorageOptions,
};

/// What a bucket says about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its key: everything after the bucket and its `/`.
    pub key: String,
    /// In bytes.
    pub size: u64,
    /// When it was written, by the clock of the server.
    pub last_modified: Option<Timestamp>,
    /// What the server tells versions of it by.
    pub e_tag: Option<String>,
    /// What is known about its content, where the server tells.
    pub checksum: Option<Checksum>,
}

/// A bucket of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketEntry {
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created: Option<Timestamp>,
}

/// One page of a list with one level of keys, as directories have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// Beginnings of keys that go on after a `/`, which they end with.
    pub prefixes: Vec<String>,
    /// Objects whose keys have no further `/`.
    pub objects: Vec<Object>,
}

/// A bucket, or a directory of this machine: objects by key.
#[derive(Debug)]
pub struct Bucket {
    storage: ObjectStorage,
    api: Arc<dyn BucketApi>,
}

impl Bucket {
    /// The bucket of an address, whatever its key is. Nothing is asked of it yet.
    ///
    /// # Errors
    ///
    /// Those of [`open`](crate::open).
    pub fn open(address: &ObjectAddress, options: StorageOptions) -> Result<Self, Error> {
        let (storage, api) = open_bucket(&address.of_bucket(), options)?;
        Ok(Self { storage, api })
    }

    /// A bucket in the memory of this process.
    #[must_use]
    pub fn memory(options: StorageOptions) -> Self {
        let storage = ObjectStorage::memory(options);
        let api = Arc::new(AnyStore(Arc::clone(storage.store())));
        Self { storage, api }
    }

    /// All buckets that the account of an address has. Of the address only scheme and options count.
    ///
    /// # Errors
    ///
    /// Those of [`open`](crate::open), and what the server says. Directories have no account.
    pub async fn all(
        address: &ObjectAddress,
        options: StorageOptions,
    ) -> Result<Vec<BucketEntry>, Error> {
        let bucket = Self::open(&address.with_bucket("buckets"), options)?;
        match bucket.api.buckets().await {
            Ok(buckets) => Ok(buckets),
            Err(error) => Err(bucket.failure(Subject::Storage, error).await),
        }
    }

    /// Whether the bucket is there.
    ///
    /// # Errors
    ///
    /// When nobody can say.
    pub async fn exists(&self) -> Result<bool, Error> {
        match self.level("").try_next().await {
            Ok(_) => Ok(true),
            Err(error) if error.is_no_bucket() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes the bucket, which has to be empty.
    ///
    /// # Errors
    ///
    /// When it is not, and what the server says. Directories are not removed.
    pub async fn remove(&self) -> Result<(), Error> {
        match self.api.remove().await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.bucket_failure(error).await),
        }
    }

    /// The objects whose keys begin with `prefix`, page by page, ascending. An error ends the stream.
    pub fn list(&self, prefix: &str) -> BoxStream<'_, Result<Object, Error>> {
        self.pages(prefix, false)
            .map_ok(|level| stream::iter(level.objects.into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }

    /// The same as a directory shows it, with what goes on after a further `/` folded. Each item is a
    /// page. An error ends the stream.
    pub fn level(&self, prefix: &str) -> BoxStream<'_, Result<Level, Error>> {
        self.pages(prefix, true)
    }

    fn pages(&self, prefix: &str, level: bool) -> BoxStream<'_, Result<Level, Error>> {
        let prefix = prefix.to_owned();
        stream::try_unfold(Some(None), move |next| {
            let prefix = prefix.clone();
            async move {
                let Some(token) = next else { return Ok(None) };
                // The engine makes a directory that is gone again, or takes it for an empty one.
                self.storage.require_directory(&Subject::Storage).await?;
                match self.api.page(&prefix, level, token).await {
                    Ok(page) => {
                        let (prefixes, objects) = (page.prefixes, page.objects);
                        Ok(Some((Level { prefixes, objects }, page.next.map(Some))))
                    }
                    Err(error) => Err(self.bucket_failure(error).await),
                }
            }
        })
        .boxed()
    }

    /// What the bucket says about an object. A checksum is only in lists.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], and what the server says.
    pub async fn head(&self, key: &str) -> Result<Object, Error> {
        let path = self.path(key)?;
        match self.store().head(&path).await {
            Ok(meta) => Ok(store::object(&meta)),
            Err(error) => Err(self.object_failure(key, error).await),
        }
    }

    /// Writes an object that is in memory, whatever is there.
    ///
    /// # Errors
    ///
    /// What the server says.
    pub async fn put(&self, key: &str, content: Bytes) -> Result<(), Error> {
        self.write(key, content).await
    }

    /// Copies an object within the bucket, at the server where it can do that.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], and what the server says.
    pub async fn copy(&self, from: &str, to: &str) -> Result<(), Error> {
        let (source, target) = (self.path(from)?, self.path(to)?);
        match self.store().copy(&source, &target).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.object_failure(from, error).await),
        }
    }

    /// Deletes objects, up to 1,000 with one request. Tells of each whether it is gone, or why not in
    /// the server's words. What is not there is gone.
    ///
    /// # Errors
    ///
    /// When a request as a whole fails; what came before it is deleted.
    pub async fn delete(
        &self,
        keys: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Vec<(String, Result<(), String>)>, Error> {
        let keys: Vec<String> = keys.into_iter().map(Into::into).collect();
        let mut report = Vec::with_capacity(keys.len());
        for keys in keys.chunks(MAX_DELETED) {
            match self.api.delete(keys).await {
                Ok(deleted) => report.extend(deleted),
                Err(error) => return Err(self.failure(Subject::Storage, error).await),
            }
        }
        Ok(report)
    }

    fn store(&self) -> &Arc<dyn ObjectStore> {
        self.storage.store()
    }

    fn path(&self, key: &str) -> Result<Path, Error> {
        match Path::parse(key) {
            Ok(path) if !key.is_empty() && path.as_ref() == key => Ok(path),
            _ => Err(Error::InvalidAddress {
                address: format!("{self}/{}", key.escape_debug()),
                reason: "a key has no empty parts, no . or .. alone, no control characters and \
                         no / at its ends"
                    .to_owned(),
            }),
        }
    }

    /// The error to give for what the store said about an object.
    async fn object_failure(&self, key: &str, error: object_store::Error) -> Error {
        self.failure(Subject::Object(key.to_owned()), error).await
    }

    /// The error to give for what the store said about the bucket as a whole: what is not found then
    /// is the bucket.
    async fn bucket_failure(&self, error: object_store::Error) -> Error {
        let is_absent = matches!(error, object_store::Error::NotFound { .. });
        match self.failure(Subject::Storage, error).await {
            Error::Unavailable {
                storage,
                what,
                source,
                ..
            } if is_absent => Error::Unavailable {
                storage,
                what,
                reason: NO_BUCKET_REASON.to_owned(),
                retry_after: None,
                source,
            },
            error => error,
        }
    }

    async fn failure(&self, what: Subject, error: object_store::Error) -> Error {
        self.storage.unconditional_failure(&what, error).await
    }
}

/// The address of the bucket, without secrets.
impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.storage.fmt(f)
    }
}
