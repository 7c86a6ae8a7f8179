//! A collector within a program, with a storage of the program's own: this one forgets everything, so that what the
//! collector itself costs can be measured, with the example `collector_load`.
//!
//! ```text
//! cargo run --release -p socorro-collector --example collector_embedded -- [127.0.0.1:8888]
//! ```

use std::{error::Error, fmt, path::Path, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use socorro_collector::{
    Collector,
    http::{Options, router, serve},
    throttle::Rules,
};
use socorro_core::{CrashId, DumpName, Dumps, ProcessedCrash, RawCrash, time::Date};
use socorro_queue::MemoryQueue;
use socorro_storage::{
    Catalog, CrashStorage, DeleteReport, DocumentFolder, DocumentKey, DumpNames, Error as Failure,
    Expected, Item, ObjectStorage, SaveReceipt, StorageOptions, Stored, Version,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1);
    let address = address.unwrap_or_else(|| "127.0.0.1:8888".to_owned());
    let collector = Collector::builder()
        .storage(Arc::new(Forgetful(ObjectStorage::memory(
            StorageOptions::default(),
        ))))
        .queue(Arc::new(MemoryQueue::default()))
        .throttler(Arc::new(Rules::open()))
        .scratch(std::env::temp_dir())
        .build()
        .await?;
    let options = Options::default();
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("http://{address}/submit, process {}", std::process::id());
    let router = router(collector, &options);
    serve(listener, router, &options, std::future::pending()).await?;
    Ok(())
}

/// Says that it stored what it did not; has nothing.
#[derive(Debug)]
struct Forgetful(ObjectStorage);

impl fmt::Display for Forgetful {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("nowhere")
    }
}

#[async_trait]
impl CrashStorage for Forgetful {
    async fn save_raw_crash(
        &self,
        _id: &CrashId,
        _raw_crash: &RawCrash,
        _dumps: &Dumps,
    ) -> Result<(), Failure> {
        Ok(())
    }

    async fn raw_crash(&self, id: &CrashId) -> Result<RawCrash, Failure> {
        self.0.raw_crash(id).await
    }

    async fn dump_names(&self, id: &CrashId) -> Result<DumpNames, Failure> {
        self.0.dump_names(id).await
    }

    async fn dump(&self, id: &CrashId, name: &DumpName) -> Result<Bytes, Failure> {
        self.0.dump(id, name).await
    }

    async fn dump_to_file(
        &self,
        id: &CrashId,
        name: &DumpName,
        path: &Path,
    ) -> Result<u64, Failure> {
        self.0.dump_to_file(id, name, path).await
    }

    async fn save_processed_crash(
        &self,
        id: &CrashId,
        crash: &ProcessedCrash,
        expected: Expected,
    ) -> Result<SaveReceipt, Failure> {
        self.0.save_processed_crash(id, crash, expected).await
    }

    async fn processed_crash(&self, id: &CrashId) -> Result<Stored<ProcessedCrash>, Failure> {
        self.0.processed_crash(id).await
    }

    async fn processed_crash_version(&self, id: &CrashId) -> Result<Option<Version>, Failure> {
        self.0.processed_crash_version(id).await
    }

    async fn exists(&self, id: &CrashId, item: &Item) -> Result<bool, Failure> {
        self.0.exists(id, item).await
    }

    async fn catalog(&self, id: &CrashId) -> Result<Catalog, Failure> {
        self.0.catalog(id).await
    }

    async fn delete(&self, id: &CrashId) -> Result<DeleteReport, Failure> {
        self.0.delete(id).await
    }

    fn list_raw(
        &self,
        date: Date,
        after: Option<CrashId>,
    ) -> BoxStream<'_, Result<CrashId, Failure>> {
        self.0.list_raw(date, after)
    }

    fn list_processed(
        &self,
        date: Date,
        after: Option<CrashId>,
    ) -> BoxStream<'_, Result<CrashId, Failure>> {
        self.0.list_processed(date, after)
    }

    async fn save_document(&self, key: &DocumentKey, content: Bytes) -> Result<(), Failure> {
        self.0.save_document(key, content).await
    }

    async fn document(&self, key: &DocumentKey) -> Result<Bytes, Failure> {
        self.0.document(key).await
    }

    async fn delete_document(&self, key: &DocumentKey) -> Result<(), Failure> {
        self.0.delete_document(key).await
    }

    fn list_documents(
        &self,
        folder: &DocumentFolder,
    ) -> BoxStream<'_, Result<DocumentKey, Failure>> {
        self.0.list_documents(folder)
    }

    async fn check(&self) -> Result<(), Failure> {
        self.0.check().await
    }
}
