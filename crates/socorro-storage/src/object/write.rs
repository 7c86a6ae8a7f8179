//! Writing items.

use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::{
    Attribute, Attributes, ObjectStoreExt as _, PutMode, PutMultipartOptions, PutOptions,
    PutResult, UpdateVersion, WriteMultipart,
};
use serde_json::Value;
use socorro_core::{
    CrashId, Dump, DumpName, Dumps, ProcessedCrash, RawCrash,
    json::{self, Form},
};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::{
    ObjectStorage,
    failure::is_unsupported,
    lock::{self, Locking},
};
use crate::{
    document::DocumentKey,
    error::{Error, ErrorKind},
    item::{Item, Subject},
    layout,
    values::{Expected, SaveReceipt, Version},
};

/// How many dumps of one crash are written at the same time.
const CONCURRENT_DUMPS: usize = 4;
/// Up to this size a dump is written in one request.
const SINGLE_REQUEST: u64 = 16 << 20;
/// The size of the parts of larger ones. Stores take 10,000 parts at most, so the size grows with
/// dumps beyond 80 GB.
const PART: u64 = 8 << 20;
const MAX_PARTS: u64 = 10_000;
/// How many parts of one dump are under way at the same time.
const CONCURRENT_PARTS: usize = 2;

const JSON: &str = "application/json";
const BINARY: &str = "application/octet-stream";

impl ObjectStorage {
    pub(super) async fn write_raw_crash(
        &self,
        id: &CrashId,
        raw_crash: &RawCrash,
        dumps: &Dumps,
    ) -> Result<(), Error> {
        let content = self.raw_crash_content(id, raw_crash)?;
        for (name, dump) in dumps.iter() {
            let what = Subject::crash(id, Item::Dump(name.clone()));
            self.require_size(&what, dump.size(), self.options.max_dump_size)?;
        }

        let names = self.write_dump_names(id, dumps.names());
        let writes: Vec<_> = dumps
            .iter()
            .map(|(name, dump)| self.write_dump(id, name, dump))
            .collect();
        let writes = stream::iter(writes)
            .buffer_unordered(CONCURRENT_DUMPS)
            .try_collect::<()>();
        tokio::try_join!(names, writes)?;
        self.write_raw_crash_itself(id, content).await
    }

    /// Writes one dump of a report that is not complete yet: see [`ObjectStorage::complete_raw_crash`].
    ///
    /// # Errors
    ///
    /// Those of [`save_raw_crash`](crate::CrashStorage::save_raw_crash).
    pub async fn save_dump(&self, id: &CrashId, name: &DumpName, dump: &Dump) -> Result<(), Error> {
        let what = Subject::crash(id, Item::Dump(name.clone()));
        self.require_writable(&what)?;
        self.require_size(&what, dump.size(), self.options.max_dump_size)?;
        self.write_dump(id, name, dump).await
    }

