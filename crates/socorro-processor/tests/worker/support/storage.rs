//! A storage that writes a journal.

use std::{fmt, path::Path};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use socorro_core::{CrashId, DumpName, Dumps, ProcessedCrash, RawCrash, time::Date};
use socorro_storage::{
    Catalog, CrashStorage, DeleteReport, DocumentFolder, DocumentKey, DumpNames, Error, Expected,
    Item, SaveReceipt, Stored, testkit::FlakyStorage,
};

use super::{
    hooks::Hooks,
    journal::{Event, Journal},
};

/// Any storage, with faults, hooks and a journal in front.
pub(crate) struct WatchedStorage {
    pub(crate) flaky: FlakyStorage,
    pub(crate) hooks: Hooks,
    pub(super) journal: Journal,
}

impl fmt::Debug for WatchedStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.flaky.fmt(f)
    }
}

impl fmt::Display for WatchedStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.flaky.fmt(f)
    }
}

#[async_trait]
impl CrashStorage for WatchedStorage {
    async fn raw_crash(&self, id: &CrashId) -> Result<RawCrash, Error> {
        self.hooks.before("raw_crash").await;
        self.flaky.raw_crash(id).await
    }

    async fn save_processed_crash(
        &self,
        id: &CrashId,
        crash: &ProcessedCrash,
        expected: Expected,
    ) -> Result<SaveReceipt, Error> {
        self.hooks.before("save_processed_crash").await;
        let receipt = self.flaky.save_processed_crash(id, crash, expected).await?;
        self.journal.write(Event::Saved(*id));
        Ok(receipt)
    }

    async fn save_raw_crash(
        &self,
        id: &CrashId,
        raw: &RawCrash,
        dumps: &Dumps,
    ) -> Result<(), Error> {
        self.flaky.save_raw_crash(id, raw, dumps).await
    }

    async fn dump_names(&self, id: &CrashId) -> Result<DumpNames, Error> {
        self.flaky.dump_names(id).await
    }

    async fn dump(&self, id: &CrashId, name: &DumpName) -> Result<Bytes, Error> {
        self.flaky.dump(id, name).await
    }

    async fn dump_to_file(&self, id: &CrashId, name: &DumpName, path: &Path) -> Result<u64, Error> {
        self.flaky.dump_to_file(id, name, path).await
    }

    async fn processed_crash(&self, id: &CrashId) -> Result<Stored<ProcessedCrash>, Error> {
        self.flaky.processed_crash(id).await
    }

    async fn exists(&self, id: &CrashId, item: &Item) -> Result<bool, Error> {
        self.flaky.exists(id, item).await
    }

    async fn catalog(&self, id: &CrashId) -> Result<Catalog, Error> {
        self.flaky.catalog(id).await
    }

    async fn delete(&self, id: &CrashId) -> Result<DeleteReport, Error> {
        self.flaky.delete(id).await
    }

    fn list_raw(
        &self,
        date: Date,
        after: Option<CrashId>,
    ) -> BoxStream<'_, Result<CrashId, Error>> {
        self.flaky.list_raw(date, after)
    }

    fn list_processed(
        &self,
        date: Date,
        after: Option<CrashId>,
    ) -> BoxStream<'_, Result<CrashId, Error>> {
        self.flaky.list_processed(date, after)
    }

    async fn save_document(&self, key: &DocumentKey, content: Bytes) -> Result<(), Error> {
        self.hooks.before("save_document").await;
        self.flaky.save_document(key, content).await
    }

    async fn document(&self, key: &DocumentKey) -> Result<Bytes, Error> {
        self.flaky.document(key).await
    }

    async fn delete_document(&self, key: &DocumentKey) -> Result<(), Error> {
        self.hooks.before("delete_document").await;
        self.flaky.delete_document(key).await
    }

    fn list_documents(&self, folder: &DocumentFolder) -> BoxStream<'_, Result<DocumentKey, Error>> {
        self.flaky.list_documents(folder)
    }

    async fn check(&self) -> Result<(), Error> {
        self.hooks.before("check").await;
        self.flaky.check().await
    }
}
