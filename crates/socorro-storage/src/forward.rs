//! Shared and boxed storages are storages.

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use socorro_core::{CrashId, DumpName, Dumps, ProcessedCrash, RawCrash, time::Date};

use crate::{
    document::{DocumentFolder, DocumentKey},
    error::Error,
    item::Item,
    storage::CrashStorage,
    values::{Catalog, DeleteReport, DumpNames, Expected, SaveReceipt, Stored},
};

macro_rules! forward_to_content {
    ($pointer:ty) => {
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<T: CrashStorage + ?Sized> CrashStorage for $pointer {
            async fn save_raw_crash(
                &self,
                id: &CrashId,
                raw_crash: &RawCrash,
                dumps: &Dumps,
            ) -> Result<(), Error> {
                (**self).save_raw_crash(id, raw_crash, dumps).await
            }

            async fn raw_crash(&self, id: &CrashId) -> Result<RawCrash, Error> {
                (**self).raw_crash(id).await
            }

            async fn dump_names(&self, id: &CrashId) -> Result<DumpNames, Error> {
                (**self).dump_names(id).await
            }

            async fn dump(&self, id: &CrashId, name: &DumpName) -> Result<Bytes, Error> {
                (**self).dump(id, name).await
            }

            async fn dump_to_file(
                &self,
                id: &CrashId,
                name: &DumpName,
                path: &Path,
            ) -> Result<u64, Error> {
                (**self).dump_to_file(id, name, path).await
            }

            async fn save_processed_crash(
                &self,
                id: &CrashId,
                crash: &ProcessedCrash,
                expected: Expected,
            ) -> Result<SaveReceipt, Error> {
                (**self).save_processed_crash(id, crash, expected).await
            }

            async fn processed_crash(&self, id: &CrashId) -> Result<Stored<ProcessedCrash>, Error> {
                (**self).processed_crash(id).await
            }

            async fn exists(&self, id: &CrashId, item: &Item) -> Result<bool, Error> {
                (**self).exists(id, item).await
            }

            async fn catalog(&self, id: &CrashId) -> Result<Catalog, Error> {
                (**self).catalog(id).await
            }

            async fn delete(&self, id: &CrashId) -> Result<DeleteReport, Error> {
                (**self).delete(id).await
            }

            fn list_raw(
                &self,
                date: Date,
                after: Option<CrashId>,
            ) -> BoxStream<'_, Result<CrashId, Error>> {
                (**self).list_raw(date, after)
            }

            fn list_processed(
                &self,
                date: Date,
                after: Option<CrashId>,
            ) -> BoxStream<'_, Result<CrashId, Error>> {
                (**self).list_processed(date, after)
            }

            async fn save_document(&self, key: &DocumentKey, content: Bytes) -> Result<(), Error> {
                (**self).save_document(key, content).await
            }

            async fn document(&self, key: &DocumentKey) -> Result<Bytes, Error> {
                (**self).document(key).await
            }

            async fn delete_document(&self, key: &DocumentKey) -> Result<(), Error> {
                (**self).delete_document(key).await
            }

            fn list_documents(
                &self,
                folder: &DocumentFolder,
            ) -> BoxStream<'_, Result<DocumentKey, Error>> {
                (**self).list_documents(folder)
            }

            async fn check(&self) -> Result<(), Error> {
                (**self).check().await
            }
        }
    };
}

forward_to_content!(Arc<T>);
forward_to_content!(Box<T>);
