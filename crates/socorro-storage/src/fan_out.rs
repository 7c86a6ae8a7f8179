//! One storage made of several.

use std::{fmt, path::Path, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{future::try_join_all, stream::BoxStream};
use socorro_core::{CrashId, DumpName, Dumps, ProcessedCrash, RawCrash, time::Date};

use crate::{
    document::{DocumentFolder, DocumentKey},
    error::Error,
    item::Item,
    storage::CrashStorage,
    values::{Catalog, DeleteReport, DumpNames, Expected, SaveReceipt, Stored},
};

/// Writes to a storage and to copies of it; reads from the storage alone.
///
/// A write goes to the storage first, which decides about conflicts, then to all copies at the same
/// time, whatever is there. When one of them fails, the write fails; repeating it, with the same
/// expectation, completes it. A deletion goes the other way round, the copies first.
///
/// This keeps copies complete at the price of depending on all of them. Copies that may lag behind
/// are what destinations with an outbox are for ([`DocumentKey::outbox`]).
#[derive(Debug)]
pub struct FanOut {
    storage: Arc<dyn CrashStorage>,
    copies: Vec<Arc<dyn CrashStorage>>,
}

impl FanOut {
    /// A storage without a copy yet.
    pub fn new(storage: impl CrashStorage) -> Self {
        Self {
            storage: Arc::new(storage),
            copies: Vec::new(),
        }
    }

    /// Adds a copy.
    #[must_use]
    pub fn with_copy(mut self, copy: impl CrashStorage) -> Self {
        self.copies.push(Arc::new(copy));
        self
    }
}

impl fmt::Display for FanOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.storage.fmt(f)?;
        for copy in &self.copies {
            write!(f, " + {copy}")?;
        }
        Ok(())
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl CrashStorage for FanOut {
    async fn save_raw_crash(
        &self,
        id: &CrashId,
        raw_crash: &RawCrash,
        dumps: &Dumps,
    ) -> Result<(), Error> {
        self.storage.save_raw_crash(id, raw_crash, dumps).await?;
        let copies = self.copies.iter();
        try_join_all(copies.map(|copy| copy.save_raw_crash(id, raw_crash, dumps))).await?;
        Ok(())
    }

    async fn raw_crash(&self, id: &CrashId) -> Result<RawCrash, Error> {
        self.storage.raw_crash(id).await
    }

    async fn dump_names(&self, id: &CrashId) -> Result<DumpNames, Error> {
        self.storage.dump_names(id).await
    }

    async fn dump(&self, id: &CrashId, name: &DumpName) -> Result<Bytes, Error> {
        self.storage.dump(id, name).await
    }

    async fn dump_to_file(&self, id: &CrashId, name: &DumpName, path: &Path) -> Result<u64, Error> {
        self.storage.dump_to_file(id, name, path).await
    }

    async fn save_processed_crash(
        &self,
        id: &CrashId,
        crash: &ProcessedCrash,
        expected: Expected,
    ) -> Result<SaveReceipt, Error> {
        let receipt = self
            .storage
            .save_processed_crash(id, crash, expected)
            .await?;
        let copies = self.copies.iter();
        try_join_all(copies.map(|copy| copy.save_processed_crash(id, crash, Expected::Any)))
            .await?;
        Ok(receipt)
    }

    async fn processed_crash(&self, id: &CrashId) -> Result<Stored<ProcessedCrash>, Error> {
        self.storage.processed_crash(id).await
    }

    async fn exists(&self, id: &CrashId, item: &Item) -> Result<bool, Error> {
        self.storage.exists(id, item).await
    }

    async fn catalog(&self, id: &CrashId) -> Result<Catalog, Error> {
        self.storage.catalog(id).await
    }

    async fn delete(&self, id: &CrashId) -> Result<DeleteReport, Error> {
        let copies = self.copies.iter();
        let reports = try_join_all(copies.map(|copy| copy.delete(id))).await?;
        let last = self.storage.delete(id).await?;
        let mut all = DeleteReport::default();
        for report in reports.into_iter().chain([last]) {
            all.removed.extend(report.removed);
            all.remaining.extend(report.remaining);
        }
        Ok(all)
    }

    fn list_raw(
        &self,
        date: Date,
        after: Option<CrashId>,
    ) -> BoxStream<'_, Result<CrashId, Error>> {
        self.storage.list_raw(date, after)
    }

    fn list_processed(
        &self,
        date: Date,
        after: Option<CrashId>,
    ) -> BoxStream<'_, Result<CrashId, Error>> {
        self.storage.list_processed(date, after)
    }

    async fn save_document(&self, key: &DocumentKey, content: Bytes) -> Result<(), Error> {
        self.storage.save_document(key, content.clone()).await?;
        let copies = self.copies.iter();
        try_join_all(copies.map(|copy| copy.save_document(key, content.clone()))).await?;
        Ok(())
    }

    async fn document(&self, key: &DocumentKey) -> Result<Bytes, Error> {
        self.storage.document(key).await
    }

    async fn delete_document(&self, key: &DocumentKey) -> Result<(), Error> {
        let copies = self.copies.iter();
        try_join_all(copies.map(|copy| copy.delete_document(key))).await?;
        self.storage.delete_document(key).await
    }

    fn list_documents(&self, folder: &DocumentFolder) -> BoxStream<'_, Result<DocumentKey, Error>> {
        self.storage.list_documents(folder)
    }

    async fn check(&self) -> Result<(), Error> {
        let all = [&self.storage].into_iter().chain(&self.copies);
        try_join_all(all.map(CrashStorage::check)).await?;
        Ok(())
    }
}
