//! The one storage over every object store.

mod catalog;
mod days;
mod delete;
mod failure;
mod list;
mod lock;
mod read;
mod write;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::{
    ObjectStore, local::LocalFileSystem, memory::InMemory, path::Path as Prefix,
    prefix::PrefixStore,
};
use socorro_core::{CrashId, DumpName, Dumps, ProcessedCrash, RawCrash, time::Date};

use crate::{
    document::{DocumentFolder, DocumentKey},
    error::Error,
    item::{Item, Subject},
    layout::Layout,
    options::StorageOptions,
    storage::CrashStorage,
    values::{Catalog, DeleteReport, DumpNames, Expected, SaveReceipt, Stored, Version},
};

/// A [`CrashStorage`] in any object store, in the layout of [`crate::layout`].
///
/// What depends on the engine:
///
/// | | bucket | memory | local directory |
/// |---|---|---|---|
/// | an item is written whole or not at all | one request, or an upload in parts that is completed at the end | yes | written to `{name}#{n}`, then renamed |
/// | what was written survives a power failure | yes | no | yes, unless [`durable`](StorageOptions::durable) is off: `fsync` of the file, then of its directory and of new ones above it (on Unix); deletions are not flushed |
/// | [`Expected::Absent`] | atomic | atomic | atomic (a hard link) |
/// | [`Expected::Version`] | atomic | atomic | atomic among those that expect a version (a lock on the file that is replaced); where the file system has no locks, compared and then overwritten |
/// | content type of JSON and dumps | stored | stored | none |
///
/// A bucket whose server knows no conditional writes is overwritten without a condition. Dumps
/// above 16 MiB are written in parts, of which at most three are in memory at a time; an upload
/// that is interrupted may leave parts in a bucket, for which buckets have an expiry rule.
#[derive(Debug)]
pub struct ObjectStorage {
    store: Arc<dyn ObjectStore>,
    name: String,
    /// Set when the store is a directory of this machine.
    directory: Option<PathBuf>,
    layout: Layout,
    options: StorageOptions,
}

impl ObjectStorage {
    /// The storage at an address, as [`open`](crate::open) has it.
    ///
    /// # Errors
    ///
    /// Those of [`open`](crate::open).
    pub fn open(address: &str, options: StorageOptions) -> Result<Self, Error> {
        crate::address::open_objects(address, options)
    }

    /// A storage in the memory of this process, gone when it is dropped.
    #[must_use]
    pub fn memory(options: StorageOptions) -> Self {
        Self::over(Arc::new(InMemory::new()), "memory:", options)
    }

    /// A storage in a local directory, which is created when it does not exist and
    /// [`StorageOptions::create`] says so.
    ///
    /// # Errors
    ///
    /// [`Error::Denied`] and [`Error::Unavailable`] when the directory can be neither found nor
    /// created.
    pub fn directory(path: impl AsRef<Path>, options: StorageOptions) -> Result<Self, Error> {
        let path = path.as_ref();
        // The working directory may change later.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let name = format!("file://{}", path.display());
        let unusable = |error| failure::of_directory(&name, &path, error);
        if options.create {
            std::fs::create_dir_all(&path).map_err(unusable)?;
        }
        let store = LocalFileSystem::new_with_prefix(&path)
            .map_err(|error| unusable(error.into()))?
            .with_fsync(options.durable);
        Ok(Self {
            store: Arc::new(store),
            name,
            directory: Some(path),
            layout: Layout::Objects,
            options,
        })
    }

    /// A storage in any other store that has content types, conditional writes and sorted
    /// listings, as those of the cloud providers have. `name` is how messages and logs call it:
    /// the address without secrets.
    #[must_use]
    pub fn over(
        store: Arc<dyn ObjectStore>,
        name: impl Into<String>,
        options: StorageOptions,
    ) -> Self {
        Self {
            store,
            name: name.into(),
            directory: None,
            layout: Layout::Objects,
            options,
        }
    }

    /// The same storage, with everything below a prefix of the keys: a directory inside, or a part
    /// of a bucket that is used for other things too.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidAddress`] when the prefix has empty parts, `.`, `..` or characters that
    /// cannot be in keys; for directories also those of [`ObjectStorage::directory`].
    pub fn below(self, prefix: &str) -> Result<Self, Error> {
        let parsed = Prefix::parse(prefix.trim_matches('/')).map_err(|error| {
            let address = self.name.clone();
            let reason = error.to_string();
            Error::InvalidAddress { address, reason }
        })?;
        if parsed.as_ref().is_empty() {
            return Ok(self);
        }
        if let Some(directory) = self.directory {
            let below = Self::directory(directory.join(parsed.as_ref()), self.options)?;
            return Ok(below.with_layout(self.layout));
        }
        let name = format!("{}/{parsed}", self.name.trim_end_matches('/'));
        let store = Arc::new(PrefixStore::new(self.store, parsed));
        Ok(Self::over(store, name, self.options).with_layout(self.layout))
    }

