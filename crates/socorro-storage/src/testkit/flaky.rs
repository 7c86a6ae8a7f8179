//! A storage that fails when told to.

use std::{
    collections::BTreeMap,
    fmt,
    ops::RangeBounds,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use socorro_core::{CrashId, DumpName, Dumps, ProcessedCrash, RawCrash, time::Date};

use crate::{
    Catalog, CrashStorage, DeleteReport, DocumentFolder, DocumentKey, DumpNames, Error, Expected,
    Item, SaveReceipt, Stored, layer::Operation,
};

/// One call of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Which method.
    pub operation: Operation,
    /// For which crash, where the method is about one.
    pub id: Option<CrashId>,
    /// How often this method was called so far, this call included.
    pub count: usize,
}

/// How a call fails.
#[derive(Debug)]
pub enum Fault {
    /// Nothing happens, and this is the answer.
    Refuse(Error),
    /// What was asked for happens, but the answer is lost and this comes instead.
    LoseAnswer(Error),
}

type Plan = dyn Fn(&Call) -> Option<Fault> + Send + Sync;

/// A storage that forwards to another one and fails when told to, to test what its users do then.
///
/// ```
/// use socorro_storage::{CrashStorage, Error, ObjectStorage, StorageOptions};
/// use socorro_storage::testkit::{FlakyStorage, Operation};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let storage = FlakyStorage::new(ObjectStorage::memory(StorageOptions::default()));
/// storage.fail(Operation::Check, ..=2, || Error::unavailable("test", "told to fail"));
///
/// assert!(storage.check().await.is_err());
/// assert!(storage.check().await.is_err());
/// assert!(storage.check().await.is_ok());
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct FlakyStorage {
    inner: Arc<dyn CrashStorage>,
    calls: Mutex<BTreeMap<Operation, usize>>,
    plans: Mutex<Vec<Arc<Plan>>>,
}

impl FlakyStorage {
    /// A storage that does not fail yet.
    pub fn new(inner: impl CrashStorage) -> Self {
        Self {
            inner: Arc::new(inner),
            calls: Mutex::default(),
            plans: Mutex::default(),
        }
    }

    /// Decides about every call from now on; the first plan that answers counts.
    pub fn plan(&self, plan: impl Fn(&Call) -> Option<Fault> + Send + Sync + 'static) {
        self.plans
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::new(plan));
    }

    /// Refuses the calls of one method whose numbers (from 1) are in `counts`; `..` is all.
    pub fn fail(
        &self,
        operation: Operation,
        counts: impl RangeBounds<usize> + Send + Sync + 'static,
        error: impl Fn() -> Error + Send + Sync + 'static,
    ) {
        self.plan(move |call| {
            let meant = call.operation == operation && counts.contains(&call.count);
            meant.then(|| Fault::Refuse(error()))
        });
    }

    /// Forgets all plans: the storage works again.
    pub fn heal(&self) {
        self.plans
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// How often a method was called, refused calls included.
    pub fn calls(&self, operation: Operation) -> usize {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.get(&operation).copied().unwrap_or_default()
    }

    /// The storage behind it, which never fails by plan.
    pub fn inner(&self) -> &Arc<dyn CrashStorage> {
        &self.inner
    }

    fn fault(&self, operation: Operation, id: Option<&CrashId>) -> Option<Fault> {
        let count = {
            let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
            let count = calls.entry(operation).or_default();
            *count += 1;
            *count
        };
        let call = Call {
            operation,
            id: id.copied(),
            count,
        };
        let plans = self
            .plans
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        plans.iter().find_map(|plan| plan(&call))
    }

    async fn call<V>(
        &self,
        operation: Operation,
        id: Option<&CrashId>,
        work: impl Future<Output = Result<V, Error>> + Send,
    ) -> Result<V, Error> {
        match self.fault(operation, id) {
            None => work.await,
            Some(Fault::Refuse(error)) => Err(error),
            Some(Fault::LoseAnswer(error)) => {
                work.await?;
                Err(error)
            }
        }
    }
}

