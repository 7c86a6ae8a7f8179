//! Reading objects.

use std::{
    io::Write as _,
    path::Path as FilePath,
    time::{Duration, SystemTime},
};

use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use object_store::ObjectStoreExt as _;
use socorro_core::time::Timestamp;
use tempfile::{Builder, NamedTempFile};

use super::{Bucket, Object, Progress};
use crate::{engine::store, error::Error, item::Subject};

/// How much of an object is gathered before it is written to a file.
const GATHERED: usize = 1 << 20;

/// An object that is being read.
pub struct Fetched<'a> {
    /// What it is.
    pub object: Object,
    /// What is in it. A connection that breaks is taken up again where it did.
    pub content: BoxStream<'a, Result<Bytes, Error>>,
    storage: String,
}

impl std::fmt::Debug for Fetched<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Fetched").field(&self.object).finish()
    }
}

impl Fetched<'_> {
    /// All of it, if it is no larger than `limit` bytes.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`], and what the server says.
    pub async fn bytes(mut self, limit: u64) -> Result<Bytes, Error> {
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.content.try_next().await? {
            whole.extend_from_slice(&chunk);
            if whole.len() as u64 > limit {
                return Err(Error::TooLarge {
                    storage: self.storage,
                    what: Box::new(Subject::Object(self.object.key)),
                    limit,
                });
            }
        }
        Ok(whole.freeze())
    }
}

/// How the names of files begin that are not complete yet.
pub(super) const PARTIAL: &str = ".socorro-partial-";

impl Bucket {
    /// Begins to read an object.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], and what the server says.
    pub async fn get(&self, key: &str) -> Result<Fetched<'_>, Error> {
        let path = self.path(key)?;
        let result = match self.store().get(&path).await {
            Ok(result) => result,
            Err(error) => return Err(self.object_failure(key, error).await),
        };
        let (object, key) = (store::object(&result.meta), key.to_owned());
        let content = result
            .into_stream()
            .or_else(move |error| {
                let key = key.clone();
                async move { Err(self.object_failure(&key, error).await) }
            })
            .boxed();
        Ok(Fetched {
            object,
            content,
            storage: self.to_string(),
        })
    }

    /// Fetches an object into a file, which appears only when it is complete, with the time of the
    /// object. Directories above it are made. Gives back what it is.
    ///
    /// While it arrives it lies beside its place, as `.socorro-partial-…`. A program that is killed
    /// leaves that behind; [`Bucket::clear_partial`] removes it.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::LocalFile`], and what the server says.
    pub async fn get_to_file(
        &self,
        key: &str,
        file: &FilePath,
        progress: Progress<'_>,
    ) -> Result<Object, Error> {
        let mut fetched = self.get(key).await?;
        let mut partial = Partial::beside(file).await?;
        let mut gathered = BytesMut::new();
        let mut size = 0;
        while let Some(chunk) = fetched.content.try_next().await? {
            size += chunk.len() as u64;
            progress(chunk.len() as u64);
            gathered.extend_from_slice(&chunk);
            if gathered.len() >= GATHERED {
                partial = partial.write(gathered.split().freeze()).await?;
            }
        }
        if size != fetched.object.size {
            let reason = format!(
                "{size} bytes arrived, and not the {} that were announced",
                fetched.object.size
            );
            return Err(Error::Unavailable {
                storage: self.to_string(),
                what: Box::new(Subject::Object(key.to_owned())),
                reason,
                retry_after: None,
                source: None,
            });
        }
        let time = fetched.object.last_modified.map(system_time);
        partial.finish(gathered.freeze(), time).await?;
        Ok(fetched.object)
    }

    /// Whether a file is one that [`Bucket::get_to_file`] has not finished.
    #[must_use]
    pub fn is_partial(file: &FilePath) -> bool {
        file.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(PARTIAL))
    }

    /// Removes a file that [`Bucket::get_to_file`] left behind when its program was killed. Gives back
    /// whether it is one; one that somebody is still writing stays.
    #[must_use]
    pub fn clear_partial(file: &FilePath) -> bool {
        let is_partial = Self::is_partial(file);
        if is_partial {
            // Whoever writes it holds a lock, which ends with the program.
            let opened = std::fs::File::open(file);
            if opened.is_ok_and(|opened| opened.try_lock().is_ok()) {
                let _ = std::fs::remove_file(file);
            }
        }
        is_partial
    }
}

/// A file that is not complete yet. Removed unless it is finished.
struct Partial {
    file: NamedTempFile,
    target: std::path::PathBuf,
}

impl Partial {
    async fn beside(target: &FilePath) -> Result<Self, Error> {
        let target = target.to_owned();
        in_background(target.clone(), move || {
            let directory = match target.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent,
                _ => FilePath::new("."),
            };
            std::fs::create_dir_all(directory)?;
            let mut builder = Builder::new();
            builder.prefix(PARTIAL);
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                // As any new file, which the umask of the user narrows.
                builder.permissions(std::fs::Permissions::from_mode(0o666));
            }
            let file = builder.tempfile_in(directory)?;
            // Where there are no locks, nobody clears away what is being written either.
            let _ = file.as_file().try_lock();
            Ok(Self { file, target })
        })
        .await
    }

    async fn write(mut self, content: Bytes) -> Result<Self, Error> {
        in_background(self.target.clone(), move || {
            self.file.write_all(&content)?;
            Ok(self)
        })
        .await
    }

    async fn finish(mut self, content: Bytes, time: Option<SystemTime>) -> Result<(), Error> {
        in_background(self.target.clone(), move || {
            self.file.write_all(&content)?;
            if let Some(time) = time {
                self.file.as_file().set_modified(time)?;
            }
            self.file
                .persist(&self.target)
                .map_err(|error| error.error)?;
            Ok(())
        })
        .await
    }
}

fn system_time(time: Timestamp) -> SystemTime {
    let since_1970 = u64::try_from(time.as_millisecond()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_millis(since_1970)
}

/// Does what waits for a disk where waiting is no harm.
async fn in_background<V: Send + 'static>(
    target: std::path::PathBuf,
    work: impl FnOnce() -> std::io::Result<V> + Send + 'static,
) -> Result<V, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.unwrap_or_else(|error| Err(error.into()));
    done.map_err(|source| Error::LocalFile {
        action: "write",
        path: target,
        source,
    })
}