    /// The same storage, whose crashes lie in another way. Any but [`Layout::Objects`] can only be
    /// read: to copy from it, see [`copy_to`](crate::CrashStorageExt::copy_to).
    #[must_use]
    pub fn with_layout(self, layout: Layout) -> Self {
        Self { layout, ..self }
    }

    /// The settings that it works with; its address may have changed some.
    #[must_use]
    pub fn options(&self) -> &StorageOptions {
        &self.options
    }

    /// The store itself, for what is not in [`CrashStorage`].
    #[must_use]
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    pub(crate) fn is_directory(&self) -> bool {
        self.directory.is_some()
    }

    fn require_writable(&self, what: &Subject) -> Result<(), Error> {
        if self.layout == Layout::Objects {
            return Ok(());
        }
        let what = Box::new(what.clone());
        Err(Error::ReadOnly { what })
    }

    fn not_found(&self, what: Subject) -> Error {
        Error::not_found(&self.name, what)
    }

    fn too_large(&self, what: &Subject, limit: u64) -> Error {
        Error::TooLarge {
            storage: self.name.clone(),
            what: Box::new(what.clone()),
            limit,
        }
    }

    fn unavailable(&self, what: &Subject, reason: impl Into<String>) -> Error {
        Error::Unavailable {
            storage: self.name.clone(),
            what: Box::new(what.clone()),
            reason: reason.into(),
            retry_after: None,
            source: None,
        }
    }
}

impl fmt::Display for ObjectStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl CrashStorage for ObjectStorage {
    async fn save_raw_crash(
        &self,
        id: &CrashId,
        raw_crash: &RawCrash,
        dumps: &Dumps,
    ) -> Result<(), Error> {
        self.write_raw_crash(id, raw_crash, dumps).await
    }

    async fn raw_crash(&self, id: &CrashId) -> Result<RawCrash, Error> {
        self.read_raw_crash(id).await
    }

    async fn dump_names(&self, id: &CrashId) -> Result<DumpNames, Error> {
        self.read_dump_names(id).await
    }

    async fn dump(&self, id: &CrashId, name: &DumpName) -> Result<Bytes, Error> {
        self.read_dump(id, name).await
    }

    async fn dump_to_file(&self, id: &CrashId, name: &DumpName, path: &Path) -> Result<u64, Error> {
        self.copy_dump(id, name, path).await
    }

    async fn save_processed_crash(
        &self,
        id: &CrashId,
        crash: &ProcessedCrash,
        expected: Expected,
    ) -> Result<SaveReceipt, Error> {
        self.write_processed_crash(id, crash, expected).await
    }

    async fn processed_crash(&self, id: &CrashId) -> Result<Stored<ProcessedCrash>, Error> {
        self.read_processed_crash(id).await
    }

    async fn processed_crash_version(&self, id: &CrashId) -> Result<Option<Version>, Error> {
        let found = self.head(id, &Item::ProcessedCrash).await?;
        Ok(found.as_ref().map(read::version_of))
    }

    async fn exists(&self, id: &CrashId, item: &Item) -> Result<bool, Error> {
        Ok(self.head(id, item).await?.is_some())
    }

    async fn catalog(&self, id: &CrashId) -> Result<Catalog, Error> {
        self.make_catalog(id).await
    }

    async fn delete(&self, id: &CrashId) -> Result<DeleteReport, Error> {
        self.require_writable(&Subject::crash(id, Item::RawCrash))?;
        self.delete_crash(id).await
    }

    fn list_raw(
        &self,
        date: Date,
        after: Option<CrashId>,
    ) -> BoxStream<'_, Result<CrashId, Error>> {
        self.crashes_of(Item::RawCrash, date, after)
    }

    fn list_processed(
        &self,
        date: Date,
        after: Option<CrashId>,
    ) -> BoxStream<'_, Result<CrashId, Error>> {
        self.crashes_of(Item::ProcessedCrash, date, after)
    }

    async fn save_document(&self, key: &DocumentKey, content: Bytes) -> Result<(), Error> {
        self.write_document(key, content).await
    }

    async fn document(&self, key: &DocumentKey) -> Result<Bytes, Error> {
        self.read_document(key).await
    }

    async fn delete_document(&self, key: &DocumentKey) -> Result<(), Error> {
        let what = Subject::Document(key.clone());
        self.require_writable(&what)?;
        self.remove(&what, key.as_str()).await
    }

    fn list_documents(&self, folder: &DocumentFolder) -> BoxStream<'_, Result<DocumentKey, Error>> {
        self.documents_in(folder)
    }

    async fn check(&self) -> Result<(), Error> {
        self.sign_of_life().await
    }
}