impl FlakyStorage {
    fn list<'a, V: Send + 'a>(
        &self,
        operation: Operation,
        list: BoxStream<'a, Result<V, Error>>,
    ) -> BoxStream<'a, Result<V, Error>> {
        let failed = |error| stream::iter([Err(error)]);
        match self.fault(operation, None) {
            None => list,
            Some(Fault::Refuse(error)) => failed(error).boxed(),
            Some(Fault::LoseAnswer(error)) => list.chain(failed(error)).boxed(),
        }
    }
}

impl fmt::Debug for FlakyStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlakyStorage")
            .field("calls", &self.calls)
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for FlakyStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FlakyStorage({})", self.inner)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl CrashStorage for FlakyStorage {
    async fn save_raw_crash(
        &self,
        id: &CrashId,
        raw_crash: &RawCrash,
        dumps: &Dumps,
    ) -> Result<(), Error> {
        let work = self.inner.save_raw_crash(id, raw_crash, dumps);
        self.call(Operation::SaveRawCrash, Some(id), work).await
    }

    async fn raw_crash(&self, id: &CrashId) -> Result<RawCrash, Error> {
        let work = self.inner.raw_crash(id);
        self.call(Operation::RawCrash, Some(id), work).await
    }

    async fn dump_names(&self, id: &CrashId) -> Result<DumpNames, Error> {
        let work = self.inner.dump_names(id);
        self.call(Operation::DumpNames, Some(id), work).await
    }

    async fn dump(&self, id: &CrashId, name: &DumpName) -> Result<Bytes, Error> {
        let work = self.inner.dump(id, name);
        self.call(Operation::Dump, Some(id), work).await
    }

    async fn dump_to_file(&self, id: &CrashId, name: &DumpName, path: &Path) -> Result<u64, Error> {
        let work = self.inner.dump_to_file(id, name, path);
        self.call(Operation::DumpToFile, Some(id), work).await
    }

    async fn save_processed_crash(
        &self,
        id: &CrashId,
        crash: &ProcessedCrash,
        expected: Expected,
    ) -> Result<SaveReceipt, Error> {
        let work = self.inner.save_processed_crash(id, crash, expected);
        self.call(Operation::SaveProcessedCrash, Some(id), work)
            .await
    }

    async fn processed_crash(&self, id: &CrashId) -> Result<Stored<ProcessedCrash>, Error> {
        let work = self.inner.processed_crash(id);
        self.call(Operation::ProcessedCrash, Some(id), work).await
    }

    async fn exists(&self, id: &CrashId, item: &Item) -> Result<bool, Error> {
        let work = self.inner.exists(id, item);
        self.call(Operation::Exists, Some(id), work).await
    }

    async fn catalog(&self, id: &CrashId) -> Result<Catalog, Error> {
        let work = self.inner.catalog(id);
        self.call(Operation::Catalog, Some(id), work).await
    }

    async fn delete(&self, id: &CrashId) -> Result<DeleteReport, Error> {
        let work = self.inner.delete(id);
        self.call(Operation::Delete, Some(id), work).await
    }

    fn list_raw(
        &self,
        date: Date,
        after: Option<CrashId>,
    ) -> BoxStream<'_, Result<CrashId, Error>> {
        self.list(Operation::ListRaw, self.inner.list_raw(date, after))
    }

    fn list_processed(
        &self,
        date: Date,
        after: Option<CrashId>,
    ) -> BoxStream<'_, Result<CrashId, Error>> {
        let list = self.inner.list_processed(date, after);
        self.list(Operation::ListProcessed, list)
    }

    async fn save_document(&self, key: &DocumentKey, content: Bytes) -> Result<(), Error> {
        let work = self.inner.save_document(key, content);
        self.call(Operation::SaveDocument, None, work).await
    }

    async fn document(&self, key: &DocumentKey) -> Result<Bytes, Error> {
        let work = self.inner.document(key);
        self.call(Operation::Document, None, work).await
    }

    async fn delete_document(&self, key: &DocumentKey) -> Result<(), Error> {
        let work = self.inner.delete_document(key);
        self.call(Operation::DeleteDocument, None, work).await
    }

    fn list_documents(&self, folder: &DocumentFolder) -> BoxStream<'_, Result<DocumentKey, Error>> {
        let list = self.inner.list_documents(folder);
        self.list(Operation::ListDocuments, list)
    }

    async fn check(&self) -> Result<(), Error> {
        let work = self.inner.check();
        self.call(Operation::Check, None, work).await
    }
}
