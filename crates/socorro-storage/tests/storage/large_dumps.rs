//! Large dumps are written in parts, and few of them are in memory.

use std::{
    fmt,
    fs::File,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use futures::{FutureExt as _, stream::BoxStream};
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart, memory::InMemory,
    path::Path,
};
use socorro_core::{Dump, DumpName};
use socorro_storage::{CrashStorage as _, ObjectStorage, StorageOptions, testkit::sample};

const MIB: usize = 1 << 20;

/// What passed through.
#[derive(Debug, Default)]
struct Count {
    largest: AtomicUsize,
    parts: AtomicUsize,
    /// Bytes of parts that were handed over and are not written yet.
    waiting: AtomicUsize,
    most_waiting: AtomicUsize,
}

impl Count {
    fn begin(&self, size: usize) {
        self.largest.fetch_max(size, Ordering::SeqCst);
        self.parts.fetch_add(1, Ordering::SeqCst);
        let waiting = self.waiting.fetch_add(size, Ordering::SeqCst) + size;
        self.most_waiting.fetch_max(waiting, Ordering::SeqCst);
    }

    fn end(&self, size: usize) {
        self.waiting.fetch_sub(size, Ordering::SeqCst);
    }
}

/// A store that counts what is written to it.
#[derive(Debug, Default)]
struct Counting {
    inner: InMemory,
    count: Arc<Count>,
}

impl fmt::Display for Counting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for Counting {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.count
            .largest
            .fetch_max(payload.content_length(), Ordering::SeqCst);
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Ok(Box::new(CountingUpload {
            inner: self.inner.put_multipart_opts(location, options).await?,
            count: self.count.clone(),
        }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[derive(Debug)]
struct CountingUpload {
    inner: Box<dyn MultipartUpload>,
    count: Arc<Count>,
}

#[async_trait]
impl MultipartUpload for CountingUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (size, count) = (data.content_length(), self.count.clone());
        count.begin(size);
        let written = self.inner.put_part(data);
        async move {
            // The writer may go on meanwhile.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            let result = written.await;
            count.end(size);
            result
        }
        .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.inner.complete().await
    }

    async fn abort(&mut self) -> Result<()> {
        self.inner.abort().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn few_parts_are_in_memory() {
    let (size, id) = (70 * MIB + 1, sample::crash_id());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dump");
    File::create(&path).unwrap().set_len(size as u64).unwrap();
    let dump = Dump::File {
        path,
        size: size as u64,
    };
    let store = Counting::default();
    let count = store.count.clone();
    let storage = ObjectStorage::over(Arc::new(store), "memory:", StorageOptions::default());
    storage
        .save_raw_crash(
            &id,
            &sample::raw_crash(&id),
            &[(DumpName::main(), dump)].into_iter().collect(),
        )
        .await
        .unwrap();

    assert_eq!(count.parts.load(Ordering::SeqCst), 9, "8 MiB each");
    assert_eq!(count.largest.load(Ordering::SeqCst), 8 * MIB);
    let most = count.most_waiting.load(Ordering::SeqCst);
    assert!((8 * MIB..=24 * MIB).contains(&most), "{most} bytes at once");
    assert_eq!(count.waiting.load(Ordering::SeqCst), 0);
    let catalog = storage.catalog(&id).await.unwrap();
    let sizes: Vec<_> = catalog.present.iter().map(|entry| entry.size).collect();
    assert!(sizes.contains(&(size as u64)));
}
