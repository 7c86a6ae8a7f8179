//! Writing objects.

use std::path::Path as FilePath;

use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, stream::BoxStream};
use object_store::{
    Attribute, Attributes, ObjectStore as _, PutMultipartOptions, PutOptions, WriteMultipart,
};
use tokio::io::AsyncReadExt as _;

use super::Bucket;
use crate::{error::Error, item::Subject};

/// Objects above this size, in bytes, are written in parts of it, so that memory stays bounded and a
/// cut connection costs a part. Stores take 10,000 parts: of very large objects they are larger.
pub const PART: u64 = 8 << 20;
const MAX_PARTS: u64 = 10_000;
/// How many parts of one object are in memory.
const CONCURRENT_PARTS: usize = 3;
/// How much of a file is read at a time.
const CHUNK: usize = 1 << 20;

/// Is told how many bytes have been read or written since the last time.
pub type Progress<'a> = &'a (dyn Fn(u64) + Send + Sync);

/// How large the parts of an object are.
pub(super) fn part_of(size: u64) -> u64 {
    PART.max(size.div_ceil(MAX_PARTS))
}

impl Bucket {
    pub(super) async fn write(&self, key: &str, content: Bytes) -> Result<(), Error> {
        let path = self.path(key)?;
        self.require_place(key).await?;
        let options = PutOptions {
            attributes: self.attributes(key),
            ..PutOptions::default()
        };
        match self.store().put_opts(&path, content.into(), options).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.object_failure(key, error).await),
        }
    }

    /// Writes a file as an object: whole or not at all. Gives back its size in bytes.
    ///
    /// # Errors
    ///
    /// [`Error::LocalFile`] when the file cannot be read, or changes while it is; what the server
    /// says.
    pub async fn put_file(
        &self,
        key: &str,
        file: &FilePath,
        progress: Progress<'_>,
    ) -> Result<u64, Error> {
        let failed = |error| cannot_read(file, error);
        let metadata = tokio::fs::metadata(file).await.map_err(failed)?;
        let size = metadata.len();
        if size <= PART {
            let content = tokio::fs::read(file).await.map_err(failed)?;
            let size = content.len() as u64;
            self.write(key, content.into()).await?;
            progress(size);
            return Ok(size);
        }
        let opened = tokio::fs::File::open(file).await.map_err(failed)?;
        let chunks = futures::stream::try_unfold(opened, |mut opened| async move {
            let mut chunk = BytesMut::with_capacity(CHUNK);
            let count = opened.read_buf(&mut chunk).await.map_err(failed)?;
            Ok((count > 0).then(|| (chunk.freeze(), opened)))
        });
        self.put_stream(key, size, chunks.boxed(), progress).await?;
        let now = tokio::fs::metadata(file).await.map_err(failed)?;
        if now.modified().ok() != metadata.modified().ok() || now.len() != size {
            let error = std::io::Error::other("it changed while it was read; put it again");
            return Err(failed(error));
        }
        Ok(size)
    }

    /// Writes what a stream gives as an object: whole or not at all.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when the stream has not as many bytes as `size` says; those of the
    /// stream; what the server says.
    pub async fn put_stream(
        &self,
        key: &str,
        size: u64,
        mut content: BoxStream<'_, Result<Bytes, Error>>,
        progress: Progress<'_>,
    ) -> Result<(), Error> {
        if size <= PART {
            let mut whole = BytesMut::new();
            while let Some(chunk) = content.next().await.transpose()? {
                whole.extend_from_slice(&chunk);
                if whole.len() as u64 > size {
                    break;
                }
            }
            self.require_size(key, whole.len() as u64, size)?;
            self.write(key, whole.freeze()).await?;
            progress(size);
            return Ok(());
        }
        let path = self.path(key)?;
        self.require_place(key).await?;
        let options = PutMultipartOptions {
            attributes: self.attributes(key),
            ..PutMultipartOptions::default()
        };
        let upload = match self.store().put_multipart_opts(&path, options).await {
            Ok(upload) => upload,
            Err(error) => return Err(self.object_failure(key, error).await),
        };
        // Parts are bounded by memory long before they exceed usize.
        let part = usize::try_from(part_of(size)).unwrap_or(usize::MAX);
        let mut upload = WriteMultipart::new_with_chunk_size(upload, part);
        if let Err(error) = self.fill(&mut upload, key, size, content, progress).await {
            // The first error counts; parts that stay behind are the bucket's to expire.
            let _ = upload.abort().await;
            return Err(error);
        }
        match upload.finish().await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.object_failure(key, error).await),
        }
    }

    async fn fill(
        &self,
        upload: &mut WriteMultipart,
        key: &str,
        size: u64,
        mut content: BoxStream<'_, Result<Bytes, Error>>,
        progress: Progress<'_>,
    ) -> Result<(), Error> {
        let mut written = 0;
        while let Some(chunk) = content.next().await.transpose()? {
            if let Err(error) = upload.wait_for_capacity(CONCURRENT_PARTS).await {
                return Err(self.object_failure(key, error).await);
            }
            written += chunk.len() as u64;
            progress(chunk.len() as u64);
            upload.write(&chunk);
            if written > size {
                break;
            }
        }
        self.require_size(key, written, size)
    }

    fn require_size(&self, key: &str, read: u64, size: u64) -> Result<(), Error> {
        if read == size {
            return Ok(());
        }
        Err(Error::Unavailable {
            storage: self.to_string(),
            what: Box::new(Subject::Object(key.to_owned())),
            reason: format!("its size changed from {size} bytes while it was read"),
            retry_after: None,
            source: None,
        })
    }

    async fn require_place(&self, key: &str) -> Result<(), Error> {
        let what = Subject::Object(key.to_owned());
        self.storage.require_directory(&what).await
    }

    /// The content type of an object. Directories refuse attributes altogether.
    fn attributes(&self, key: &str) -> Attributes {
        let mut attributes = Attributes::new();
        if !self.storage.is_directory() {
            attributes.insert(Attribute::ContentType, content_type(key).into());
        }
        attributes
    }
}

/// What is JSON by its place among crashes, or by its name.
fn content_type(key: &str) -> &'static str {
    const JSON: [&str; 4] = ["raw_crash", "dump_names", "processed_crash", "crash_report"];
    let folder = key.split('/').nth(1).unwrap_or_default();
    let is_json = (key.starts_with('v') && JSON.contains(&folder)) || key.ends_with(".json");
    if is_json {
        "application/json"
    } else {
        "application/octet-stream"
    }
}

fn cannot_read(path: &FilePath, source: std::io::Error) -> Error {
    Error::LocalFile {
        action: "read",
        path: path.to_owned(),
        source,
    }
}