    /// Completes a report whose dumps were written one by one with [`ObjectStorage::save_dump`], for
    /// whoever gets them so and wants to keep those that came before an interruption: writes the
    /// list of their names, then the raw crash. That these dumps are there is the caller's promise.
    ///
    /// # Errors
    ///
    /// Those of [`save_raw_crash`](crate::CrashStorage::save_raw_crash).
    pub async fn complete_raw_crash<'a>(
        &self,
        id: &CrashId,
        raw_crash: &RawCrash,
        dumps: impl IntoIterator<Item = &'a DumpName>,
    ) -> Result<(), Error> {
        let content = self.raw_crash_content(id, raw_crash)?;
        self.write_dump_names(id, dumps).await?;
        self.write_raw_crash_itself(id, content).await
    }

    fn raw_crash_content(&self, id: &CrashId, raw_crash: &RawCrash) -> Result<Bytes, Error> {
        let what = Subject::crash(id, Item::RawCrash);
        self.require_writable(&what)?;
        let content = raw_crash.to_json();
        self.require_size(&what, content.len() as u64, self.options.max_raw_crash_size)?;
        Ok(content.into())
    }

    /// Last: whoever sees the raw crash may rely on all the rest.
    async fn write_raw_crash_itself(&self, id: &CrashId, content: Bytes) -> Result<(), Error> {
        let what = Subject::crash(id, Item::RawCrash);
        self.put(&what, &layout::raw_crash(id), content, JSON).await
    }

    async fn write_dump_names<'a>(
        &self,
        id: &CrashId,
        dumps: impl IntoIterator<Item = &'a DumpName>,
    ) -> Result<(), Error> {
        let what = Subject::crash(id, Item::DumpNames);
        let mut names: Vec<_> = dumps.into_iter().map(DumpName::as_str).collect();
        names.sort_unstable();
        let content = json::to_string(&Value::from(names), Form::Collector);
        self.put(&what, &layout::dump_names(id), content.into(), JSON)
            .await
    }

    async fn write_dump(&self, id: &CrashId, name: &DumpName, dump: &Dump) -> Result<(), Error> {
        let what = Subject::crash(id, Item::Dump(name.clone()));
        let key = layout::dump(id, name);
        match dump {
            Dump::Bytes(bytes) if dump.size() <= SINGLE_REQUEST => {
                self.put(&what, &key, bytes.clone(), BINARY).await
            }
            Dump::Bytes(bytes) => {
                // Reading from memory cannot fail, so the path is never shown.
                let source = DumpReader {
                    reader: bytes.as_ref(),
                    path: Path::new("memory"),
                    size: dump.size(),
                };
                self.put_in_parts(&what, &key, source).await
            }
            Dump::File { path, size } => {
                let reader = tokio::fs::File::open(path)
                    .await
                    .map_err(|error| cannot_read(path, error))?;
                let size = *size;
                let mut source = DumpReader { reader, path, size };
                if size <= SINGLE_REQUEST {
                    let content = source.next(size).await?;
                    source.require_end(content.len() as u64).await?;
                    self.put(&what, &key, content, BINARY).await
                } else {
                    self.put_in_parts(&what, &key, source).await
                }
            }
        }
    }

    pub(super) async fn write_processed_crash(
        &self,
        id: &CrashId,
        crash: &ProcessedCrash,
        expected: Expected,
    ) -> Result<SaveReceipt, Error> {
        let what = Subject::crash(id, Item::ProcessedCrash);
        self.require_writable(&what)?;
        let content = Bytes::from(crash.to_json());
        let size = content.len() as u64;
        self.require_size(&what, size, self.options.max_processed_crash_size)?;
        let key = layout::processed_crash(id);
        match self.put_if(&what, &key, content.clone(), expected).await {
            Ok(version) => Ok(SaveReceipt { size, version }),
            Err(error) if error.kind() == ErrorKind::Conflict => {
                // Perhaps an earlier attempt of this very write got through unnoticed.
                let (present, version) = self.read(&what, &key, size).await.map_err(|_| error)?;
                if present == content {
                    Ok(SaveReceipt { size, version })
                } else {
                    Err(Error::Conflict {
                        storage: self.name.clone(),
                        what: Box::new(what),
                    })
                }
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn write_document(
        &self,
        key: &DocumentKey,
        content: Bytes,
    ) -> Result<(), Error> {
        let what = Subject::Document(key.clone());
        self.write_json(&what, key.as_str(), content).await
    }

    /// Writes JSON that is as large as a processed crash may be, whatever is there.
    pub(crate) async fn write_json(
        &self,
        what: &Subject,
        key: &str,
        content: Bytes,
    ) -> Result<(), Error> {
        self.require_writable(what)?;
        let limit = self.options.max_processed_crash_size;
        self.require_size(what, content.len() as u64, limit)?;
        self.put(what, key, content, JSON).await
    }

    fn require_size(&self, what: &Subject, size: u64, limit: u64) -> Result<(), Error> {
        if size > limit {
            return Err(self.too_large(what, limit));
        }
        Ok(())
    }

    /// Writes an object, whatever is there.
    async fn put(
        &self,
        what: &Subject,
        key: &str,
        content: Bytes,
        content_type: &'static str,
    ) -> Result<(), Error> {
        self.require_directory(what).await?;
        let options = self.put_options(PutMode::Overwrite, content_type);
        match self
            .store
            .put_opts(&key.into(), content.into(), options)
            .await
        {
            Ok(_) => Ok(()),
            Err(error) => Err(self.unconditional_failure(what, error).await),
        }
    }

    /// Writes an object if what is there is what is expected, in a store that can tell.
    async fn put_if(
        &self,
        what: &Subject,
        key: &str,
        content: Bytes,
        expected: Expected,
    ) -> Result<Version, Error> {
        self.require_directory(what).await?;
        let mode = match expected {
            Expected::Any => return self.overwrite(what, key, content).await,
            Expected::Absent => PutMode::Create,
            Expected::Version(version) => {
                if let Some(directory) = &self.directory {
                    let _lock = self.lock(what, directory.join(key)).await?;
                    self.require_version(what, key, &version).await?;
                    return self.overwrite(what, key, content).await;
                }
                let Version { e_tag, version } = version;
                PutMode::Update(UpdateVersion { e_tag, version })
            }
        };
        let options = self.put_options(mode, JSON);
        let payload = content.clone().into();
        match self.store.put_opts(&key.into(), payload, options).await {
            Ok(written) => Ok(version_of(written)),
            Err(error) if is_unsupported(&error) => self.overwrite(what, key, content).await,
            Err(error) => Err(self.failure(what, error).await),
        }
    }

    async fn overwrite(&self, what: &Subject, key: &str, content: Bytes) -> Result<Version, Error> {
        let options = self.put_options(PutMode::Overwrite, JSON);
        match self
            .store
            .put_opts(&key.into(), content.into(), options)
            .await
        {
            Ok(written) => Ok(version_of(written)),
            Err(error) => Err(self.unconditional_failure(what, error).await),
        }
    }

    async fn lock(&self, what: &Subject, file: PathBuf) -> Result<Locking, Error> {
        let failed = |source| object_store::Error::Generic {
            store: "LocalFileSystem",
            source,
        };
        match lock::lock(file).await {
            Ok(locking) => Ok(locking),
            Err(error) => Err(self.failure(what, failed(error.into())).await),
        }
    }

    /// For directories, which cannot compare and write in one step.
    async fn require_version(
        &self,
        what: &Subject,
        key: &str,
        version: &Version,
    ) -> Result<(), Error> {
        let conflict = || Error::Conflict {
            storage: self.name.clone(),
            what: Box::new(what.clone()),
        };
        match self.store.head(&key.into()).await {
            Ok(present) if present.e_tag == version.e_tag => Ok(()),
            Ok(_) => Err(conflict()),
            Err(error) => match self.failure(what, error).await {
                error if error.kind() == ErrorKind::NotFound => Err(conflict()),
                error => Err(error),
            },
        }
    }

    /// Writes a large object part by part, holding only a few parts in memory.
    async fn put_in_parts<R: AsyncRead + Unpin + Send>(
        &self,
        what: &Subject,
        key: &str,
        mut source: DumpReader<'_, R>,
    ) -> Result<(), Error> {
        self.require_directory(what).await?;
        let options = PutMultipartOptions {
            attributes: self.attributes(BINARY),
            ..PutMultipartOptions::default()
        };
        let upload = match self.store.put_multipart_opts(&key.into(), options).await {
            Ok(upload) => upload,
            Err(error) => return Err(self.unconditional_failure(what, error).await),
        };
        let part = PART.max(source.size.div_ceil(MAX_PARTS));
        // Parts are bounded by memory long before they exceed usize.
        let chunk_size = usize::try_from(part).unwrap_or(usize::MAX);
        let mut upload = WriteMultipart::new_with_chunk_size(upload, chunk_size);
        let written = self.fill(what, &mut upload, &mut source, part).await;
        if let Err(error) = written {
            // The first error counts; parts that stay behind are the bucket's to expire.
            let _ = upload.abort().await;
            return Err(error);
        }
        match upload.finish().await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.unconditional_failure(what, error).await),
        }
    }

    async fn fill<R: AsyncRead + Unpin + Send>(
        &self,
        what: &Subject,
        upload: &mut WriteMultipart,
        source: &mut DumpReader<'_, R>,
        part: u64,
    ) -> Result<(), Error> {
        let mut written = 0;
        loop {
            if let Err(error) = upload.wait_for_capacity(CONCURRENT_PARTS).await {
                return Err(self.unconditional_failure(what, error).await);
            }
            let content = source.next(part.min(source.size - written)).await?;
            if content.is_empty() {
                return source.require_end(written).await;
            }
            written += content.len() as u64;
            upload.put(content);
        }
    }

    fn put_options(&self, mode: PutMode, content_type: &'static str) -> PutOptions {
        PutOptions {
            mode,
            attributes: self.attributes(content_type),
            ..PutOptions::default()
        }
    }

    /// Directories refuse attributes altogether.
    fn attributes(&self, content_type: &'static str) -> Attributes {
        let mut attributes = Attributes::new();
        if self.directory.is_none() {
            attributes.insert(Attribute::ContentType, content_type.into());
        }
        attributes
    }
}

