//! Every method of a storage, through a layer.

use std::path::Path;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use socorro_core::{CrashId, Dump, DumpName, Dumps, ProcessedCrash, RawCrash, time::Date};

use super::{Call, Layer, Layered, Operation};
use crate::{
    document::{DocumentFolder, DocumentKey},
    error::Error,
    item::{Item, Subject},
    storage::CrashStorage,
    values::{Catalog, DeleteReport, DumpNames, Expected, SaveReceipt, Stored},
};

fn call(operation: Operation, id: &CrashId, item: Item) -> Call {
    Call::new(operation, Subject::crash(id, item))
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<L: Layer> CrashStorage for Layered<L> {
    async fn save_raw_crash(
        &self,
        id: &CrashId,
        raw_crash: &RawCrash,
        dumps: &Dumps,
    ) -> Result<(), Error> {
        let mut call = call(Operation::SaveRawCrash, id, Item::RawCrash);
        call.bytes = Some(dumps.iter().map(|(_, dump)| Dump::size(dump)).sum());
        let work = || self.inner.save_raw_crash(id, raw_crash, dumps);
        self.layer.run(&call, work).await
    }

    async fn raw_crash(&self, id: &CrashId) -> Result<RawCrash, Error> {
        let call = call(Operation::RawCrash, id, Item::RawCrash);
        self.layer.run(&call, || self.inner.raw_crash(id)).await
    }

    async fn dump_names(&self, id: &CrashId) -> Result<DumpNames, Error> {
        let call = call(Operation::DumpNames, id, Item::DumpNames);
        self.layer.run(&call, || self.inner.dump_names(id)).await
    }

    async fn dump(&self, id: &CrashId, name: &DumpName) -> Result<Bytes, Error> {
        let call = call(Operation::Dump, id, Item::Dump(name.clone()));
        self.layer.run(&call, || self.inner.dump(id, name)).await
    }

    async fn dump_to_file(&self, id: &CrashId, name: &DumpName, path: &Path) -> Result<u64, Error> {
        let call = call(Operation::DumpToFile, id, Item::Dump(name.clone()));
        let work = || self.inner.dump_to_file(id, name, path);
        self.layer.run(&call, work).await
    }

    async fn save_processed_crash(
        &self,
        id: &CrashId,
        crash: &ProcessedCrash,
        expected: Expected,
    ) -> Result<SaveReceipt, Error> {
        let call = call(Operation::SaveProcessedCrash, id, Item::ProcessedCrash);
        let work = || self.inner.save_processed_crash(id, crash, expected.clone());
        self.layer.run(&call, work).await
    }

    async fn processed_crash(&self, id: &CrashId) -> Result<Stored<ProcessedCrash>, Error> {
        let call = call(Operation::ProcessedCrash, id, Item::ProcessedCrash);
        let work = || self.inner.processed_crash(id);
        self.layer.run(&call, work).await
    }

    async fn exists(&self, id: &CrashId, item: &Item) -> Result<bool, Error> {
        let call = call(Operation::Exists, id, item.clone());
        self.layer.run(&call, || self.inner.exists(id, item)).await
    }

    async fn catalog(&self, id: &CrashId) -> Result<Catalog, Error> {
        let call = call(Operation::Catalog, id, Item::RawCrash);
        self.layer.run(&call, || self.inner.catalog(id)).await
    }

    async fn delete(&self, id: &CrashId) -> Result<DeleteReport, Error> {
        let call = call(Operation::Delete, id, Item::RawCrash);
        self.layer.run(&call, || self.inner.delete(id)).await
    }

    fn list_raw(
        &self,
        date: Date,
        after: Option<CrashId>,
    ) -> BoxStream<'_, Result<CrashId, Error>> {
        let call = Call::new(Operation::ListRaw, Subject::Day(date));
        self.layer.list(&call, move |last| {
            Some(self.inner.list_raw(date, last.or(after)))
        })
    }

    fn list_processed(
        &self,
        date: Date,
        after: Option<CrashId>,
    ) -> BoxStream<'_, Result<CrashId, Error>> {
        let call = Call::new(Operation::ListProcessed, Subject::Day(date));
        self.layer.list(&call, move |last| {
            Some(self.inner.list_processed(date, last.or(after)))
        })
    }

    async fn save_document(&self, key: &DocumentKey, content: Bytes) -> Result<(), Error> {
        let mut call = Call::new(Operation::SaveDocument, Subject::Document(key.clone()));
        call.bytes = Some(content.len() as u64);
        let work = || self.inner.save_document(key, content.clone());
        self.layer.run(&call, work).await
    }

    async fn document(&self, key: &DocumentKey) -> Result<Bytes, Error> {
        let call = Call::new(Operation::Document, Subject::Document(key.clone()));
        self.layer.run(&call, || self.inner.document(key)).await
    }

    async fn delete_document(&self, key: &DocumentKey) -> Result<(), Error> {
        let call = Call::new(Operation::DeleteDocument, Subject::Document(key.clone()));
        let work = || self.inner.delete_document(key);
        self.layer.run(&call, work).await
    }

    fn list_documents(&self, folder: &DocumentFolder) -> BoxStream<'_, Result<DocumentKey, Error>> {
        let call = Call::new(Operation::ListDocuments, Subject::Storage);
        let folder = folder.clone();
        // Documents come in no order, so there is no going on after one.
        self.layer.list(&call, move |last| {
            last.is_none().then(|| self.inner.list_documents(&folder))
        })
    }

    async fn check(&self) -> Result<(), Error> {
        let call = Call::new(Operation::Check, Subject::Storage);
        self.layer.run(&call, || self.inner.check()).await
    }
}