fn version_of(written: PutResult) -> Version {
    Version {
        e_tag: written.e_tag,
        version: written.version,
    }
}

/// Where the bytes of a dump come from.
struct DumpReader<'a, R> {
    reader: R,
    path: &'a Path,
    size: u64,
}

impl<R: AsyncRead + Unpin> DumpReader<'_, R> {
    /// The next bytes: `length` of them unless the source ends before.
    async fn next(&mut self, length: u64) -> Result<Bytes, Error> {
        let mut content = BytesMut::with_capacity(usize::try_from(length).unwrap_or(0));
        let mut limited = (&mut self.reader).take(length);
        // Reading on at the end would make the buffer grow.
        while (content.len() as u64) < length {
            let count = limited
                .read_buf(&mut content)
                .await
                .map_err(|error| cannot_read(self.path, error))?;
            if count == 0 {
                break;
            }
        }
        Ok(content.freeze())
    }

    /// Makes sure that the source had as many bytes as was said.
    async fn require_end(&mut self, read: u64) -> Result<(), Error> {
        if read == self.size && self.next(1).await?.is_empty() {
            return Ok(());
        }
        let error = std::io::Error::other("its size changed after the report was made");
        Err(cannot_read(self.path, error))
    }
}

fn cannot_read(path: &Path, source: std::io::Error) -> Error {
    Error::LocalFile {
        action: "read",
        path: path.to_owned(),
        source,
    }
}
